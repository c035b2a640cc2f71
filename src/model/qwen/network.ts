import * as tf from "@tensorflow/tfjs-core";
import type { AttentionGeometry } from "../tensor/projectHeads";
import { embed, type EmbeddingPlan } from "../tensor/embedding";
import type { QwenConfig } from "./config";
import { decode, finalNorm, languageWeights, type LanguageWeights } from "./language";
import {
  causalBias,
  decoderGeometry,
  disposeGeometry,
  disposeImageBatch,
  embeddingPlan,
  imageBatch,
  putRightAligned,
  TokenTable,
  type ImageBatch,
  type TokenSequence,
} from "./sequences";
import { imageEmbeddings, visionWeights, type VisionWeights } from "./vision";
import { WeightReader } from "./weights";

/** The weights by their role, with the configuration they belong to. */
export interface QwenNetwork {
  readonly config: QwenConfig;
  readonly language: LanguageWeights;
  readonly vision: VisionWeights;
}

/** Names the parameters' roles. @param parameters under their published names */
export function qwenNetwork(config: QwenConfig, parameters: ReadonlyMap<string, tf.Variable>): QwenNetwork {
  const reader = new WeightReader(parameters);
  return { config, language: languageWeights(reader, config), vision: visionWeights(reader, config) };
}

/** Embeddings of all images of a batch, image by image. @returns [K, D], or `undefined` without images */
export function embedImages(network: QwenNetwork, images: ImageBatch | undefined): tf.Tensor2D | undefined {
  return images === undefined ? undefined : imageEmbeddings(images.pixels, images.plan, network.vision);
}

/** Whole sequences side by side, left-padded to the longest: S sequences of n columns. */
export interface SequenceBatch {
  readonly sequences: number;
  readonly length: number;
  /** [S] columns of padding in front of each sequence */
  readonly padding: readonly number[];
  readonly images: ImageBatch | undefined;
  readonly plan: EmbeddingPlan;
  readonly geometry: AttentionGeometry;
}

/** Lays out whole sequences. The caller frees them with `disposeSequenceBatch`. */
export function sequenceBatch(sequences: readonly TokenSequence[], config: QwenConfig): SequenceBatch {
  const length = Math.max(...sequences.map(({ ids }) => ids.length));
  const images = imageBatch(sequences, config);
  const table = new TokenTable(sequences.length, length);
  sequences.forEach((sequence, row) => {
    putRightAligned(table, row, sequence, images);
  });
  const padding = sequences.map(({ ids }) => length - ids.length);
  return {
    sequences: sequences.length,
    length,
    padding,
    images,
    plan: embeddingPlan([table], images),
    geometry: decoderGeometry(table, causalBias(padding, 0, length), config),
  };
}

export function disposeSequenceBatch({ images, plan, geometry }: SequenceBatch): void {
  if (images !== undefined) disposeImageBatch(images);
  plan.ids.dispose();
  plan.rows?.dispose();
  disposeGeometry(geometry);
}

/**
 * Hidden states of whole sequences: 0 is the embeddings, L the last layer's output after the final norm, as in the
 * reference's `hidden_states`.
 * @returns [S·n, D]; what stands on padding has no meaning
 */
export function hiddenSequence(network: QwenNetwork, batch: SequenceBatch, layer: number): tf.Tensor2D {
  const { language } = network;
  const x = embed(language.embedding, batch.plan, embedImages(network, batch.images));
  const hidden = decode(x, language, batch.geometry, undefined, layer);
  return layer === language.layers.length ? finalNorm(hidden, language) : hidden;
}
