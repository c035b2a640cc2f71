import * as tf from "@tensorflow/tfjs-core";
import type { PreparedBatch } from "../contract";
import type { AttentionGeometry } from "../tensor/projectHeads";
import { embed, type EmbeddingPlan } from "../tensor/embedding";
import { tokenLogProbs, type Targets } from "../tensor/tokenLogProbs";
import type { QwenConfig } from "./config";
import { contextKeyValues, decode, finalNorm } from "./language";
import { embedImages, type QwenNetwork } from "./network";
import {
  causalBias,
  decoderGeometry,
  disposeGeometry,
  disposeImageBatch,
  embeddingPlan,
  imageBatch,
  imageRowsOf,
  placeOf,
  putRightAligned,
  TokenTable,
  type ImageBatch,
  type TokenSequence,
} from "./sequences";

/** A completion to be scored under a prompt that is already tokens. */
export interface ScoredSequence {
  readonly prompt: TokenSequence;
  readonly completion: readonly number[];
}

/**
 * Scored items as tensors. A prompt that several rows share stands once in the context, which holds all its tokens but
 * the last; each row's block starts with that last token, so that block column t predicts completion token t and only
 * block columns go through the head.
 */
export interface ScoringBatch extends PreparedBatch {
  readonly images: ImageBatch | undefined;
  readonly plan: EmbeddingPlan;
  /** [U, C] tokens, left-padded; absent when every prompt has one token only. */
  readonly context: AttentionGeometry | undefined;
  /** [N, T] tokens, right-padded */
  readonly block: AttentionGeometry;
  /** [N] the context of each row; absent when row n has context n. */
  readonly contextOfRow: tf.Tensor1D | undefined;
  readonly targets: Targets;
}

/** Lays out scored items; equal prompts (by identity) are stored once. The result is freed by its `dispose`. */
export function scoringBatch(items: readonly ScoredSequence[], config: QwenConfig): ScoringBatch {
  if (items.length === 0) throw new RangeError("scoringBatch: no items");
  const prompts = [...new Set(items.map(({ prompt }) => prompt))];
  const indexOf = new Map(prompts.map((prompt, index) => [prompt, index]));
  const rowOf = items.map(({ prompt }) => indexOf.get(prompt) ?? 0);
  const width = Math.max(1, ...items.map(({ completion }) => completion.length));
  const columns = Math.max(...prompts.map(({ ids }) => ids.length)) - 1;
  const images = imageBatch(prompts, config);
  const context = new TokenTable(prompts.length, columns);
  prompts.forEach((prompt, row) => {
    putRightAligned(context, row, prompt, images, prompt.ids.length - 1);
  });
  const block = blockTable(items, width, images);
  const padding = prompts.map(({ ids }) => columns + 1 - ids.length);
  const rowPadding = rowOf.map((row) => padding[row] ?? 0);
  const scoring = {
    rows: items.length,
    width,
    images,
    plan: embeddingPlan([context, block], images),
    context: columns === 0 ? undefined : decoderGeometry(context, causalBias(padding, 0, columns), config),
    block: decoderGeometry(block, causalBias(rowPadding, columns, width), config),
    contextOfRow: prompts.length === items.length ? undefined : tf.tensor1d(rowOf, "int32"),
    ...targetsOf(items, width, config),
  };
  return {
    ...scoring,
    dispose: () => {
      disposeScoring(scoring);
    },
  };
}

/** Row n: the prompt's last token, then the completion without its last. */
function blockTable(items: readonly ScoredSequence[], width: number, images: ImageBatch | undefined): TokenTable {
  const block = new TokenTable(items.length, width);
  items.forEach(({ prompt, completion }, row) => {
    const last = prompt.ids.length - 1;
    block.put(row, 0, prompt.ids[last] ?? 0, placeOf(prompt, last), imageRowsOf(prompt, images)[last]);
    for (let t = 1; t < completion.length; t++) {
      const place = prompt.next + t - 1;
      block.put(row, t, completion[t - 1] ?? 0, [place, place, place]);
    }
  });
  return block;
}

function targetsOf(
  items: readonly ScoredSequence[],
  width: number,
  config: QwenConfig,
): { mask: tf.Tensor2D; targets: Targets } {
  const ids = new Int32Array(items.length * width);
  const mask = new Float32Array(ids.length);
  items.forEach(({ completion }, row) => {
    ids.set(completion, row * width);
    mask.fill(1, row * width, row * width + completion.length);
  });
  const flat = ids.map((id, place) => place * config.text.vocabSize + id);
  return {
    mask: tf.tensor2d(mask, [items.length, width]),
    targets: { ids: tf.tensor1d(ids, "int32"), flat: tf.tensor1d(flat, "int32") },
  };
}

function disposeScoring(batch: Omit<ScoringBatch, "dispose">): void {
  if (batch.images !== undefined) disposeImageBatch(batch.images);
  if (batch.context !== undefined) disposeGeometry(batch.context);
  disposeGeometry(batch.block);
  tf.dispose([batch.plan.ids, batch.mask, batch.targets.ids, batch.targets.flat]);
  batch.plan.rows?.dispose();
  batch.contextOfRow?.dispose();
}

/** Differentiable log π of the completion tokens. @returns [N, T], 0 on the padding */
export function scoreCompletions(network: QwenNetwork, batch: ScoringBatch): tf.Tensor2D {
  return tf.tidy(() => {
    const { language } = network;
    const { context, block } = batch;
    const x = embed(language.embedding, batch.plan, embedImages(network, batch.images));
    const inContext = context === undefined ? 0 : context.sequences * context.length;
    const inBlock = block.sequences * block.length;
    const [before, own] = inContext === 0 ? [undefined, x] : tf.split<tf.Tensor2D>(x, [inContext, inBlock], 0);
    const layers =
      context === undefined || before === undefined ? undefined : contextKeyValues(before, language, context);
    const rows = batch.contextOfRow === undefined ? {} : { rows: batch.contextOfRow };
    const hidden = decode(own, language, block, layers === undefined ? undefined : { layers, ...rows });
    const logProbs = tokenLogProbs(finalNorm(hidden, language), language.head, batch.targets);
    return tf.mul(tf.reshape(logProbs, [batch.rows, batch.width]), batch.mask);
  });
}
