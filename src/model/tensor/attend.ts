import * as tf from "@tensorflow/tfjs-core";
import { differentiable } from "./differentiable";
import { affineGradients, affineInputs, affineMap, type LinearWeights } from "./linear";
import { ops } from "./ops";
import type { AttentionGeometry, Heads, KeyValues } from "./projectHeads";

/**
 * x + O(softmax(QKᵀ + bias) V) as one node of the tape; query head h reads key-value head ⌊h·kvHeads/heads⌋.
 * @param x [S·n, D] @param past what precedes the block's own keys and values
 */
export function attend(
  x: tf.Tensor2D,
  heads: Heads,
  output: LinearWeights,
  geometry: AttentionGeometry,
  past?: KeyValues,
): tf.Tensor2D {
  const before = past === undefined ? {} : { pastKeys: past.keys, pastValues: past.values };
  return differentiable<tf.Tensor2D>({
    inputs: { ...affineInputs("output", output), ...heads, ...before, x },
    forward: (save) => {
      const o = ops();
      const all = past === undefined ? heads : joinPast(past, heads);
      const queries = o.reshape(heads.queries, grouped(geometry));
      const scores = o.batchMatMul(queries, all.keys, false, true);
      const biased = addBias(scores, geometry);
      const probabilities = o.softmax(biased);
      tf.dispose([scores, biased]);
      const merged = mergeHeads(o.batchMatMul(probabilities, all.values), geometry);
      save([queries, all.keys, all.values, probabilities, merged]);
      return o.add(affineMap(merged, output.weight, output.bias), x) as tf.Tensor2D;
    },
    backward: ([dy], saved) => {
      const merged = saved[4];
      if (dy === undefined || merged === undefined) throw new Error("attend: nothing saved");
      const d = tf.tidy(() => scoreGradients(dy, saved, output, geometry, past));
      return {
        ...affineGradients("output", dy, () => merged),
        queries: () => d.queries,
        keys: () => d.keys,
        values: () => d.values,
        pastKeys: () => required(d.pastKeys),
        pastValues: () => required(d.pastValues),
        x: () => dy.clone(),
      };
    },
  });
}

function joinPast(past: KeyValues, own: KeyValues): { keys: tf.Tensor; values: tf.Tensor } {
  return { keys: ops().concat([past.keys, own.keys], 2), values: ops().concat([past.values, own.values], 2) };
}

/** Shape of the queries with those that share a key-value head side by side. */
function grouped({ sequences, length, heads, kvHeads, headDim }: AttentionGeometry): number[] {
  return [sequences, kvHeads, (heads / kvHeads) * length, headDim];
}

function addBias(scores: tf.Tensor, geometry: AttentionGeometry): tf.Tensor {
  if (geometry.bias === undefined) return scores;
  const o = ops();
  const byHead = o.reshape(scores, [geometry.sequences, geometry.heads, geometry.length, scores.shape[3] ?? 0]);
  return o.reshape(o.add(byHead, geometry.bias), scores.shape);
}

/** [S, kvHeads, g·n, headDim] → [S·n, heads·headDim] */
function mergeHeads(attended: tf.Tensor, { sequences, length, heads, headDim }: AttentionGeometry): tf.Tensor {
  const o = ops();
  const byToken = o.transpose(o.reshape(attended, [sequences, heads, length, headDim]), [0, 2, 1, 3]);
  return o.reshape(byToken, [sequences * length, heads * headDim]);
}

/** Back through output map, values, softmax and scores. */
function scoreGradients(
  dy: tf.Tensor,
  saved: readonly tf.Tensor[],
  output: LinearWeights,
  geometry: AttentionGeometry,
  past: KeyValues | undefined,
) {
  const o = ops();
  const { sequences: s, length: n, heads, headDim } = geometry;
  const [queries, keys, values, probabilities, merged] = saved as Saved;
  const dMerged = o.matMul(dy, output.weight);
  const byHead = o.transpose(o.reshape(dMerged, [s, n, heads, headDim]), [0, 2, 1, 3]);
  const dAttended = o.reshape(byHead, grouped(geometry));
  const dProbabilities = o.batchMatMul(dAttended, values, false, true);
  // Σ p·dp over the keys is Σ o·do over the head: a sum over far fewer numbers
  const perHead = o.sum(o.reshape(o.mul(dMerged, merged), [s, n, heads, headDim]), 3, true);
  const along = o.reshape(o.transpose(perHead, [0, 2, 1, 3]), [...grouped(geometry).slice(0, 3), 1]);
  const centred = o.sub(dProbabilities, along);
  dProbabilities.dispose();
  const dScores = o.mul(centred, probabilities);
  centred.dispose();
  const dQueries = o.reshape(o.batchMatMul(dScores, keys), [s, heads, n, headDim]);
  const dKeys = cutPast(transposedProduct(dScores, queries), past);
  const dValues = cutPast(transposedProduct(probabilities, dAttended), past);
  return {
    queries: dQueries,
    keys: dKeys.own,
    values: dValues.own,
    ...(dKeys.past && dValues.past ? { pastKeys: dKeys.past, pastValues: dValues.past } : {}),
  };
}

/** What `attend` saves: queries, keys and values by head, the probabilities, and the merged output. */
type Saved = [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];

/** aᵀ b as (bᵀ a)ᵀ: with a wide and b narrow, turning the small result is cheaper than reading a across. */
function transposedProduct(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  return ops().transpose(ops().batchMatMul(b, a, true, false), [0, 1, 3, 2]);
}

function cutPast(gradient: tf.Tensor, past: KeyValues | undefined): { own: tf.Tensor; past?: tf.Tensor } {
  if (past === undefined) return { own: gradient };
  const before = past.keys.shape[2];
  const [cut, own] = ops().split(gradient, [before, (gradient.shape[2] ?? 0) - before], 2);
  if (own === undefined || cut === undefined) throw new Error("attend: nothing to cut");
  return { own, past: cut };
}

function required(tensor: tf.Tensor | undefined): tf.Tensor {
  if (tensor === undefined) throw new Error("attend: no past");
  return tensor;
}
