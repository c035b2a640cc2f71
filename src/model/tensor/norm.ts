import * as tf from "@tensorflow/tfjs-core";
import { differentiable, type LazyGradients } from "./differentiable";
import { ops } from "./ops";

/** RMSNorm has a weight only; LayerNorm also subtracts the mean and has a bias. Both shapes [D]. */
export interface NormWeights {
  readonly weight: tf.Tensor;
  readonly bias?: tf.Tensor;
}

/** What normalising leaves for the derivative: x̂ [M, D] and 1/σ [M, 1]. */
export interface Normalised {
  readonly unit: tf.Tensor;
  readonly inverse: tf.Tensor;
}

/** x̂ = x / √(mean(x²) + ε), of the centred x for LayerNorm; before weight and bias. @param x [M, D] */
export function normalise(x: tf.Tensor, centred: boolean, epsilon: number): Normalised {
  const o = ops();
  const from = centred ? o.sub(x, o.mean(x, 1, true)) : x;
  const inverse = o.inverseRoot(o.affine(o.mean(o.square(from), 1, true), 1, epsilon));
  return { unit: o.mul(from, inverse), inverse };
}

/** x̂·weight (+ bias) */
export function scaleUnit(unit: tf.Tensor, norm: NormWeights): tf.Tensor {
  const scaled = ops().mul(unit, norm.weight);
  return norm.bias === undefined ? scaled : ops().add(scaled, norm.bias);
}

/** dL/dx from dL/dŷ, ŷ the scaled output. @returns [M, D] */
export function normBackward(dy: tf.Tensor, kept: Normalised, weight: tf.Tensor, centred: boolean): tf.Tensor {
  const o = ops();
  const dUnit = o.mul(dy, weight);
  const along = o.mul(kept.unit, o.mean(o.mul(dUnit, kept.unit), 1, true));
  const free = o.sub(dUnit, along);
  return o.mul(centred ? o.sub(free, o.mean(dUnit, 1, true)) : free, kept.inverse);
}

/** dL/dweight and dL/dbias from dL/dŷ. */
export function normWeightGradients(dy: tf.Tensor, unit: tf.Tensor): LazyGradients {
  const o = ops();
  return { normWeight: () => o.sum(o.mul(dy, unit), 0, false), normBias: () => o.sum(dy, 0, false) };
}

/** Names the weights as inputs of a differentiable function. */
export function normInputs(norm: NormWeights): Record<string, tf.Tensor> {
  return norm.bias === undefined ? { normWeight: norm.weight } : { normWeight: norm.weight, normBias: norm.bias };
}

/** RMSNorm, or LayerNorm where there is a bias. @param x [M, D] @returns [M, D] */
export function normLayer(x: tf.Tensor2D, norm: NormWeights, epsilon: number): tf.Tensor2D {
  const centred = norm.bias !== undefined;
  return differentiable<tf.Tensor2D>({
    inputs: { ...normInputs(norm), x },
    forward: (save) => {
      const kept = normalise(x, centred, epsilon);
      save([kept.unit, kept.inverse]);
      return scaleUnit(kept.unit, norm) as tf.Tensor2D;
    },
    backward: ([dy], [unit, inverse]) => {
      if (dy === undefined || unit === undefined || inverse === undefined) throw new Error("normLayer: nothing saved");
      return {
        ...normWeightGradients(dy, unit),
        x: () => normBackward(dy, { unit, inverse }, norm.weight, centred),
      };
    },
  });
}
