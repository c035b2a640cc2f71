import * as tf from "@tensorflow/tfjs-core";
import { required } from "../../core/errors";
import type { AttentionGeometry } from "../tensor/attentionPlan";
import { embed, gatherRows, type EmbeddingPlan } from "../tensor/embedding";
import { disposeTensors } from "../tensor/nested";
import type { QwenConfig } from "./config";
import { finalNorm, languageWeights, layerOutputs, type LanguageWeights } from "./language";
import {
  decoderGeometry,
  decoderRotary,
  embeddingPlan,
  imageBatch,
  TokenList,
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

/** Whole sequences, of which columns [S, n], left-padded to the longest, are to be read. Owned by the caller. */
export interface SequenceBatch {
  readonly sequences: number;
  readonly length: number;
  /** [S] columns of padding in front of each sequence */
  readonly padding: readonly number[];
  readonly images: ImageBatch | undefined;
  readonly plan: EmbeddingPlan;
  readonly geometry: AttentionGeometry;
  /** [S·n] the row of each column's token; any for padding */
  readonly columns: tf.Tensor1D;
}

/** Lays out whole sequences. The caller frees them with `disposeSequenceBatch`. */
export function sequenceBatch(sequences: readonly TokenSequence[], config: QwenConfig): SequenceBatch {
  const length = Math.max(...sequences.map(({ ids }) => ids.length));
  const images = imageBatch(sequences, config);
  const tokens = new TokenList();
  const rows = sequences.map((sequence) => tokens.putSequence(sequence, images));
  const padding = sequences.map(({ ids }) => length - ids.length);
  const spans = rows.map((own) => ({ queries: own, keys: own }));
  const columns = rows.flatMap((own, s) => [...Array<number>(padding[s] ?? 0).fill(0), ...own]);
  return {
    sequences: sequences.length,
    length,
    padding,
    images,
    plan: embeddingPlan(tokens, images),
    geometry: decoderGeometry(tokens, [spans], config, decoderRotary(tokens, config)),
    columns: tf.tensor1d(columns, "int32"),
  };
}

export function disposeSequenceBatch({ images, plan, geometry, columns }: SequenceBatch): void {
  disposeTensors({ images, plan, geometry, columns });
}

/**
 * Hidden states of whole sequences after some layers: 0 is the embeddings, L the last layer's output after the final norm, as in the
 * reference's `hidden_states`. No layer beyond the last of them is run.
 * @param layers in rising order
 * @returns [S·n, D] per layer; what stands on padding has no meaning
 */
export function hiddenSequences(network: QwenNetwork, batch: SequenceBatch, layers: readonly number[]): tf.Tensor2D[] {
  const { language } = network;
  const { geometry, columns } = batch;
  const x = embed(language.embedding, batch.plan, embedImages(network, batch.images));
  const out: tf.Tensor2D[] = [];
  let layer = 0;
  for (const hidden of layerOutputs(x, language, { inner: geometry, last: geometry })) {
    const states = layer === language.layers.length ? finalNorm(hidden, language) : hidden;
    if (layers.includes(layer)) out.push(gatherRows(states, columns));
    if (out.length === layers.length) break;
    layer += 1;
  }
  return out;
}

/** The same after one layer. @returns [S·n, D] */
export function hiddenSequence(network: QwenNetwork, batch: SequenceBatch, layer: number): tf.Tensor2D {
  return required(
    hiddenSequences(network, batch, [layer])[0],
    () => new RangeError(`hiddenSequence: there is no layer ${layer}`),
  );
}
