import * as tf from "@tensorflow/tfjs-core";
import type { AttentionGeometry, KeyValues } from "../tensor/projectHeads";
import { attentionBlock, type AttentionWeights } from "../tensor/attention";
import { gatherRows } from "../tensor/embedding";
import { mlpBlock, type MlpWeights } from "../tensor/mlp";
import { normLayer, type NormWeights } from "../tensor/norm";
import { projectHeads } from "../tensor/projectHeads";
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

/**
 * The context's keys and values of every layer. Its last layer stops there: what follows attends to the context, and
 * nothing reads its output.
 * @param x [U·C, D] embeddings
 */
export function contextKeyValues(x: tf.Tensor2D, weights: LanguageWeights, geometry: AttentionGeometry): KeyValues[] {
  const past: KeyValues[] = [];
  let hidden = x;
  weights.layers.forEach((layer, index) => {
    if (index === weights.layers.length - 1) {
      past.push(projectHeads(hidden, layer.attention, geometry));
      return;
    }
    const result = attentionBlock(hidden, layer.attention, geometry);
    past.push(result);
    hidden = mlpBlock(result.hidden, layer.mlp, "silu", weights.epsilon);
  });
  return past;
}

/**
 * The decoder over a block of tokens that may follow a context.
 * @param x [S·n, D] embeddings
 * @param past keys and values of each layer; with `rows` [S], sequence s reads row rows[s] of them
 * @param layers how many layers run, all by default
 * @returns [S·n, D], before the final norm
 */
export function decode(
  x: tf.Tensor2D,
  weights: LanguageWeights,
  geometry: AttentionGeometry,
  past?: { readonly layers: readonly KeyValues[]; readonly rows?: tf.Tensor1D },
  layers = weights.layers.length,
): tf.Tensor2D {
  return weights.layers.slice(0, layers).reduce((hidden, layer, index) => {
    const before = past?.layers[index];
    const { hidden: attended } = attentionBlock(
      hidden,
      layer.attention,
      geometry,
      before === undefined ? undefined : pickRows(before, past?.rows),
    );
    return mlpBlock(attended, layer.mlp, "silu", weights.epsilon);
  }, x);
}

function pickRows({ keys, values }: KeyValues, rows: tf.Tensor1D | undefined): KeyValues {
  return rows === undefined ? { keys, values } : { keys: gatherRows(keys, rows), values: gatherRows(values, rows) };
}

/** The norm in front of the head. @param hidden [M, D] */
export function finalNorm(hidden: tf.Tensor2D, weights: LanguageWeights): tf.Tensor2D {
  return normLayer(hidden, weights.norm, weights.epsilon);
}
