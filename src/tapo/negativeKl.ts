import * as tf from "@tensorflow/tfjs-core";
import type { KlEstimator } from "./options";

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
 * D_KL[π ‖ π_neg] of Eqs. 3 and 4, one value a token. "paper": g − log g − 1 with g = π/π_neg (Eq. 2), log g clamped
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
