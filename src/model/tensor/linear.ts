import type * as tf from "@tensorflow/tfjs-core";
import { differentiable, type LazyGradients } from "./differentiable";
import { ops } from "./ops";

/** A matrix in the published layout [out, in], and a bias [out]. */
export interface LinearWeights {
  readonly weight: tf.Tensor;
  readonly bias?: tf.Tensor;
}

/** x Wᵀ + b, of plain tensors (no tape). @param x [M, in] @returns [M, out] */
export function affineMap(x: tf.Tensor, weight: tf.Tensor, bias: tf.Tensor | undefined): tf.Tensor {
  const product = ops().matMul(x, weight, false, true);
  return bias === undefined ? product : ops().add(product, bias);
}

/** Gradients of x Wᵀ + b under the names `<prefix>Weight` and `<prefix>Bias`. */
export function affineGradients(prefix: string, dy: tf.Tensor, x: () => tf.Tensor): LazyGradients {
  return {
    [`${prefix}Weight`]: () => ops().matMul(dy, x(), true, false),
    [`${prefix}Bias`]: () => ops().sum(dy, 0, false),
  };
}

/** Names the weights as inputs of a differentiable function. */
export function affineInputs(prefix: string, map: LinearWeights): Record<string, tf.Tensor> {
  const weight = { [`${prefix}Weight`]: map.weight };
  return map.bias === undefined ? weight : { ...weight, [`${prefix}Bias`]: map.bias };
}

/** y = x Wᵀ + b. @param x [M, in] @returns [M, out] */
export function linear(x: tf.Tensor2D, map: LinearWeights): tf.Tensor2D {
  return differentiable<tf.Tensor2D>({
    inputs: { ...affineInputs("map", map), x },
    forward: (save) => {
      save([x]);
      return affineMap(x, map.weight, map.bias) as tf.Tensor2D;
    },
    backward: ([dy], [input]) => {
      if (dy === undefined || input === undefined) throw new Error("linear: nothing saved");
      return { ...affineGradients("map", dy, () => input), x: () => ops().matMul(dy, map.weight) };
    },
  });
}
