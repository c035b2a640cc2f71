import * as tf from "@tensorflow/tfjs-core";

/**
 * Masked next-token loss: −Σ mask · log π / tokens.
 * @param logProbs [N, T] log π of the completion tokens
 * @param mask [N, T] 1 on completion tokens, 0 on padding
 * @param tokens the number of tokens to average over: those of the whole step, so that accumulated micro-batches add up
 */
export function nextTokenLoss(logProbs: tf.Tensor2D, mask: tf.Tensor2D, tokens: number): tf.Scalar {
  tf.util.assertShapesMatch(logProbs.shape, mask.shape, "nextTokenLoss: logProbs and mask: ");
  return tf.div(tf.sum(tf.where(tf.cast(mask, "bool"), logProbs, 0)), -tokens);
}
