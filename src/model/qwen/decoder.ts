import type * as tf from "@tensorflow/tfjs-core";
import type { KeyValues } from "../tensor/attention";
import type { QwenNetwork } from "./network";

/** The rows of a decoding run. R rows read U contexts. */
export interface DecodingStart {
  readonly network: QwenNetwork;
  /** Keys and values of each layer, [U, kvHeads, C, headDim]; empty when every prompt has one token only. */
  readonly past: readonly KeyValues[];
  /** C */
  readonly columns: number;
  /** [R] the context of each row */
  readonly contextOfRow: readonly number[];
  /** [R] columns of padding in front of the row's context */
  readonly padding: readonly number[];
  /** [R] rotary place of the prompt's last token, which is the first to be fed */
  readonly firstPlace: readonly (readonly [number, number, number])[];
  /** [R] rotary position of the first new token */
  readonly next: readonly number[];
  /** The most steps that will be asked for. */
  readonly steps: number;
}

/** Feeds one token per row and gives the logits of the next. */
export interface Decoder {
  /**
   * @param ids [R] the tokens to feed; the first call feeds the prompts' last tokens
   * @param embeddings [R, D] in place of the tokens' own, where a prompt ends in an image
   * @returns [R, V] logits, owned by the caller
   */
  step(ids: Int32Array, embeddings?: tf.Tensor2D): tf.Tensor2D;
  /** Goes on with these rows only, given by their present index. */
  keep(rows: readonly number[]): void;
  dispose(): void;
}
