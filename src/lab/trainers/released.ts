import * as path from "node:path";
import type { ObjectiveOptions } from "../../tapo/options";
import type { Json } from "../../store/key";
import type { RlProfile } from "../profile";
import { rolloutBatches } from "../../tapo/train";
import { cannot, express, inData, nested, same, saying, type Expressions } from "./express";
import { FORMAT_PROMPT, ROWS } from "./triplets";

/** What the options of stage 2 do not say. */
export interface Stage2Run {
  /** The checkpoint of stage 1: a folder or a name of the hub. */
  readonly model: string;
  readonly gpus: number;
  readonly seed: number;
  /** Where the export will lie in the end. */
  readonly folder: string;
  /** Rows of the data. */
  readonly rows: number;
  /** Whether the wording's sentence stands in a file of its own (`FORMAT_PROMPT`). */
  readonly formatPrompt: boolean;
}

/** A ratio without an upper bound, for keys that take a number only: no ratio, exp(20) at most, comes near it. */
export const UNBOUNDED = 1e9;

/** Each term of the objective → the released trainer (FineR1_ICLR2026, commit 84cdc5c). */
export const RELEASED_OBJECTIVE: Expressions<ObjectiveOptions> = {
  clipLow: same("worker.actor.clip_ratio_low"),
  clipHigh: same("worker.actor.clip_ratio_high"),
  clipDual: {
    to: "worker.actor.clip_ratio_dual",
    as: (value) => ({ "worker.actor.clip_ratio_dual": value ?? UNBOUNDED }),
  },
  gamma: {
    to: "algorithm.use_kl_prcp, algorithm.kl_prcp_coef",
    as: (value, { eta2 }) => ({
      "algorithm.use_kl_prcp": value > 0 || eta2 > 0,
      "algorithm.kl_prcp_coef": value,
    }),
  },
  klEstimator: {
    to: "algorithm.kl_prcp_penalty (released only)",
    as: (value) =>
      value === "released"
        ? { "algorithm.kl_prcp_penalty": "low_var_kl" }
        : cannot("it has the released estimator only"),
  },
  negativeGradient: {
    to: "cannot be expressed (false only)",
    as: (value) => (value ? cannot("log-probs under the negative are computed once, without gradient") : {}),
  },
  eta1: {
    to: "algorithm.use_ori_entropy_loss, algorithm.ori_entropy_loss_coef",
    as: (value, { entropies }) => ({
      "algorithm.use_ori_entropy_loss": value > 0,
      "algorithm.ori_entropy_loss_coef": entropies === "raised" ? -value : value,
    }),
  },
  eta2: {
    to: "algorithm.use_aug_entropy_loss, algorithm.aug_entropy_loss_coef",
    as: (value, { entropies }) => ({
      "algorithm.use_aug_entropy_loss": value > 0,
      "algorithm.aug_entropy_loss_coef": entropies === "raised" ? -value : value,
    }),
  },
  entropies: inData("the sign of the two coefficients"),
  referenceKl: {
    to: "algorithm.disable_kl, algorithm.use_kl_loss, algorithm.kl_penalty, algorithm.kl_coef",
    as: (value) => ({
      "algorithm.disable_kl": value === 0,
      "algorithm.use_kl_loss": true,
      "algorithm.kl_penalty": "low_var_kl",
      "algorithm.kl_coef": value,
    }),
  },
  tokenMean: {
    to: "algorithm.loss_avg_mode (microBatch, sequence)",
    as: (value) =>
      value === "batch"
        ? cannot("tokens are averaged in each micro-batch or each answer: microBatch or sequence")
        : { "algorithm.loss_avg_mode": value === "sequence" ? "seq" : "token" },
  },
  microBatch: same("worker.actor.micro_batch_size_per_device_for_update"),
};

/** Each other option of stage 2 but the epochs. */
const RELEASED: Omit<Expressions<RlProfile>, "epochs"> = {
  objective: inData("see objective.*"),
  n1: {
    to: "worker.rollout.n (n1 = n2, or n2 = 0)",
    as: (n1, { n2 }) =>
      n2 === 0 || n1 === n2
        ? { "worker.rollout.n": n1 }
        : cannot(`as many answers are drawn for the positive as for the anchor: n1 = n2, not ${n1}:${n2}`),
  },
  n2: { to: "worker.actor.is_noisy", as: (n2) => ({ "worker.actor.is_noisy": n2 > 0 }) },
  updateCondition: {
    to: "cannot be expressed (rolloutImage only)",
    as: (value, { n2 }) =>
      value === "anchor" && n2 > 0
        ? cannot("answers about the positive are scored and updated under the positive: rolloutImage")
        : {},
  },
  rivals: {
    to: "cannot be expressed",
    as: (value) => (value === undefined ? {} : cannot("negatives are those of the data")),
  },
  dynamicSampling: same("algorithm.online_filtering"),
  groupFilter: {
    to: "algorithm.filter_key, algorithm.filter_low, algorithm.filter_high",
    as: (value) => ({
      "algorithm.filter_key": "accuracy",
      "algorithm.filter_low": value === "paper" ? 0 : 0.01,
      "algorithm.filter_high": value === "paper" ? 1 : 0.99,
    }),
  },
  maxResample: {
    to: "trainer.max_try_make_batch (with the draws that a batch needs anyway)",
    as: (value, { promptsPerRollout, promptsPerUpdate }) => ({
      "trainer.max_try_make_batch": value + promptsPerRollout / promptsPerUpdate,
    }),
  },
  whenExhausted: {
    to: "cannot be expressed (error only)",
    as: (value, { dynamicSampling }) =>
      value === "skip" && dynamicSampling ? cannot("it ends with an error after its last try: error") : {},
  },
  formatWeight: {
    to: "cannot be expressed (0.1 only)",
    as: (value) => (value === 0.1 ? {} : cannot("its reward function has 0.1")),
  },
  advantageEps: {
    to: "cannot be expressed (1e-6 only)",
    as: (value) => (value === 1e-6 ? {} : cannot("its advantages have 1e-6")),
  },
  temperature: same("worker.rollout.temperature"),
  topP: same("worker.rollout.top_p"),
  maxNewTokens: same("data.max_response_length"),
  promptsPerRollout: same("data.rollout_batch_size"),
  promptsPerUpdate: {
    to: "worker.actor.global_batch_size, data.mini_rollout_batch_size",
    as: (value) => ({ "worker.actor.global_batch_size": value, "data.mini_rollout_batch_size": value }),
  },
  learningRate: same("worker.actor.optim.lr"),
  weightDecay: same("worker.actor.optim.weight_decay"),
  maxGradNorm: same("worker.actor.max_grad_norm"),
  nonFinite: {
    to: "cannot be expressed (skip only)",
    as: (value) => (value === "stop" ? cannot("it skips an update that is not finite") : {}),
  },
  stage2Options: inData("in the rows"),
  microBatchSize: inData("the same key as objective.microBatch"),
  train: {
    to: "worker.actor.model.freeze_vision_tower (tower and merger)",
    as: ({ tower, merger, language, embeddings }) =>
      language && embeddings && tower === merger
        ? { "worker.actor.model.freeze_vision_tower": !tower }
        : cannot("the language model is trained whole, and tower and merger both or neither"),
  },
};

/** Each other option of stage 2 → the released trainer. @param rows of the data, of which epochs are made: it counts steps otherwise */
export function releasedKeys(rows: number): Expressions<RlProfile> {
  return {
    ...RELEASED,
    epochs: {
      to: "trainer.max_steps; trainer.total_epochs, which it goes by without",
      as: (value, { promptsPerRollout }) => ({
        "trainer.max_steps": rolloutBatches(rows, { epochs: value, promptsPerRollout }),
        "trainer.total_epochs": Math.ceil(value),
      }),
    },
  };
}

/** `config_tapo.yaml` where our options say nothing; no validation, for which the release's own file would be downloaded. */
const FIXED: Readonly<Record<string, Json>> = {
  "data.prompt_key": "problem",
  "data.answer_key": "answer",
  "data.image_key": "images",
  "data.max_prompt_length": 4096,
  "data.val_batch_size": 512,
  "data.shuffle": true,
  "data.max_pixels": 1003520,
  "data.min_pixels": 200704,
  "data.filter_overlong_prompts": true,
  "algorithm.adv_estimator": "dapo",
  "algorithm.contrastive_type": "augmented",
  "algorithm.kl_prcp_apply_mode": "all",
  "algorithm.kl_prcp_schedule": "fixed",
  "worker.actor.micro_batch_size_per_device_for_experience": 16,
  "worker.actor.padding_free": true,
  "worker.actor.ulysses_size": 1,
  "worker.actor.model.enable_gradient_checkpointing": true,
  "worker.actor.model.trust_remote_code": true,
  "worker.actor.optim.strategy": "adamw_bf16",
  "worker.actor.optim.lr_warmup_ratio": 0,
  "worker.actor.fsdp.torch_dtype": "bf16",
  "worker.actor.offload.offload_params": true,
  "worker.actor.offload.offload_optimizer": true,
  "worker.rollout.limit_images": 0,
  "worker.rollout.gpu_memory_utilization": 0.6,
  "worker.rollout.tensor_parallel_size": 1,
  "worker.rollout.val_override_config": { temperature: 1, n: 1 },
  "worker.ref.fsdp.torch_dtype": "bf16",
  "worker.ref.fsdp.enable_cpu_offload": true,
  "worker.reward.reward_type": "batch",
  "worker.reward.reward_function": "examples/reward_function/cls_thinking.py:compute_score",
  "trainer.project_name": "fine-r1",
  "trainer.experiment_name": "tapo",
  "trainer.logger": ["console"],
  "trainer.nnodes": 1,
  "trainer.max_try_make_batch": -1,
  "trainer.val_freq": -1,
  "trainer.val_before_train": false,
  "trainer.save_freq": 5,
  "trainer.save_limit": 3,
};

/** The released trainer's configuration. @throws LabError naming the options that it cannot be told */
export function releasedSettings(
  options: RlProfile,
  { model, gpus, seed, folder, rows, formatPrompt }: Stage2Run,
  left: readonly string[],
): Record<string, unknown> {
  const said = {
    ...saying("rl", options, releasedKeys(rows)),
    ...saying("rl.objective", options.objective, RELEASED_OBJECTIVE),
  };
  return nested({
    ...FIXED,
    "data.train_files": path.join(folder, ROWS),
    "data.val_files": path.join(folder, ROWS),
    "data.format_prompt": formatPrompt ? path.join(folder, FORMAT_PROMPT) : null,
    "data.seed": seed,
    "worker.actor.model.model_path": model,
    "trainer.n_gpus_per_node": gpus,
    "trainer.save_checkpoint_path": path.join(folder, "checkpoints"),
    ...express("the released trainer", said, left),
  });
}
