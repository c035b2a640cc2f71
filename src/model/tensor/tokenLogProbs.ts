import * as tf from "@tensorflow/tfjs-core";
import { differentiable } from "./differentiable";
import { ops } from "./ops";

/** The tokens whose log-probability is asked for. */
export interface Targets {
  /** [M] token ids */
  readonly ids: tf.Tensor1D;
  /** [M] m·V + id: their places in the flat logits */
  readonly flat: tf.Tensor1D;
}

/**
 * log softmax(x Hᵀ) at one token per row, as one node of the tape.
 * @param x [M, D] normed hidden states @param head [V, D]
 * @returns [M]
 */
export function tokenLogProbs(x: tf.Tensor2D, head: tf.Tensor, { ids, flat }: Targets): tf.Tensor1D {
  return differentiable({
    inputs: { head, x },
    forward: () => {
      const o = ops();
      const logProbs = o.logSoftmax(o.matMul(x, head, false, true));
      const value = o.gather(o.reshape(logProbs, [-1]), flat) as tf.Tensor1D;
      return { value, kept: { x, logProbs, ids } };
    },
    backward: (dy, kept) => {
      const o = ops();
      // d log p_t / d logits = onehot(t) − p
      const dLogits = tf.tidy(() =>
        o.mul(o.sub(o.oneHot(kept.ids, head.shape[0]), o.exp(kept.logProbs)), o.reshape(dy, [-1, 1])),
      );
      return {
        head: () => o.matMul(dLogits, kept.x, true, false),
        x: () => {
          const dx = o.matMul(dLogits, head);
          dLogits.dispose();
          return dx;
        },
      };
    },
  });
}
