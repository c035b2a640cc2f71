import * as tf from "@tensorflow/tfjs-core";
import type { KlEstimator, ObjectiveOptions } from "./options";

/**
 * The terms of Eq. 4, pure functions of log-probs: first the policy's, then those that are added to it with a weight, and last the
 * list of these (`TERMS`). N rollouts, T tokens.
 */

/** How far a ratio counts: a symmetric clip has low = high; dual null leaves the ratio of worse answers unbounded. */
export interface ClipRange {
  readonly clipLow: number;
  readonly clipHigh: number;
  readonly clipDual: number | null;
}

/** The policy term and what is logged beside it, one value per token, shape [N, T] each. */
export interface PolicyTerm {
  /** −min[r·Â, clip(r, 1 − ε_l, 1 + ε_h)·Â], dual-clipped where Â < 0. */
  readonly loss: tf.Tensor2D;
  /** log r = log π − log π_old, clamped to [−20, 20]. */
  readonly logRatio: tf.Tensor2D;
  /** r = π/π_old. */
  readonly ratio: tf.Tensor2D;
}

/** Stands for "no upper bound": larger than any ratio, exp(20). */
const UNBOUNDED = 1e9;

/**
 * The clipped surrogate of Eq. 4 with clip-higher (DAPO) and dual clip (Ye et al., 2020), as a loss.
 *
 * min[r·Â, clip(r)·Â] is Â·min(r, 1 + ε_h) for Â > 0 and Â·max(r, 1 − ε_l) for Â < 0, and the dual clip bounds the
 * latter's ratio from above: so the loss is −Â times the ratio held between two bounds that depend on Â's sign only.
 *
 * @param logProbs log π, shape [N, T]; gradients flow through it; finite everywhere
 * @param oldLogProbs log π_old, shape [N, T]
 * @param advantages Â of each rollout, shape [N]
 */
export function policyTerm(
  logProbs: tf.Tensor2D,
  oldLogProbs: tf.Tensor2D,
  advantages: tf.Tensor1D,
  range: ClipRange,
): PolicyTerm {
  const { advantage, lower, upper } = clipBounds(advantages, range);
  const logRatio = tf.clipByValue(tf.sub<tf.Tensor2D>(logProbs, oldLogProbs), -20, 20);
  const ratio = tf.exp(logRatio);
  const held = tf.maximum(tf.minimum(ratio, upper), lower);
  return { loss: tf.neg(tf.mul<tf.Tensor2D>(advantage, held)), logRatio, ratio };
}

interface ClipBounds {
  /** Â, lower and upper bound of the ratio, shape [N, 1] each. */
  readonly advantage: tf.Tensor2D;
  readonly lower: tf.Tensor2D;
  readonly upper: tf.Tensor2D;
}

/** The bounds of each rollout's ratio. */
function clipBounds(advantages: tf.Tensor1D, range: ClipRange): ClipBounds {
  const advantage = tf.reshape<tf.Rank.R2>(advantages, [-1, 1]);
  const worse = tf.cast(tf.less<tf.Tensor2D>(advantage, 0), "float32");
  const choose = (ifWorse: number, otherwise: number): tf.Tensor2D =>
    tf.add(tf.mul(worse, ifWorse - otherwise), otherwise);
  const upper = choose(range.clipDual ?? UNBOUNDED, 1 + range.clipHigh);
  return { advantage, lower: choose(1 - range.clipLow, 0), upper };
}

/**
 * Which tokens a bound held, 1 or 0, shape [N, T] each, named as in the release: `higher` where
 * min[r·Â, clip(r)·Â] took the clipped side, `lower` where the dual clip did.
 */
export function clippedTokens(
  ratio: tf.Tensor2D,
  advantages: tf.Tensor1D,
  range: ClipRange,
): { higher: tf.Tensor2D; lower: tf.Tensor2D } {
  const advantage = tf.reshape<tf.Rank.R2>(advantages, [-1, 1]);
  const worse = tf.less(advantage, 0);
  const better = tf.greater(advantage, 0);
  const above = tf.logicalAnd<tf.Tensor2D>(better, tf.greater(ratio, 1 + range.clipHigh));
  const below = tf.logicalAnd<tf.Tensor2D>(worse, tf.less(ratio, 1 - range.clipLow));
  const dual = tf.logicalAnd<tf.Tensor2D>(worse, tf.greater(ratio, range.clipDual ?? UNBOUNDED));
  return { higher: tf.cast(tf.logicalOr<tf.Tensor2D>(above, below), "float32"), lower: tf.cast(dual, "float32") };
}

/**
 * k3 as the release computes it (`compute_kl`, low_var_kl; Schulman, 2020): exp(d) − d − 1 with
 * d = log π_other − log π clamped to [−20, 20], the value clamped to [−10, 10].
 * @param logProbs log π, shape [N, T], finite; @param other log π_other, shape [N, T], finite
 * @returns shape [N, T]
 */
export function k3(logProbs: tf.Tensor2D, other: tf.Tensor2D): tf.Tensor2D {
  return tf.clipByValue(excess(tf.sub(other, logProbs)), -10, 10);
}

/**
 * D_KL[π ‖ π_neg] of Eqs. 3 and 4, one value per token. "paper": g − log g − 1 with g = π/π_neg (Eq. 2), log g clamped
 * to [−20, 20] against overflow. "released": `k3` of the inverted ratio.
 * @param logProbs log π under the anchor (or positive) image, shape [N, T], finite
 * @param negativeLogProbs log π of the same tokens under the negative image, shape [N, T], finite
 * @returns shape [N, T]
 */
export function negativeKl(logProbs: tf.Tensor2D, negativeLogProbs: tf.Tensor2D, estimator: KlEstimator): tf.Tensor2D {
  return estimator === "paper" ? excess(tf.sub(logProbs, negativeLogProbs)) : k3(logProbs, negativeLogProbs);
}

/** exp(d) − d − 1 ≥ 0, with d clamped to [−20, 20]. */
function excess(difference: tf.Tensor2D): tf.Tensor2D {
  const d = tf.clipByValue(difference, -20, 20);
  return tf.sub(tf.sub(tf.exp(d), d), 1);
}

/**
 * The estimate of an entropy at each sampled token, −log π: added to the loss with η₁ (under π) and η₂ (under π_neg),
 * it keeps both distributions low in entropy, as §4.3's prose and the release have it. Eq. 4 as printed defines H = log π and
 * subtracts it from the maximised objective, which does the opposite (`entropies: "raised"`).
 * @param logProbs shape [N, T]
 * @returns shape [N, T]
 */
export function sampledEntropy(logProbs: tf.Tensor2D): tf.Tensor2D {
  return tf.neg(logProbs);
}

/** The sign of the entropies in the loss. */
function entropySign(entropies: ObjectiveOptions["entropies"]): 1 | -1 {
  return entropies === "raised" ? -1 : 1;
}

/** What a term may look at, shape [N, T] each, 0 on masked-out tokens; absent where the batch does not have it. */
export interface TermData {
  /** log π under the image that the update is conditioned on. */
  readonly logProbs: tf.Tensor2D;
  /** log π_old of the same tokens. */
  readonly old: tf.Tensor2D;
  /** log π under the negative image. */
  readonly negative?: tf.Tensor2D | undefined;
  /** log π_ref. */
  readonly reference?: tf.Tensor2D | undefined;
}

/** A term that is added to the policy's. */
export interface Term {
  /** What the loss multiplies it with; a weight of 0 leaves it out. */
  readonly weight: (options: ObjectiveOptions) => number;
  /** What it needs beside the policy's own log-probs. */
  readonly needs?: "negative" | "reference";
  /** One value per token, shape [N, T]; `undefined` where the batch lacks what it needs. Its mean is logged, unweighted. */
  readonly of: (data: TermData, options: ObjectiveOptions) => tf.Tensor2D | undefined;
}

/** The terms by the names of their figures, in the order in which they are added. A new one is a record here. */
export const TERMS = {
  entropy: {
    weight: ({ eta1, entropies }) => entropySign(entropies) * eta1,
    of: ({ logProbs }) => sampledEntropy(logProbs),
  },
  klNegative: {
    weight: ({ gamma }) => -gamma, // maximised
    needs: "negative",
    of: ({ logProbs, negative }, { klEstimator }) => negative && negativeKl(logProbs, negative, klEstimator),
  },
  entropyNegative: {
    weight: ({ eta2, entropies }) => entropySign(entropies) * eta2,
    needs: "negative",
    of: ({ negative }) => negative && sampledEntropy(negative),
  },
  referenceKl: {
    weight: ({ referenceKl }) => referenceKl,
    needs: "reference",
    of: ({ logProbs, reference }) => reference && k3(logProbs, reference),
  },
} satisfies Record<string, Term>;

/** Whether a term with a weight looks at the negative image; without one that image is neither loaded nor scored. */
export function usesNegative(options: ObjectiveOptions): boolean {
  return uses("negative", options);
}

/** Whether a term with a weight looks at the reference model. */
export function usesReference(options: ObjectiveOptions): boolean {
  return uses("reference", options);
}

function uses(what: Term["needs"], options: ObjectiveOptions): boolean {
  return Object.values<Term>(TERMS).some(({ needs, weight }) => needs === what && weight(options) !== 0);
}
