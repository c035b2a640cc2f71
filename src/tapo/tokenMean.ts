import * as tf from "@tensorflow/tfjs-core";
import type { TokenMean } from "./options";

/**
 * The weight of each token in a mean, so that every mean of the objective is one weighted sum. Tokens that are masked
 * out weigh 0; the others sum to 1 (an answer or micro-batch without tokens takes its share with it).
 *
 * "batch" 1/Σ|o| (Eq. 4); "microBatch" 1/(K·Σ|o| of its micro-batch), K micro-batches of `size` rows (release);
 * "sequence" 1/(N·|o_i|) (GRPO).
 * @param mask shape [N, T], 1 on answer tokens and 0 elsewhere
 * @returns shape [N, T]
 */
export function tokenWeights(mask: tf.Tensor2D, mode: TokenMean, size = 4): tf.Tensor2D {
  return tf.tidy(() => {
    if (mode === "batch") return tf.div(mask, atLeastOne(tf.sum(mask)));
    const lengths = tf.sum<tf.Tensor2D>(mask, 1, true); // [N, 1]
    const rows = mask.shape[0];
    if (mode === "sequence") return tf.div(mask, tf.mul(atLeastOne(lengths), rows));
    const blocks = Math.ceil(rows / size);
    const padded = tf.pad(lengths, [
      [0, blocks * size - rows],
      [0, 0],
    ]);
    const totals = atLeastOne(tf.sum(tf.reshape(padded, [blocks, size]), 1, true)); // [K, 1]
    const perRow = tf.slice(tf.reshape(tf.tile(totals, [1, size]), [blocks * size, 1]), [0, 0], [rows, 1]);
    return tf.div(mask, tf.mul(perRow, blocks));
  });
}

/** Counts of tokens, with 1 for 0 so that nothing is divided by zero. */
function atLeastOne<T extends tf.Tensor>(count: T): T {
  return tf.maximum(count, 1);
}

/** Σ weights · values. Values at tokens that weigh 0 must be finite. @returns a scalar */
export function weightedSum(values: tf.Tensor2D, weights: tf.Tensor2D): tf.Scalar {
  return tf.sum(tf.mul(values, weights));
}
