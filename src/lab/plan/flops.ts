import type { TrainableParts } from "../../model/parameters";
import { smartResize } from "../../model/qwen/imageProcessor";
import { sumOf, type EncoderTower, type Parts, type QwenSize } from "./models";

/**
 * What a model computes, in FLOPs: a multiplication and an addition are two (Kaplan et al., 2020, §2.1). Only products of matrices are counted, with
 * weights and in attention; norms, activations and softmax are a hundredth of them at these widths.
 */

/** A picture as the tower sees it: rows and columns of patches. */
export type Grid = readonly [number, number];

/** What goes through the model at once: tokens of a picture, of the question, of an answer. */
export interface Sequence {
  /** Without one the sequence is text alone. */
  readonly grid?: Grid | undefined;
  /** Tokens of text before the answer, those of the chat's form included. */
  readonly text: number;
  readonly answer: number;
  /** Positions whose logits are computed. */
  readonly logits: number;
}

/** The patches of a picture of so many pixels, resized as the model's image processor does. */
export function gridOf(
  picture: { readonly width: number; readonly height: number },
  { processor }: Pick<QwenSize, "processor">,
): Grid {
  const { width, height } = smartResize(picture, processor);
  return [height / processor.patchSize, width / processor.patchSize];
}

/** Tokens that a picture takes in the prompt: its patches after the merger. */
export function pictureTokens({ config }: Pick<QwenSize, "config">, [rows, columns]: Grid): number {
  return (rows * columns) / config.vision.spatialMergeSize ** 2;
}

/** Tokens of a sequence before its answer. */
export function promptTokens(size: QwenSize, { grid, text }: Pick<Sequence, "grid" | "text">): number {
  return text + (grid === undefined ? 0 : pictureTokens(size, grid));
}

/** FLOPs of a forward pass, by part: the tower's attention counts to the tower, the language model's to `language`, the head is `embeddings`. */
export function forward(
  size: QwenSize,
  sequence: Sequence,
  pairs = causalPairs(promptTokens(size, sequence) + sequence.answer),
): Parts {
  const { matrices } = size;
  const grid = sequence.grid ?? [0, 0];
  const [patches, merged] = [grid[0] * grid[1], pictureTokens(size, grid)];
  return {
    tower: 2 * matrices.tower * patches + towerAttention(size, grid),
    merger: 2 * matrices.merger * merged,
    language: 2 * matrices.language * (merged + sequence.text + sequence.answer) + attention(size, pairs),
    embeddings: 2 * matrices.embeddings * sequence.logits,
  };
}

/** Pairs of a token and one that it looks at, itself included, in a causal sequence of T tokens. */
function causalPairs(tokens: number, before = 0): number {
  return tokens * before + (tokens * (tokens + 1)) / 2;
}

/** The language model's attention: a product with the keys and one with the values for each pair, head and layer. */
function attention({ config: { text } }: QwenSize, pairs: number): number {
  return 4 * text.heads * text.headDim * text.layers * pairs;
}

/** The tower's attention: within windows, and within the whole picture in `fullAttentionBlocks`. */
function towerAttention({ config: { kind, vision } }: QwenSize, [rows, columns]: Grid): number {
  const full = kind === "qwen2_vl" ? vision.depth : vision.fullAttentionBlocks.length;
  const side = Math.floor(vision.windowSize / vision.patchSize / vision.spatialMergeSize) * vision.spatialMergeSize;
  // windows at the lower and the right edge are smaller: the sum of squares of pieces of `side` patches, along both axes
  const squares = (length: number): number => Math.floor(length / side) * side ** 2 + (length % side) ** 2;
  const pairs = full * (rows * columns) ** 2 + (vision.depth - full) * squares(rows) * squares(columns);
  return 4 * vision.embedDim * pairs;
}

/** FLOPs of reading a prompt, up to the logits of the first token of its answer. */
export function prefill(size: QwenSize, prompt: Pick<Sequence, "grid" | "text">): number {
  return sumOf(forward(size, { ...prompt, answer: 0, logits: 1 }));
}

/** FLOPs of writing an answer token by token behind a prompt that has been read, with a KV cache. */
export function decode(size: QwenSize, prompt: Pick<Sequence, "grid" | "text">, answer: number): number {
  const tokens = { text: answer, answer: 0, logits: answer };
  return sumOf(forward(size, tokens, causalPairs(answer, promptTokens(size, prompt))));
}

/** FLOPs of scoring a given answer. */
export function scoring(size: QwenSize, prompt: Pick<Sequence, "grid" | "text">, answer: number): number {
  return sumOf(forward(size, { ...prompt, answer, logits: answer }));
}

/**
 * FLOPs of a training step's passes for one sequence. Backwards, each product is done twice: for its weight's gradient where the part learns, and for its
 * input's where anything before it does; so a part that learns costs three forward passes. Computing activations a second time, to save memory, is not
 * counted: it is part of the efficiency, as in "model FLOPs utilisation" (Chowdhery et al., 2022, Appendix B).
 */
export function training(size: QwenSize, sequence: Sequence, parts: TrainableParts, pairs?: number): number {
  const cost = forward(size, sequence, pairs);
  const picture = parts.tower || parts.merger;
  return (
    cost.tower * (parts.tower ? 3 : 1) +
    cost.merger * (parts.merger ? 3 : parts.tower ? 2 : 1) +
    cost.language * (parts.language ? 3 : picture || parts.embeddings ? 2 : 1) +
    cost.embeddings * (parts.embeddings ? 3 : 2)
  );
}

/** FLOPs of one picture or text in a tower of a dual encoder: four matrices of attention and two of the MLP in each block, and attention itself. */
export function encoding({ width, mlp, layers, tokens }: EncoderTower): number {
  return layers * (2 * tokens * (4 * width ** 2 + 2 * width * mlp) + 4 * width * tokens ** 2);
}

/** Bytes that one token keeps in the KV cache, keys and values of every layer as bfloat16. */
export function cacheBytes({ config: { text } }: Pick<QwenSize, "config">): number {
  return 2 * 2 * text.layers * text.kvHeads * text.headDim;
}
