import * as tf from "@tensorflow/tfjs-core";
import { differentiable } from "./differentiable";
import { ops } from "./ops";

/** Which row of [token embeddings of the ids; image embeddings] stands at each place. */
export interface EmbeddingPlan {
  /** [M] token ids */
  readonly ids: tf.Tensor1D;
  /** [M] row m for a token, M + j for image embedding j; absent where there are no images. */
  readonly rows?: tf.Tensor1D;
}

/**
 * Token embeddings with the image embeddings put in their places (`masked_scatter` of the reference).
 * @param table [V, D] @param images [K, D]
 * @returns [M, D]
 */
export function embed(table: tf.Tensor, plan: EmbeddingPlan, images?: tf.Tensor2D): tf.Tensor2D {
  const words = gatherRows(table as tf.Tensor2D, plan.ids);
  if (images === undefined || plan.rows === undefined) return words;
  return gatherRows(tf.concat2d([words, images], 0), plan.rows);
}

/** Rows of a matrix or of the first axis of any tensor. @returns [M, …] */
export function gatherRows<T extends tf.Tensor>(table: T, rows: tf.Tensor1D): T {
  return differentiable({
    inputs: { table },
    forward: () => ({ value: ops().gather(table, rows) as T, kept: { rows } }),
    backward: (dy, kept) => ({
      table: () => tf.tidy(() => ops().scatterAdd(dy, kept.rows, tf.scalar(table.shape[0], "int32"))),
    }),
  });
}
