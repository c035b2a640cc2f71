import * as tf from "@tensorflow/tfjs-core";
import { attend } from "./attend";
import type { AttentionGeometry, KeyValues } from "./projectHeads";
import type { LinearWeights } from "./linear";
import type { NormWeights } from "./norm";
import { projectHeads } from "./projectHeads";

/** Weights of an attention block: norm, one or several projections stacked as [queries; keys; values], output. */
export interface AttentionWeights {
  readonly norm: NormWeights;
  readonly projections: readonly LinearWeights[];
  readonly output: LinearWeights;
}

/** What a block gives: the hidden states with the residual added, [S·n, D], and its own keys and values. */
export interface AttentionResult extends KeyValues {
  readonly hidden: tf.Tensor2D;
}

/**
 * A pre-norm attention block with its residual: x + O(softmax(QKᵀ + bias) V), queries, keys and values from norm(x), as
 * two nodes of the tape. `past` are keys and values that precede the block's own.
 * @param x [S·n, D]
 */
export function attentionBlock(
  x: tf.Tensor2D,
  weights: AttentionWeights,
  geometry: AttentionGeometry,
  past?: KeyValues,
): AttentionResult {
  const { queries, keys, values } = projectHeads(x, weights, geometry);
  const hidden = attend(x, { queries, keys, values }, weights.output, geometry, past);
  return { hidden, keys, values };
}
