import * as tf from "@tensorflow/tfjs-core";
import { differentiable } from "./differentiable";
import type { LinearWeights } from "./linear";
import { normBackward, normInputs, normWeightGradients, normalise, scaleUnit, type NormWeights } from "./norm";
import { ops } from "./ops";
import { rotate, rotateBackward, type RotaryTables } from "./rotary";

/** Weights of an attention block: norm, one or several projections stacked as [queries; keys; values], output. */
export interface AttentionWeights {
  readonly norm: NormWeights;
  readonly projections: readonly LinearWeights[];
  readonly output: LinearWeights;
}

/** Where the tokens of a block stand and what they may see. */
export interface AttentionGeometry {
  /** S sequences of n tokens: the input has S·n rows. */
  readonly sequences: number;
  readonly length: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly epsilon: number;
  /** Rotary factors [S·n, (heads + 2 kvHeads)·headDim], the queries' scaled by 1/√headDim. */
  readonly rotary: RotaryTables;
  /** Added to the scores: [S, 1, n, past + n] or anything that broadcasts to it; absent where all see all. */
  readonly bias?: tf.Tensor;
}

/** Keys and values, rotated: [S, kvHeads, length, headDim] each. */
export interface KeyValues {
  readonly keys: tf.Tensor4D;
  readonly values: tf.Tensor4D;
}

/** What a block gives: the hidden states with the residual added, [S·n, D], and its own keys and values. */
export interface AttentionResult extends KeyValues {
  readonly hidden: tf.Tensor2D;
}

/**
 * A pre-norm attention block with its residual: x + O(softmax(QKᵀ + bias) V), queries, keys and values from norm(x), as
 * one node of the tape. `past` are keys and values that precede the block's own.
 * @param x [S·n, D]
 */
export function attentionBlock(
  x: tf.Tensor2D,
  weights: AttentionWeights,
  geometry: AttentionGeometry,
  past?: KeyValues,
): AttentionResult {
  const [hidden, keys, values] = differentiable({
    inputs: inputsOf(x, weights, past),
    forward: (save) => forward(x, weights, geometry, past, save),
    backward: (dy, saved) => backward(dy, saved, weights, geometry, past),
  });
  return { hidden: hidden as tf.Tensor2D, keys: keys as tf.Tensor4D, values: values as tf.Tensor4D };
}

function inputsOf(
  x: tf.Tensor2D,
  weights: AttentionWeights,
  past: KeyValues | undefined,
): Record<string, tf.Tensor> {
  const inputs: Record<string, tf.Tensor> = normInputs(weights.norm);
  weights.projections.forEach(({ weight, bias }, index) => {
    inputs[`weight${index}`] = weight;
    if (bias !== undefined) inputs[`bias${index}`] = bias;
  });
  inputs["outputWeight"] = weights.output.weight;
  if (weights.output.bias !== undefined) inputs["outputBias"] = weights.output.bias;
  if (past !== undefined) Object.assign(inputs, { pastKeys: past.keys, pastValues: past.values });
  return Object.assign(inputs, { x });
}

/** The projections as one matrix [(heads + 2 kvHeads)·headDim, D] and one bias. */
export function stackProjections(projections: readonly LinearWeights[]): {
  weight: tf.Tensor;
  bias: tf.Tensor | undefined;
  sizes: number[];
} {
  const [first] = projections;
  if (first === undefined) throw new RangeError("attentionBlock: no projections");
  const sizes = projections.map(({ weight }) => weight.shape[0] ?? 0);
  if (projections.length === 1) return { weight: first.weight, bias: first.bias, sizes };
  const biases = projections.flatMap(({ bias }) => (bias === undefined ? [] : [bias]));
  const weight = ops().concat(
    projections.map((projection) => projection.weight),
    0,
  );
  return { weight, bias: biases.length === 0 ? undefined : ops().concat(biases, 0), sizes };
}

function forward(
  x: tf.Tensor2D,
  weights: AttentionWeights,
  geometry: AttentionGeometry,
  past: KeyValues | undefined,
  save: (tensors: tf.Tensor[]) => void,
): tf.Tensor[] {
  const o = ops();
  const { sequences: s, length: n, heads, kvHeads, headDim } = geometry;
  const kept = normalise(x, weights.norm.bias !== undefined, geometry.epsilon);
  const { weight, bias } = stackProjections(weights.projections);
  const product = o.matMul(scaleUnit(kept.unit, weights.norm), weight, false, true);
  const projected = rotate(bias === undefined ? product : o.add(product, bias), geometry.rotary);
  const byHead = o.transpose(o.reshape(projected, [s, n, heads + 2 * kvHeads, headDim]), [0, 2, 1, 3]);
  const [q, k, v] = o.split(byHead, [heads, kvHeads, kvHeads], 1) as [tf.Tensor, tf.Tensor, tf.Tensor];
  const keys = past === undefined ? k : o.concat([past.keys, k], 2);
  const values = past === undefined ? v : o.concat([past.values, v], 2);
  const queries = o.reshape(q, [s, kvHeads, (heads / kvHeads) * n, headDim]);
  const scores = o.batchMatMul(queries, keys, false, true);
  const weightsOfKeys = o.softmax(geometry.bias === undefined ? scores : addBias(scores, geometry, geometry.bias));
  const attended = o.batchMatMul(weightsOfKeys, values);
  const merged = o.reshape(
    o.transpose(o.reshape(attended, [s, heads, n, headDim]), [0, 2, 1, 3]),
    [s * n, heads * headDim],
  );
  save([kept.unit, kept.inverse, queries, keys, values, weightsOfKeys, merged]);
  const out = o.matMul(merged, weights.output.weight, false, true);
  const hidden = o.add(weights.output.bias === undefined ? out : o.add(out, weights.output.bias), x);
  return [hidden, k, v];
}

function addBias(scores: tf.Tensor, { sequences, length, heads, kvHeads }: AttentionGeometry, bias: tf.Tensor) {
  const o = ops();
  const all = scores.shape[3] ?? 0;
  const biased = o.add(o.reshape(scores, [sequences, heads, length, all]), bias);
  return o.reshape(biased, [sequences, kvHeads, (heads / kvHeads) * length, all]);
}

function backward(
  [dy, dOwnKeys, dOwnValues]: tf.Tensor[],
  saved: tf.Tensor[],
  weights: AttentionWeights,
  geometry: AttentionGeometry,
  past: KeyValues | undefined,
) {
  const o = ops();
  const [unit, inverse, , , , , merged] = saved as [tf.Tensor, tf.Tensor, 0, 0, 0, 0, tf.Tensor];
  if (dy === undefined || dOwnKeys === undefined || dOwnValues === undefined) throw new Error("attention: no gradient");
  const shared = tf.tidy(() => {
    const { dHeads, dPast } = scoresBackward(dy, [dOwnKeys, dOwnValues], saved, weights, geometry, past);
    const { weight } = stackProjections(weights.projections);
    const dProjected = rotateBackward(dHeads, geometry.rotary);
    return { dProjected, dPast, dNormed: o.matMul(dProjected, weight) };
  });
  const { dProjected, dPast, dNormed } = shared;
  const gradients: Record<string, () => tf.Tensor> = {
    ...normWeightGradients(dNormed, unit),
    outputWeight: () => o.matMul(dy, merged, true, false),
    outputBias: () => o.sum(dy, 0, false),
  };
  addProjectionGradients(gradients, dProjected, unit, weights);
  if (dPast !== undefined) {
    gradients["pastKeys"] = () => o.affine(dPast.keys, 1, 0);
    gradients["pastValues"] = () => o.affine(dPast.values, 1, 0);
  }
  gradients["x"] = () => {
    const centred = weights.norm.bias !== undefined;
    const dx = o.add(dy, normBackward(dNormed, { unit, inverse }, weights.norm.weight, centred));
    tf.dispose(shared);
    return dx;
  };
  return gradients;
}

/** One product for all projections, cut into each one's part; it is computed at the first that is asked for. */
function addProjectionGradients(
  gradients: Record<string, () => tf.Tensor>,
  dProjected: tf.Tensor,
  unit: tf.Tensor,
  weights: AttentionWeights,
): void {
  const o = ops();
  const sizes = weights.projections.map(({ weight }) => weight.shape[0] ?? 0);
  let start = 0;
  sizes.forEach((size, index) => {
    const part = (): tf.Tensor => slicePart(dProjected, sizes, index);
    gradients[`weight${index}`] = () => o.matMul(part(), scaleUnit(unit, weights.norm), true, false);
    gradients[`bias${index}`] = () => o.sum(part(), 0, false);
    start += size;
  });
  if (start !== dProjected.shape[1]) throw new RangeError("attentionBlock: projections and heads disagree");
}

function slicePart(joined: tf.Tensor, sizes: readonly number[], index: number): tf.Tensor {
  const part = sizes.length === 1 ? joined : ops().split(joined, sizes, 1)[index];
  if (part === undefined) throw new RangeError("attentionBlock: no such projection");
  return part;
}

/** Back through output map, softmax and scores. @returns gradients of the rotated projections and of `past` */
function scoresBackward(
  dy: tf.Tensor,
  [dOwnKeys, dOwnValues]: readonly [tf.Tensor, tf.Tensor],
  saved: tf.Tensor[],
  weights: AttentionWeights,
  geometry: AttentionGeometry,
  past: KeyValues | undefined,
): { dHeads: tf.Tensor; dPast: { keys: tf.Tensor; values: tf.Tensor } | undefined } {
  const o = ops();
  const { sequences: s, length: n, heads, kvHeads, headDim } = geometry;
  const [, , queries, keys, values, probabilities] = saved as tf.Tensor[] & Record<2 | 3 | 4 | 5, tf.Tensor>;
  const dMerged = o.reshape(o.matMul(dy, weights.output.weight), [s, n, heads, headDim]);
  const grouped = [s, kvHeads, (heads / kvHeads) * n, headDim];
  const dAttended = o.reshape(o.transpose(dMerged, [0, 2, 1, 3]), grouped);
  const dProbabilities = o.batchMatMul(dAttended, values, false, true);
  const mean = o.sum(o.mul(dProbabilities, probabilities), 3, true);
  const dScores = o.mul(o.sub(dProbabilities, mean), probabilities);
  const dQueries = o.reshape(o.batchMatMul(dScores, keys), [s, heads, n, headDim]);
  const [pastKeys, dKeys] = cutPast(o.batchMatMul(dScores, queries, true, false), past);
  const [pastValues, dValues] = cutPast(o.batchMatMul(probabilities, dAttended, true, false), past);
  const byHead = o.concat([dQueries, o.add(dKeys, dOwnKeys), o.add(dValues, dOwnValues)], 1);
  const dHeads = o.reshape(o.transpose(byHead, [0, 2, 1, 3]), [s * n, (heads + 2 * kvHeads) * headDim]);
  return {
    dHeads,
    dPast: pastKeys === undefined || pastValues === undefined ? undefined : { keys: pastKeys, values: pastValues },
  };
}

function cutPast(gradient: tf.Tensor, past: KeyValues | undefined): [tf.Tensor | undefined, tf.Tensor] {
  if (past === undefined) return [undefined, gradient];
  const before = past.keys.shape[2];
  const [cut, own] = ops().split(gradient, [before, (gradient.shape[2] ?? 0) - before], 2);
  if (own === undefined) throw new Error("attention: nothing to cut");
  return [cut, own];
}
