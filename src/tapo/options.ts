import type { PromptSet } from "../data/prompts";
import type { NonFinite } from "../engine/train";

/** D_KL[π ‖ π_neg] of Eq. 4 ("paper") or of the release, whose ratio is inverted and clamped ("released"). */
export type KlEstimator = "paper" | "released";

/**
 * What a token counts in a mean. "batch": every token alike (Eq. 4's 1/Σ|o|). "microBatch": a token mean in each
 * micro-batch, then the mean of those (release). "sequence": a mean over each answer, then over answers (GRPO).
 */
export type TokenMean = "batch" | "microBatch" | "sequence";

/** Everything the objective of Eq. 4 depends on besides the data. A weight of 0 leaves its term out. */
export interface ObjectiveOptions {
  /** ε_l: ratios of answers worse than their group's mean count down to 1 − ε_l. */
  readonly clipLow: number;
  /** ε_h: ratios of answers better than their group's mean count up to 1 + ε_h. */
  readonly clipHigh: number;
  /** Ratios of worse answers count up to this (dual clip); null: without bound. */
  readonly clipDual: number | null;
  /** Weight of D_KL[π ‖ π_neg], maximised. */
  readonly gamma: number;
  readonly klEstimator: KlEstimator;
  /** Whether gradients flow through π_neg, too: D_KL's second argument and its entropy. */
  readonly negativeGradient: boolean;
  /** η₁: weight of H[π], minimised. */
  readonly eta1: number;
  /** η₂: weight of H[π_neg], minimised. A constant unless `negativeGradient`. */
  readonly eta2: number;
  /**
   * What η₁ and η₂ do to entropies. "lowered", as prose and release have it: what an absent one means. "raised": Eq. 4 as it is printed,
   * which subtracts η·log π from the maximised objective [4].
   */
  readonly entropies?: "lowered" | "raised" | undefined;
  /** Weight of the KL to the reference model (k3), minimised; needs the reference's log-probs. */
  readonly referenceKl: number;
  readonly tokenMean: TokenMean;
  /** Sequences in a micro-batch, for `tokenMean: "microBatch"`. */
  readonly microBatch: number;
}

/** TAPO as published: paper Appendix C where it gives a number, else the release (`tapo_3b.sh`, `config_tapo.yaml`). */
export const TAPO: ObjectiveOptions = {
  clipLow: 0.2, // Appendix C: "clipping factors set to ε_l = 0.2, ε_h = 0.28"
  clipHigh: 0.28,
  clipDual: 3.0, // release: clip_ratio_dual
  gamma: 0.01, // release: KL_PRCP_COEF
  klEstimator: "released", // release: kl_prcp_penalty low_var_kl
  negativeGradient: false, // release: aug_log_probs are computed once, under no-grad
  eta1: 0.03, // release: ORI_ENTROPY_LOSS_COEF
  eta2: 0.03, // release: AUG_ENTROPY_LOSS_COEF
  referenceKl: 0, // Appendix C: "reference KL removed"
  tokenMean: "batch", // Eq. 4; Appendix C: "token-level loss averaging enabled"
  microBatch: 4, // release: micro_batch_size_per_device_for_update
};

/** DAPO, the paper's baseline (Yu et al., 2025): clip-higher, token-level mean, no entropy or KL terms. */
export const DAPO: ObjectiveOptions = { ...TAPO, gamma: 0, eta1: 0, eta2: 0 };

/** GRPO (Shao et al., 2024): symmetric clip, mean over each answer first, KL to the reference with β = 0.04. */
export const GRPO: ObjectiveOptions = {
  ...DAPO,
  clipHigh: 0.2,
  clipDual: null,
  referenceKl: 0.04,
  tokenMean: "sequence",
};

export type GroupFilter = "paper" | "released";

/** All options of TAPO training that the paper or its release sets. */
export interface TapoOptions {
  readonly objective: ObjectiveOptions;
  /** n₁: rollouts of the anchor image. */
  readonly n1: number;
  /** n₂: rollouts of the positive image; 0 leaves intra-class augmentation out. */
  readonly n2: number;
  /** Which image positive rollouts are scored and updated under: the anchor, or the one that made them. */
  readonly updateCondition: "anchor" | "rolloutImage";
  /**
   * K: of so many pictures of other classes the policy itself takes the negative of each group, anew for every batch of rollouts
   * (`mining.ts`). Absent: the triplets' own negatives, the same for the whole training.
   */
  readonly rivals?: number | undefined;
  /** Whether groups whose answers are all right or all wrong are replaced by other prompts. */
  readonly dynamicSampling: boolean;
  /** Which groups count as such. "paper": unless 0 < correct < n₁ + n₂; "released": accuracy outside (0.01, 0.99). */
  readonly groupFilter: GroupFilter;
  /** How often a batch may be topped up with other prompts when groups were filtered out. */
  readonly maxResample: number;
  /** When that did not help and no group is left: leave the step out, or stop. */
  readonly whenExhausted: "skip" | "error";
  /** Weight of the format reward; accuracy has the rest. */
  readonly formatWeight: number;
  /** Added to the standard deviation of a group's rewards. */
  readonly advantageEps: number;
  /** Sampling temperature of the rollouts. */
  readonly temperature: number;
  readonly topP: number;
  readonly maxNewTokens: number;
  /** Prompts whose rollouts are drawn before the updates. */
  readonly promptsPerRollout: number;
  /** Prompts of one optimiser step. */
  readonly promptsPerUpdate: number;
  readonly epochs: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  /** Gradients are scaled to at most this global norm. */
  readonly maxGradNorm: number;
  /** An update whose loss or gradient is not finite: "stop" (where absent), or "skip" it and count it, as the release does. */
  readonly nonFinite?: NonFinite | undefined;
  /** Whether the training questions name candidates. */
  readonly stage2Options: "none" | "four";
  readonly promptSet: PromptSet;
  readonly seed: number;
}

/** The defaults, each with its source. Profiles change the sizes; numbers of docs/paper-index.md in brackets. */
export const DEFAULTS: TapoOptions = {
  objective: TAPO,
  n1: 5, // Table 3a, best of the sweep; release: rollout.n = 5 for each image [13]
  n2: 5,
  updateCondition: "anchor", // §4.3: "the policy update step remains conditioned only on the anchor" [1]
  dynamicSampling: true, // DAPO; Appendix C
  groupFilter: "paper", // Eq. 4's constraint [8]
  maxResample: 20, // Appendix C: "dynamic sampling with a maximum of 20 retries" [8]
  whenExhausted: "skip", // ours: the release keeps everything instead [8]
  formatWeight: 0.1, // release: compute_score [9]
  advantageEps: 1e-6, // release: compute_dapo_outcome_advantage [7]
  temperature: 1, // release: rollout.temperature
  topP: 0.99, // release: rollout.top_p
  maxNewTokens: 2048, // release: max_response_length
  promptsPerRollout: 384, // Appendix C: "a rollout batch size of 384"
  promptsPerUpdate: 128, // Appendix C: "a global batch size of 128"
  epochs: 10, // Appendix C, 3B; 5 for 7B
  learningRate: 1e-6, // Appendix C
  weightDecay: 1e-2, // Appendix C
  maxGradNorm: 1, // release: max_grad_norm
  stage2Options: "none", // §4.3 trains on open-world questions [18]
  promptSet: "released", // [14]
  seed: 1, // release: data.seed
};
