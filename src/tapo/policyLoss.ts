import * as tf from "@tensorflow/tfjs-core";

/** How far a ratio counts: a symmetric clip has low = high; dual null leaves the ratio of worse answers unbounded. */
export interface ClipRange {
  readonly clipLow: number;
  readonly clipHigh: number;
  readonly clipDual: number | null;
}

/** The policy term and what is logged beside it, one value a token, shape [N, T] each. */
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
export function clipBounds(advantages: tf.Tensor1D, range: ClipRange): ClipBounds {
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
