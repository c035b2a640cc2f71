import * as tf from "@tensorflow/tfjs-core";
import type { PreparedBatch } from "../contract";
import { embed, gatherRows, type EmbeddingPlan } from "../tensor/embedding";
import { disposeTensors } from "../tensor/nested";
import { tokenLogProbs, type Targets } from "../tensor/tokenLogProbs";
import type { QwenConfig } from "./config";
import { decode, finalNorm, type DecoderGeometry } from "./language";
import { embedImages, type QwenNetwork } from "./network";
import {
  decoderGeometry,
  decoderRotary,
  embeddingPlan,
  imageBatch,
  TokenList,
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
 * the last; each row's block starts with that last token, so that the block's token t predicts completion token t, and
 * only blocks go through the end of the last layer and the head. Nothing is padded but the result.
 */
export interface ScoringBatch extends PreparedBatch {
  readonly images: ImageBatch | undefined;
  readonly plan: EmbeddingPlan;
  readonly geometry: DecoderGeometry;
  /** The block tokens' targets. */
  readonly targets: Targets;
  /** [N·T] the block token whose log-prob stands here, or behind them all for padding */
  readonly places: tf.Tensor1D;
}

/** Lays out scored items; equal prompts (by identity) are stored once. The result is freed by its `dispose`. */
export function scoringBatch(items: readonly ScoredSequence[], config: QwenConfig): ScoringBatch {
  if (items.length === 0) throw new RangeError("scoringBatch: no items");
  const prompts = [...new Set(items.map(({ prompt }) => prompt))];
  const images = imageBatch(prompts, config);
  const tokens = new TokenList();
  const contexts = new Map(
    prompts.map((prompt) => [prompt, tokens.putSequence(prompt, images, 0, prompt.ids.length - 1)]),
  );
  const blocks = items.map(({ prompt, completion }) => {
    const [first = 0] = tokens.putSequence(prompt, images, prompt.ids.length - 1);
    return [first, ...completion.slice(0, -1).map((id, t) => tokens.put(id, allAt(prompt.next + t)))];
  });
  const rotary = decoderRotary(tokens, config);
  const ofContexts = [...contexts.values()].map((rows) => ({ queries: rows, keys: rows }));
  const ofBlocks = items.map(({ prompt }, n) => {
    const queries = blocks[n] ?? [];
    return { queries, keys: [...(contexts.get(prompt) ?? []), ...queries] };
  });
  const withContexts = ofContexts.some(({ queries }) => queries.length > 0) ? [ofContexts, ofBlocks] : [ofBlocks];
  const parts = {
    images,
    plan: embeddingPlan(tokens, images),
    geometry: {
      inner: decoderGeometry(tokens, withContexts, config, rotary),
      last: decoderGeometry(tokens, [ofBlocks], config, rotary),
    },
    ...targetsOf(items, config),
  };
  return {
    rows: items.length,
    width: Math.max(1, ...items.map(({ completion }) => completion.length)),
    ...parts,
    dispose: () => {
      disposeTensors(parts);
    },
  };
}

function allAt(place: number): [number, number, number] {
  return [place, place, place];
}

/** What each block token predicts, and where that stands in the result. */
function targetsOf(
  items: readonly ScoredSequence[],
  config: QwenConfig,
): { mask: tf.Tensor2D; targets: Targets; places: tf.Tensor1D } {
  const width = Math.max(1, ...items.map(({ completion }) => completion.length));
  const ids = items.flatMap(({ completion }) => (completion.length === 0 ? [0] : completion));
  const mask = new Float32Array(items.length * width);
  const places = new Int32Array(mask.length).fill(ids.length);
  let next = 0;
  items.forEach(({ completion }, row) => {
    const start = row * width;
    mask.fill(1, start, start + completion.length);
    for (let t = 0; t < completion.length; t++) places[start + t] = next + t;
    next += Math.max(1, completion.length);
  });
  const flat = ids.map((id, token) => token * config.text.vocabSize + id);
  return {
    mask: tf.tensor2d(mask, [items.length, width]),
    targets: { ids: tf.tensor1d(ids, "int32"), flat: tf.tensor1d(flat, "int32") },
    places: tf.tensor1d(places, "int32"),
  };
}

/** Differentiable log π of the completion tokens. @returns [N, T], 0 on the padding */
export function scoreCompletions(network: QwenNetwork, batch: ScoringBatch): tf.Tensor2D {
  return tf.tidy(() => {
    const { language } = network;
    const x = embed(language.embedding, batch.plan, embedImages(network, batch.images));
    const hidden = decode(x, language, batch.geometry);
    const logProbs = tokenLogProbs(finalNorm(hidden, language), language.head, batch.targets);
    const padded = tf.concat1d([logProbs, tf.zeros<tf.Rank.R1>([1])]);
    return tf.reshape<tf.Rank.R2>(gatherRows(padded, batch.places), [batch.rows, batch.width]);
  });
}
