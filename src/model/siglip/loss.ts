import * as tf from "@tensorflow/tfjs-core";

/**
 * The sigmoid loss of SigLIP (Zhai et al., 2023, Eq. 1): −Σᵢⱼ log σ(zᵢⱼ (t·xᵢ·yⱼ + b)) / B.
 * @param images [B, W] unit vectors
 * @param texts [B, W] unit vectors
 * @param match [B, B] 1 where image i and text j belong together, −1 elsewhere
 * @param logScale log t, a scalar
 * @param bias b, a scalar
 */
export function sigmoidLoss(
  images: tf.Tensor2D,
  texts: tf.Tensor2D,
  match: tf.Tensor2D,
  logScale: tf.Tensor,
  bias: tf.Tensor,
): tf.Scalar {
  const logits = tf.add(tf.mul(tf.matMul(images, texts, false, true), tf.exp(logScale)), bias);
  return tf.div(tf.sum(tf.softplus(tf.neg(tf.mul(match, logits)))), images.shape[0]); // −log σ(z) = softplus(−z)
}
