import * as fs from "node:fs";
import * as path from "node:path";
import { readJson } from "../../core/files";
import { ConfigReader } from "./configReader";

/** The two architectures of this folder; the name is the hub's `model_type`. */
export type QwenKind = "qwen2_vl" | "qwen2_5_vl";
export type VisionActivation = "silu" | "quick_gelu" | "gelu";

/** The language model: a decoder with grouped-query attention and multimodal rotary positions. */
export interface QwenTextConfig {
  /** D */
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly rmsNormEps: number;
  readonly ropeTheta: number;
  /** Rotary pairs that follow time, height and width; they sum to headDim / 2. */
  readonly mropeSection: readonly [number, number, number];
  /** V */
  readonly vocabSize: number;
  readonly tieWordEmbeddings: boolean;
  readonly maxPositionEmbeddings: number;
}

/** The vision tower. Qwen2-VL: LayerNorm, two-layer MLP, full attention; Qwen2.5-VL: RMSNorm, gated MLP, windows. */
export interface QwenVisionConfig {
  readonly depth: number;
  readonly embedDim: number;
  readonly heads: number;
  readonly headDim: number;
  readonly mlpWidth: number;
  readonly hiddenAct: VisionActivation;
  readonly patchSize: number;
  readonly temporalPatchSize: number;
  readonly spatialMergeSize: number;
  readonly inChannels: number;
  /** Side of an attention window in pixels; unused by Qwen2-VL, where every block attends to the whole image. */
  readonly windowSize: number;
  /** Blocks that attend to the whole image. */
  readonly fullAttentionBlocks: readonly number[];
  /** Width of the merged patches: the language model's hiddenSize. */
  readonly outHiddenSize: number;
}

/** A Qwen2-VL or Qwen2.5-VL configuration, checked and in one form. */
export interface QwenConfig {
  readonly kind: QwenKind;
  readonly text: QwenTextConfig;
  readonly vision: QwenVisionConfig;
  readonly imageTokenId: number;
  readonly videoTokenId: number;
  readonly visionStartTokenId: number;
  readonly visionEndTokenId: number;
  readonly bosTokenId: number | null;
  /** Tokens that end an answer; the first one is the tokenizer's. */
  readonly eosTokenIds: readonly number[];
  readonly padTokenId: number | null;
}

/**
 * Reads `config.json` of a checkpoint folder; end and padding tokens of `generation_config.json` go first, where there
 * is one, as in the hub's own `generate`.
 */
export function readQwenConfig(folder: string): QwenConfig {
  const file = path.join(folder, "config.json");
  const config = parseQwenConfig(readJson(file), file);
  const generationFile = path.join(folder, "generation_config.json");
  if (!fs.existsSync(generationFile)) return config;
  const generation = ConfigReader.of(readJson(generationFile), generationFile);
  const ends = generation.optionalIds("eos_token_id");
  return {
    ...config,
    eosTokenIds: [...new Set([...config.eosTokenIds, ...ends])],
    padTokenId: generation.optionalIds("pad_token_id")[0] ?? config.padTokenId,
  };
}

/**
 * Normalises a hub `config.json`: the flat form of the published checkpoints, where the text model's keys stand at the
 * top, or the nested one of newer saves (`text_config`).
 * @param subject the file, for error messages
 * @throws LabError naming the key, when one is missing, ill-typed or asks for something that is not built here
 */
export function parseQwenConfig(json: unknown, subject = "config.json"): QwenConfig {
  const root = ConfigReader.of(json, subject);
  const kind = root.oneOf("model_type", ["qwen2_vl", "qwen2_5_vl"] as const);
  const textReader = root.has("text_config") ? root.child("text_config") : root;
  const text = parseText(root, textReader);
  const ids = (key: string): number[] => [...textReader.optionalIds(key), ...root.optionalIds(key)];
  return {
    kind,
    text,
    vision: parseVision(kind, root.child("vision_config"), text),
    imageTokenId: root.integer("image_token_id", 0),
    videoTokenId: root.integer("video_token_id", 0),
    visionStartTokenId: root.integer("vision_start_token_id", 0),
    visionEndTokenId: root.integer("vision_end_token_id", 0),
    bosTokenId: ids("bos_token_id")[0] ?? null,
    eosTokenIds: [...new Set(ids("eos_token_id"))],
    padTokenId: ids("pad_token_id")[0] ?? null,
  };
}

function parseText(root: ConfigReader, text: ConfigReader): QwenTextConfig {
  rejectUnsupported(text);
  const hiddenSize = text.integer("hidden_size");
  const heads = text.integer("num_attention_heads");
  const kvHeads = text.integer("num_key_value_heads", 1, heads);
  text.require("num_attention_heads", hiddenSize % heads === 0, `must divide hidden_size ${hiddenSize}`);
  text.require("num_key_value_heads", heads % kvHeads === 0, `must divide num_attention_heads ${heads}`);
  const headDim = hiddenSize / heads;
  text.require("head_dim", text.integer("head_dim", 1, headDim) === headDim, `must be ${headDim}`);
  const rope = text.has("rope_parameters")
    ? text.child("rope_parameters")
    : text.has("rope_scaling")
      ? text.child("rope_scaling")
      : text;
  const section = rope.integers("mrope_section");
  const [time, height, width] = section;
  if (section.length !== 3 || time === undefined || height === undefined || width === undefined) {
    throw rope.error("mrope_section", "must be three numbers: time, height, width");
  }
  rope.require("mrope_section", time + height + width === headDim / 2, `must sum to half the head, ${headDim / 2}`);
  return {
    hiddenSize,
    intermediateSize: text.integer("intermediate_size"),
    layers: text.integer("num_hidden_layers"),
    heads,
    kvHeads,
    headDim,
    rmsNormEps: text.number("rms_norm_eps", 1e-5),
    ropeTheta: rope.number("rope_theta", text.number("rope_theta", 1e6)),
    mropeSection: [time, height, width],
    vocabSize: text.integer("vocab_size"),
    tieWordEmbeddings: root.boolean("tie_word_embeddings", false) || text.boolean("tie_word_embeddings", false),
    maxPositionEmbeddings: text.integer("max_position_embeddings", 1, 32768),
  };
}

/** What the hub's classes allow and no published Qwen-VL checkpoint uses. */
function rejectUnsupported(text: ConfigReader): void {
  text.require("hidden_act", text.text("hidden_act", "silu") === "silu", 'must be "silu"');
  text.require("use_sliding_window", !text.boolean("use_sliding_window", false), "sliding windows are not supported");
  text.require(
    "layer_types",
    text.texts("layer_types").every((type) => type === "full_attention"),
    'must all be "full_attention"',
  );
  for (const key of ["rope_parameters", "rope_scaling"]) {
    if (!text.has(key)) continue;
    const rope = text.child(key);
    for (const name of ["rope_type", "type"]) {
      const type = rope.text(name, "default");
      rope.require(name, ["default", "mrope"].includes(type), `"${type}" is not supported, only "mrope" is`);
    }
  }
}

function parseVision(kind: QwenKind, vision: ConfigReader, text: QwenTextConfig): QwenVisionConfig {
  const windowed = kind === "qwen2_5_vl";
  const depth = vision.integer("depth");
  const embedDim = vision.integer(windowed ? "hidden_size" : "embed_dim");
  const heads = vision.integer("num_heads");
  vision.require("num_heads", embedDim % (4 * heads) === 0, `must divide a quarter of the width ${embedDim}`);
  const outKey = windowed ? "out_hidden_size" : "hidden_size";
  const outHiddenSize = vision.integer(outKey);
  vision.require(outKey, outHiddenSize === text.hiddenSize, `must be the text model's hidden_size ${text.hiddenSize}`);
  const patchSize = vision.integer("patch_size", 1, 14);
  const spatialMergeSize = vision.integer("spatial_merge_size", 1, 2);
  const windowSize = vision.integer("window_size", 1, 112);
  const unit = patchSize * spatialMergeSize;
  vision.require("window_size", !windowed || windowSize >= unit, `must be at least one merged patch, ${unit} pixels`);
  return {
    depth,
    embedDim,
    heads,
    headDim: embedDim / heads,
    mlpWidth: windowed ? vision.integer("intermediate_size") : embedDim * vision.integer("mlp_ratio", 1, 4),
    hiddenAct: vision.oneOf("hidden_act", ["silu", "quick_gelu", "gelu"] as const, windowed ? "silu" : "quick_gelu"),
    patchSize,
    temporalPatchSize: vision.integer("temporal_patch_size", 1, 2),
    spatialMergeSize,
    inChannels: vision.integer("in_channels", 1, vision.integer("in_chans", 1, 3)),
    windowSize,
    fullAttentionBlocks: windowed
      ? vision.integers("fullatt_block_indexes", [7, 15, 23, 31])
      : Array.from({ length: depth }, (_, block) => block),
    outHiddenSize,
  };
}

export { toHfConfig, toHfGenerationConfig } from "./configWriter";
