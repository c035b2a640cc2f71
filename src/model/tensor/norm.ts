import type * as tf from "@tensorflow/tfjs-core";
import { differentiable } from "./differentiable";
import { fused } from "./fused";
import type { With } from "./nested";
import type { Ops } from "./opsContract";

/** RMSNorm has a weight only; LayerNorm also subtracts the mean and has a bias. Both shapes [D]. */
export interface NormWeights {
  readonly weight: tf.Tensor;
  readonly bias?: tf.Tensor;
}

/** What normalising leaves for the derivative: x̂ [M, D] and 1/σ [M, 1]. */
export interface Normalised<V> {
  readonly unit: V;
  readonly inverse: V;
}

/** x̂ = x / √(mean(x²) + ε), of the centred x for LayerNorm; before weight and bias. @param x [M, D] */
export function normalise<V>(o: Ops<V>, x: V, { bias }: With<V, NormWeights>, epsilon: number): Normalised<V> {
  const from = bias === undefined ? x : o.sub(x, o.mean(x, 1, true));
  const inverse = o.inverseRoot(o.affine(o.mean(o.square(from), 1, true), 1, epsilon));
  return { unit: o.mul(from, inverse), inverse };
}

/** x̂·weight (+ bias) */
export function scaleUnit<V>(o: Ops<V>, unit: V, { weight, bias }: With<V, NormWeights>): V {
  const scaled = o.mul(unit, weight);
  return bias === undefined ? scaled : o.add(scaled, bias);
}

/** dL/dx [M, D], and of weight and bias (of no meaning for RMSNorm) [D]. */
export interface NormGradients<V> {
  readonly dx: V;
  readonly dNorm: V;
  readonly dNormBias: V;
}

/** From dL/dŷ, ŷ the scaled output. */
export function normBackward<V>(
  o: Ops<V>,
  dy: V,
  { unit, inverse }: Normalised<V>,
  { weight, bias }: With<V, NormWeights>,
): NormGradients<V> {
  const dUnit = o.mul(dy, weight);
  const along = o.mul(unit, o.mean(o.mul(dUnit, unit), 1, true));
  const free = o.sub(dUnit, along);
  const dx = o.mul(bias === undefined ? free : o.sub(free, o.mean(dUnit, 1, true)), inverse);
  return { dx, dNorm: o.sum(o.mul(dy, unit), 0, false), dNormBias: o.sum(dy, 0, false) };
}

interface Operands {
  readonly x: tf.Tensor;
  readonly norm: NormWeights;
  readonly epsilon: number;
}

const forward = fused<Operands, Normalised<tf.Tensor> & { y: tf.Tensor }>((o, { x, norm, epsilon }) => {
  const kept = normalise(o, x, norm, epsilon);
  return { ...kept, y: scaleUnit(o, kept.unit, norm) };
});

const backward = fused<{ dy: tf.Tensor; kept: Normalised<tf.Tensor>; norm: NormWeights }, NormGradients<tf.Tensor>>(
  (o, { dy, kept, norm }) => normBackward(o, dy, kept, norm),
);

/** RMSNorm, or LayerNorm where there is a bias. @param x [M, D] @returns [M, D] */
export function normLayer(x: tf.Tensor2D, norm: NormWeights, epsilon: number): tf.Tensor2D {
  return differentiable({
    inputs: { norm, x },
    forward: () => {
      const { y, ...kept } = forward({ x, norm, epsilon }, ["y", "unit", "inverse"]);
      return { value: y as tf.Tensor2D, kept };
    },
    backward: (dy, kept) => {
      const made = backward({ dy, kept, norm }, ["dx", "dNorm", "dNormBias"]);
      return { "norm.weight": () => made.dNorm, "norm.bias": () => made.dNormBias, x: () => made.dx };
    },
  });
}
