import type * as tf from "@tensorflow/tfjs-core";
import { attention, attentionBlock, type AttentionWeights, type KeyValues } from "../tensor/attention";
import type { AttentionGeometry } from "../tensor/attentionPlan";
import { mlpBlock, type MlpWeights } from "../tensor/mlp";
import { normLayer, type NormWeights } from "../tensor/norm";
import type { QwenConfig } from "./config";
import type { WeightReader } from "./weights";

export interface DecoderLayer {
  readonly attention: AttentionWeights;
  readonly mlp: Required<MlpWeights>;
}

/** The language model's weights, by their role. */
export interface LanguageWeights {
  /** [V, D] */
  readonly embedding: tf.Variable;
  readonly layers: readonly DecoderLayer[];
  readonly norm: NormWeights;
  /** [V, D]; the embedding itself where they are tied. */
  readonly head: tf.Variable;
  readonly epsilon: number;
}

export function languageWeights(reader: WeightReader, config: QwenConfig): LanguageWeights {
  const embedding = reader.get("model.embed_tokens.weight");
  return {
    embedding,
    layers: Array.from({ length: config.text.layers }, (_, index) => decoderLayer(reader, `model.layers.${index}`)),
    norm: reader.norm("model.norm"),
    head: config.text.tieWordEmbeddings ? embedding : reader.get("lm_head.weight"),
    epsilon: config.text.rmsNormEps,
  };
}

function decoderLayer(reader: WeightReader, at: string): DecoderLayer {
  return {
    attention: {
      norm: reader.norm(`${at}.input_layernorm`),
      projections: ["q_proj", "k_proj", "v_proj"].map((name) => reader.linear(`${at}.self_attn.${name}`)),
      output: reader.linear(`${at}.self_attn.o_proj`),
    },
    mlp: {
      norm: reader.norm(`${at}.post_attention_layernorm`),
      gate: reader.linear(`${at}.mlp.gate_proj`),
      up: reader.linear(`${at}.mlp.up_proj`),
      down: reader.linear(`${at}.mlp.down_proj`),
    },
  };
}

/** How tokens attend in the layers, and in the last one, whose rows without queries go no further. */
export interface DecoderGeometry {
  readonly inner: AttentionGeometry;
  readonly last: AttentionGeometry;
}

/**
 * Keys and values of every layer, without a tape. The last layer stops there: nothing reads its output.
 * @param x [M, D] embeddings
 */
export function contextKeyValues(
  x: tf.Tensor2D,
  { layers, epsilon }: LanguageWeights,
  geometry: AttentionGeometry,
): KeyValues[] {
  let hidden = x;
  return layers.flatMap(({ attention: weights, mlp }, index) => {
    const operands = { x: hidden, weights, geometry, epsilon };
    if (index === layers.length - 1) return attention(operands, ["keyValues"]).keyValues;
    const { y, keyValues } = attention(operands, ["y", "keyValues"]);
    hidden = mlpBlock(y as tf.Tensor2D, mlp, "silu", epsilon);
    return keyValues;
  });
}

/**
 * The decoder over M tokens.
 * @param x [M, D] embeddings
 * @returns [M', D], the rows that have queries in the last geometry; before the final norm
 */
export function decode(x: tf.Tensor2D, weights: LanguageWeights, geometry: DecoderGeometry): tf.Tensor2D {
  let output = x;
  for (const hidden of layerOutputs(x, weights, geometry)) output = hidden;
  return output;
}

/** What `decode` goes through: the embeddings, and the output of layer after layer as far as it is asked for. */
export function* layerOutputs(
  x: tf.Tensor2D,
  { layers, epsilon }: LanguageWeights,
  { inner, last }: DecoderGeometry,
): Generator<tf.Tensor2D, void> {
  let hidden = x;
  yield hidden;
  for (const [index, { attention: weights, mlp }] of layers.entries()) {
    const geometry = index === layers.length - 1 ? last : inner;
    hidden = mlpBlock(attentionBlock(hidden, weights, geometry, epsilon), mlp, "silu", epsilon);
    yield hidden;
  }
}

/** The norm in front of the head. @param hidden [M, D] */
export function finalNorm(hidden: tf.Tensor2D, weights: LanguageWeights): tf.Tensor2D {
  return normLayer(hidden, weights.norm, weights.epsilon);
}
