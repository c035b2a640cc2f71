import * as tf from "@tensorflow/tfjs-core";

/**
 * The estimate of an entropy at each sampled token, −log π: added to the loss with η₁ (under π) and η₂ (under π_neg),
 * it keeps both distributions low in entropy, as §4.3's prose and the release have it. (Eq. 4 as printed defines
 * H = log π and subtracts it from the maximised objective, which would do the opposite.)
 * @param logProbs shape [N, T]
 * @returns shape [N, T]
 */
export function sampledEntropy(logProbs: tf.Tensor2D): tf.Tensor2D {
  return tf.neg(logProbs);
}
