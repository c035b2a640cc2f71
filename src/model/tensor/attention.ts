import * as tf from "@tensorflow/tfjs-core";
import type { AttentionGeometry, AttentionGroup } from "./attentionPlan";
import { differentiable, taping, type LazyGradients } from "./differentiable";
import { fused } from "./fused";
import { affineGradients, affineMap, type LinearWeights } from "./linear";
import { normBackward, normalise, scaleUnit, type NormGradients, type Normalised, type NormWeights } from "./norm";
import type { With } from "./nested";
import type { Ops } from "./opsContract";
import { rotate, rotateBackward } from "./rotary";

/** Weights of an attention block: norm, one or several projections stacked as [queries; keys; values], output. */
export interface AttentionWeights {
  readonly norm: NormWeights;
  readonly projections: readonly LinearWeights[];
  readonly output: LinearWeights;
}

/** Keys and values, rotated: [S, kvHeads, length, headDim] each. */
export interface KeyValues {
  readonly keys: tf.Tensor;
  readonly values: tf.Tensor;
}

interface Block {
  readonly weights: AttentionWeights;
  readonly geometry: AttentionGeometry;
  readonly epsilon: number;
}

/** Queries [S, kvHeads, g·n, headDim], keys and values [S, kvHeads, T, headDim], and how much each query takes of each. */
interface Attended<V> {
  readonly queries: V;
  readonly keys: V;
  readonly values: V;
  readonly probabilities: V;
}

/** What the forward pass leaves: x̂ and 1/σ, each group's inside, and the heads' outputs side by side [M', heads·headDim]. */
interface Kept extends Normalised<tf.Tensor> {
  readonly groups: readonly Attended<tf.Tensor>[];
  readonly merged: tf.Tensor;
}

type Operands = Block & { readonly x: tf.Tensor; readonly past?: KeyValues };

const KEPT = ["unit", "inverse", "groups", "merged"] as const;

interface Results extends Kept {
  /** [M', D] */
  readonly y: tf.Tensor;
  readonly keyValues: readonly KeyValues[];
}

/** The block without a tape; `past` are a cache's keys and values, which stand in front of the only group's own. */
export const attention = fused<Operands, Results>((o, { x, weights, geometry, epsilon, past }) => {
  const { layout, plan, rotary } = geometry;
  const kept = normalise(o, x, weights.norm, epsilon);
  const projected = affineMap(o, scaleUnit(o, kept.unit, weights.norm), stacked(o, weights.projections));
  const heads = o.reshape(rotate(o, projected, rotary, layout), [-1, layout.headDim]);
  const groups = plan.groups.map((group) => attendWithin(o, heads, group, past));
  const outputs = groups.map(({ probabilities, values }) =>
    o.reshape(o.batchMatMul(probabilities, values), [-1, layout.headDim]),
  );
  const merged = o.reshape(o.gather(joined(o, outputs), plan.merge), [-1, layout.heads * layout.headDim]);
  const residual = plan.kept === undefined ? x : o.gather(x, plan.kept.rows);
  const keyValues = groups.map(({ keys, values }) => ({ keys, values }));
  return { ...kept, groups, keyValues, merged, y: o.add(affineMap(o, merged, weights.output), residual) };
});

/** softmax(QKᵀ + bias) of a group. @param heads [M·(heads + 2 kvHeads), headDim] */
function attendWithin<V>(
  o: Ops<V>,
  heads: V,
  group: With<V, AttentionGroup>,
  past: With<V, KeyValues> | undefined,
): Attended<V> {
  const behind = (before: V | undefined, own: V): V => (before === undefined ? own : o.concat([before, own], 2));
  const queries = o.gather(heads, group.queries);
  const keys = behind(past?.keys, o.gather(heads, group.keys));
  const values = behind(past?.values, o.gather(heads, group.values));
  const scores = o.batchMatMul(queries, keys, false, true);
  const probabilities = o.softmax(group.bias === undefined ? scores : o.add(scores, group.bias));
  return { queries, keys, values, probabilities };
}

/** Gradients of the block's input and its norm, and what those of its maps are made of. */
interface Gradients extends NormGradients<tf.Tensor> {
  readonly normed: tf.Tensor;
  readonly dProjections: readonly tf.Tensor[];
}

const backward = fused<Block & { dy: tf.Tensor; kept: Kept }, Gradients>((o, { dy, kept, weights, geometry }) => {
  const { layout, plan, rotary } = geometry;
  const headRow = [-1, layout.headDim];
  const dMerged = o.matMul(dy, weights.output.weight);
  // Σ p·dp over the keys is Σ o·do over the head: a sum over far fewer numbers
  const along = o.sum(o.reshape(o.mul(dMerged, kept.merged), headRow), 1, true);
  const padded = {
    dOutput: o.concat([o.reshape(dMerged, headRow), o.zeros([1, layout.headDim])], 0),
    along: o.concat([along, o.zeros([1, 1])], 0),
  };
  const parts = plan.groups.flatMap((group, g) => scoreGradients(o, padded, at(kept.groups, g), group));
  const all = o.concat([...parts.map((part) => o.reshape(part, headRow)), o.zeros([1, layout.headDim])], 0);
  const own = o.reshape(o.gather(all, plan.heads), headRow);
  const { shared } = plan;
  const dHeads =
    shared === undefined ? own : o.add(own, o.scatterAdd(o.gather(all, shared.from), shared.to, shared.count));
  const dRotated = o.reshape(dHeads, [-1, (layout.heads + 2 * layout.kvHeads) * layout.headDim]);
  const dProjected = rotateBackward(o, dRotated, rotary, layout);
  const dNormed = o.matMul(dProjected, stacked(o, weights.projections).weight);
  const { dx, ...norms } = normBackward(o, dNormed, kept, weights.norm);
  const residual = plan.kept === undefined ? dy : o.scatterAdd(dy, plan.kept.rows, plan.kept.count);
  const sizes = [layout.heads, layout.kvHeads, layout.kvHeads].map((heads) => heads * layout.headDim);
  const dProjections = weights.projections.length === 1 ? [dProjected] : o.split(dProjected, sizes, 1);
  return { dx: o.add(dx, residual), ...norms, normed: scaleUnit(o, kept.unit, weights.norm), dProjections };
});

/** Gradients of a group's queries, keys and values: back through values, softmax and scores. */
function scoreGradients<V>(
  o: Ops<V>,
  padded: { readonly dOutput: V; readonly along: V },
  { queries, keys, values, probabilities }: Attended<V>,
  { origin }: With<V, AttentionGroup>,
): [V, V, V] {
  const dOutput = o.gather(padded.dOutput, origin);
  const centred = o.sub(o.batchMatMul(dOutput, values, false, true), o.gather(padded.along, origin));
  const dScores = o.mul(centred, probabilities);
  return [
    o.batchMatMul(dScores, keys),
    o.batchMatMul(dScores, queries, true, false),
    o.batchMatMul(probabilities, dOutput, true, false),
  ];
}

/** The projections as one matrix [(heads + 2 kvHeads)·headDim, D] and one bias. */
function stacked<V>(o: Ops<V>, projections: readonly With<V, LinearWeights>[]): With<V, LinearWeights> {
  const biases = projections.flatMap(({ bias }) => (bias === undefined ? [] : [bias]));
  const weight = joined(
    o,
    projections.map((projection) => projection.weight),
  );
  return biases.length === 0 ? { weight } : { weight, bias: joined(o, biases) };
}

function joined<V>(o: Ops<V>, parts: readonly V[]): V {
  return parts.length === 1 ? at(parts, 0) : o.concat(parts, 0);
}

function at<T>(list: readonly T[], index: number): T {
  const member = list[index];
  if (member === undefined) throw new RangeError(`attention: nothing at ${index}`);
  return member;
}

/**
 * A pre-norm attention block with its residual, as one node of the tape: x + O(softmax(QKᵀ + bias) V), queries, keys and
 * values from norm(x); query head h reads key-value head ⌊h·kvHeads/heads⌋.
 * @param x [M, D]
 */
export function attentionBlock(
  x: tf.Tensor2D,
  weights: AttentionWeights,
  geometry: AttentionGeometry,
  epsilon: number,
): tf.Tensor2D {
  const block = { weights, geometry, epsilon };
  return differentiable({
    inputs: { weights, x },
    forward: () => {
      const { y, ...kept } = attention({ ...block, x }, taping() ? ["y", ...KEPT] : ["y"]);
      return { value: y as tf.Tensor2D, kept };
    },
    backward: (dy, kept) => gradients(dy, kept, block),
  });
}

function gradients(dy: tf.Tensor, kept: Kept, block: Block): LazyGradients {
  const made = backward({ ...block, dy, kept }, ["dx", "dNorm", "dNormBias", "normed", "dProjections"]);
  const ofProjections = made.dProjections.flatMap((d, index) =>
    Object.entries(affineGradients(`weights.projections.${index}`, d, made.normed)),
  );
  return {
    "weights.norm.weight": () => made.dNorm,
    "weights.norm.bias": () => made.dNormBias,
    ...Object.fromEntries(ofProjections),
    ...affineGradients("weights.output", dy, kept.merged),
    x: () => {
      tf.dispose([made.normed, ...made.dProjections]);
      return made.dx;
    },
  };
}
