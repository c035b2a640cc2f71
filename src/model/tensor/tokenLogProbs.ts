import type * as tf from "@tensorflow/tfjs-core";
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
  return differentiable<tf.Tensor1D>({
    inputs: { head, x },
    forward: (save) => {
      const o = ops();
      const logProbs = o.logSoftmax(o.matMul(x, head, false, true));
      save([x, logProbs, ids]);
      return o.gather(o.reshape(logProbs, [logProbs.size]), flat) as tf.Tensor1D;
    },
    backward: ([dy], [input, logProbs, chosen]) => {
      if (!dy || !input || !logProbs || !chosen) throw new Error("tokenLogProbs: nothing saved");
      const o = ops();
      // d log p_t / d logits = onehot(t) − p
      const hit = o.oneHot(chosen, head.shape[0]);
      const dLogits = o.mul(o.sub(hit, o.exp(logProbs)), o.reshape(dy, [dy.size, 1]));
      hit.dispose();
      return {
        head: () => o.matMul(dLogits, input, true, false),
        x: () => {
          const dx = o.matMul(dLogits, head);
          dLogits.dispose();
          return dx;
        },
      };
    },
  });
}
