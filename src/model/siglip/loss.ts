import * as tf from "@tensorflow/tfjs-core";

/**
 * The loss of CLIP (Radford et al., 2021, Fig. 3): the cross-entropies of each image's text and of each text's image among those of the batch, halved;
 * where several belong together, the mean over them. −½ Σᵢ mean_{j ∈ match(i)} log softmax_j(t·xᵢ·yⱼ) / B, and the same the other way round.
 * @param images [B, W] unit vectors
 * @param texts [B, W] unit vectors
 * @param match [B, B] 1 where image i and text j belong together, symmetric; −1 elsewhere
 * @param logScale log t, a scalar
 */
export function softmaxLoss(
  images: tf.Tensor2D,
  texts: tf.Tensor2D,
  match: tf.Tensor2D,
  logScale: tf.Tensor,
): tf.Scalar {
  const logits: tf.Tensor2D = tf.mul(tf.matMul(images, texts, false, true), tf.exp(logScale));
  const positive = tf.relu(match);
  const target = tf.div(positive, tf.sum(positive, 1, true));
  const entropy = (of: tf.Tensor2D): tf.Tensor => tf.neg(tf.sum(tf.mul(target, tf.logSoftmax(of))));
  return tf.div(tf.add(entropy(logits), entropy(tf.transpose(logits))), 2 * images.shape[0]);
}

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
