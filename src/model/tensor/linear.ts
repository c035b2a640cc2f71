import type * as tf from "@tensorflow/tfjs-core";
import { differentiable, type LazyGradients } from "./differentiable";
import type { With } from "./nested";
import { ops } from "./ops";
import type { Ops } from "./opsContract";

/** A matrix in the published layout [out, in], and a bias [out]. */
export interface LinearWeights {
  readonly weight: tf.Tensor;
  readonly bias?: tf.Tensor;
}

/** x Wᵀ + b. @param x [M, in] @returns [M, out] */
export function affineMap<V>(o: Ops<V>, x: V, { weight, bias }: With<V, LinearWeights>): V {
  const product = o.matMul(x, weight, false, true);
  return bias === undefined ? product : o.add(product, bias);
}

/** Gradients of x Wᵀ + b, named as the map's members at `path`. */
export function affineGradients(path: string, dy: tf.Tensor, x: tf.Tensor): LazyGradients {
  return {
    [`${path}.weight`]: () => ops().matMul(dy, x, true, false),
    [`${path}.bias`]: () => ops().sum(dy, 0, false),
  };
}

/** y = x Wᵀ + b. @param x [M, in] @returns [M, out] */
export function linear(x: tf.Tensor2D, map: LinearWeights): tf.Tensor2D {
  return differentiable({
    inputs: { map, x },
    forward: () => ({ value: affineMap(ops(), x, map) as tf.Tensor2D, kept: { x } }),
    backward: (dy, kept) => ({ ...affineGradients("map", dy, kept.x), x: () => ops().matMul(dy, map.weight) }),
  });
}
