import * as tf from "@tensorflow/tfjs-core";
import { differentiable, type LazyGradients } from "./differentiable";
import type { LinearWeights } from "./linear";
import { normBackward, normInputs, normWeightGradients, normalise, scaleUnit, type NormWeights } from "./norm";
import { ops } from "./ops";
import { rotate, rotateBackward, type HeadLayout, type RotaryTables } from "./rotary";

/** Where the tokens of a block stand and what they may see. */
export interface AttentionGeometry extends HeadLayout {
  /** S sequences of n tokens: the input has S·n rows. */
  readonly sequences: number;
  readonly length: number;
  readonly epsilon: number;
  readonly rotary: RotaryTables;
  /** Added to the scores: [S, 1, n, past + n] or what broadcasts to it; absent where all see all. */
  readonly bias?: tf.Tensor4D;
}

/** Keys and values, rotated: [S, kvHeads, length, headDim] each. */
export interface KeyValues {
  readonly keys: tf.Tensor4D;
  readonly values: tf.Tensor4D;
}

/** Norm, and one or several projections stacked as [queries; keys; values]. */
export interface ProjectionWeights {
  readonly norm: NormWeights;
  readonly projections: readonly LinearWeights[];
}

/** Queries [S, heads, n, headDim], rotated and scaled, beside the keys and values. */
export interface Heads extends KeyValues {
  readonly queries: tf.Tensor4D;
}

/** Queries, keys and values of norm(x), rotated, as one node of the tape. @param x [S·n, D] */
export function projectHeads(x: tf.Tensor2D, weights: ProjectionWeights, geometry: AttentionGeometry): Heads {
  const centred = weights.norm.bias !== undefined;
  const [queries, keys, values] = differentiable<tf.Tensor[]>({
    inputs: inputsOf(x, weights),
    forward: (save) => {
      const kept = normalise(x, centred, geometry.epsilon);
      save([kept.unit, kept.inverse]);
      return splitHeads(rotate(project(kept.unit, weights), geometry.rotary), geometry);
    },
    backward: (dHeads, [unit, inverse]) => {
      if (unit === undefined || inverse === undefined) throw new Error("projectHeads: nothing saved");
      const shared = tf.tidy(() => {
        const dProjected = rotateBackward(joinHeads(dHeads, geometry), geometry.rotary);
        return { dProjected, dNormed: ops().matMul(dProjected, stackProjections(weights.projections).weight) };
      });
      return {
        ...normWeightGradients(shared.dNormed, unit),
        ...projectionGradients(shared.dProjected, unit, weights),
        x: () => {
          const dx = normBackward(shared.dNormed, { unit, inverse }, weights.norm.weight, centred);
          tf.dispose(shared);
          return dx;
        },
      };
    },
  });
  return { queries: queries as tf.Tensor4D, keys: keys as tf.Tensor4D, values: values as tf.Tensor4D };
}

function inputsOf(x: tf.Tensor2D, weights: ProjectionWeights): Record<string, tf.Tensor> {
  const inputs: Record<string, tf.Tensor> = normInputs(weights.norm);
  weights.projections.forEach(({ weight, bias }, index) => {
    inputs[`weight${index}`] = weight;
    if (bias !== undefined) inputs[`bias${index}`] = bias;
  });
  return Object.assign(inputs, { x });
}

function project(unit: tf.Tensor, weights: ProjectionWeights): tf.Tensor {
  const { weight, bias } = stackProjections(weights.projections);
  const product = ops().matMul(scaleUnit(unit, weights.norm), weight, false, true);
  return bias === undefined ? product : ops().add(product, bias);
}

/** The projections as one matrix [(heads + 2 kvHeads)·headDim, D] and one bias; no tape. */
export function stackProjections(projections: readonly LinearWeights[]): {
  readonly weight: tf.Tensor;
  readonly bias: tf.Tensor | undefined;
} {
  const [first, ...others] = projections;
  if (first === undefined) throw new RangeError("projectHeads: no projections");
  if (others.length === 0) return first as { weight: tf.Tensor; bias: tf.Tensor | undefined };
  const biases = projections.flatMap(({ bias }) => (bias === undefined ? [] : [bias]));
  const weight = ops().concat(
    projections.map((projection) => projection.weight),
    0,
  );
  return { weight, bias: biases.length === 0 ? undefined : ops().concat(biases, 0) };
}

/** [S·n, (heads + 2 kvHeads)·headDim] → queries, keys and values by head */
function splitHeads(projected: tf.Tensor, geometry: AttentionGeometry): tf.Tensor[] {
  const { sequences, length, heads, kvHeads, headDim } = geometry;
  const byToken = ops().reshape(projected, [sequences, length, heads + 2 * kvHeads, headDim]);
  return ops().split(ops().transpose(byToken, [0, 2, 1, 3]), [heads, kvHeads, kvHeads], 1);
}

/** The transpose of `splitHeads`. */
function joinHeads(parts: readonly tf.Tensor[], geometry: AttentionGeometry): tf.Tensor {
  const { sequences, length, heads, kvHeads, headDim } = geometry;
  const byToken = ops().transpose(ops().concat(parts, 1), [0, 2, 1, 3]);
  return ops().reshape(byToken, [sequences * length, (heads + 2 * kvHeads) * headDim]);
}

function projectionGradients(dProjected: tf.Tensor, unit: tf.Tensor, weights: ProjectionWeights): LazyGradients {
  const o = ops();
  const sizes = weights.projections.map(({ weight }) => weight.shape[0]);
  const gradients: Record<string, () => tf.Tensor> = {};
  sizes.forEach((_, index) => {
    const part = (): tf.Tensor => cut(dProjected, sizes, index);
    gradients[`weight${index}`] = () => o.matMul(part(), scaleUnit(unit, weights.norm), true, false);
    gradients[`bias${index}`] = () => o.sum(part(), 0, false);
  });
  return gradients;
}

function cut(joined: tf.Tensor, sizes: readonly number[], index: number): tf.Tensor {
  const part = sizes.length === 1 ? joined : ops().split(joined, sizes, 1)[index];
  if (part === undefined) throw new RangeError("projectHeads: no such projection");
  return part;
}
