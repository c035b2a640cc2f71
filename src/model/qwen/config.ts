import * as fs from "node:fs";
import * as path from "node:path";
import { readJson } from "../../core/files";
import { ConfigReader, type AsBuilt } from "./configReader";

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
  const ends = endsOf(generation, config.text.vocabSize);
  return {
    ...config,
    eosTokenIds: [...new Set([...config.eosTokenIds, ...ends])],
    padTokenId: generation.optionalIds("pad_token_id")[0] ?? config.padTokenId,
  };
}

/**
 * Normalises a hub `config.json`: the flat form of the published checkpoints, where the text model's keys stand at the
 * top, or the nested one of newer saves (`text_config`). Keys that some writers leave out, since they are as in the hub's classes, have
 * the values that they have there (transformers' configuration_qwen2_vl.py and configuration_qwen2_5_vl.py).
 * @param subject the file, for error messages
 * @throws LabError naming the key, when one is missing, ill-typed or asks for something that is not built here
 */
export function parseQwenConfig(json: unknown, subject = "config.json"): QwenConfig {
  const root = ConfigReader.of(json, subject);
  const kind = root.oneOf("model_type", ["qwen2_vl", "qwen2_5_vl"] as const);
  const textReader = root.has("text_config") ? root.child("text_config") : root;
  const text = parseText(root, textReader);
  const ids = (key: string): number[] => [...textReader.optionalIds(key), ...root.optionalIds(key)];
  const id = (key: string, preset: number): number => root.integer(key, 0, textReader.integer(key, 0, preset));
  return {
    kind,
    text,
    vision: parseVision(kind, root.child("vision_config"), text),
    imageTokenId: id("image_token_id", 151655),
    videoTokenId: id("video_token_id", 151656),
    visionStartTokenId: id("vision_start_token_id", 151652),
    visionEndTokenId: id("vision_end_token_id", 151653),
    bosTokenId: ids("bos_token_id")[0] ?? null,
    eosTokenIds: [...new Set([textReader, root].flatMap((reader) => endsOf(reader, text.vocabSize)))],
    padTokenId: ids("pad_token_id")[0] ?? null,
  };
}

/** Tokens that end an answer, as far as a file names them. */
function endsOf(reader: ConfigReader, vocabSize: number): readonly number[] {
  const ends = reader.optionalIds("eos_token_id");
  reader.require("eos_token_id", ends.every((id) => id < vocabSize), `must be below vocab_size ${vocabSize}`); // prettier-ignore
  return ends;
}

function parseText(root: ConfigReader, text: ConfigReader): QwenTextConfig {
  for (const reader of new Set([root, text])) reader.only(TEXT_AS_BUILT);
  const hiddenSize = text.integer("hidden_size");
  const heads = text.integer("num_attention_heads");
  const kvHeads = text.integer("num_key_value_heads", 1, heads);
  text.require("num_attention_heads", hiddenSize % heads === 0, `must divide hidden_size ${hiddenSize}`);
  text.require("num_key_value_heads", heads % kvHeads === 0, `must divide num_attention_heads ${heads}`);
  const headDim = hiddenSize / heads;
  text.require("head_dim", text.integer("head_dim", 1, headDim) === headDim, `must be ${headDim}`);
  const rope = ropeOf(text);
  const section = rope.integers("mrope_section");
  const [time, height, width] = section;
  if (section.length !== 3 || time === undefined || height === undefined || width === undefined) {
    throw rope.error("mrope_section", "must be three numbers: time, height, width");
  }
  const rmsNormEps = text.number("rms_norm_eps", 1e-5);
  text.require("rms_norm_eps", rmsNormEps < 1, "must be below 1");
  rope.require("mrope_section", time + height + width === headDim / 2, `must sum to half the head, ${headDim / 2}`);
  return {
    hiddenSize,
    intermediateSize: text.integer("intermediate_size"),
    layers: text.integer("num_hidden_layers", 1, undefined, "FINE_R1_MAX_LAYERS"),
    heads,
    kvHeads,
    headDim,
    rmsNormEps,
    ropeTheta: thetaOf(rope, text),
    mropeSection: [time, height, width],
    vocabSize: text.integer("vocab_size", 1, 152064),
    tieWordEmbeddings: root.boolean("tie_word_embeddings", false) || text.boolean("tie_word_embeddings", false),
    maxPositionEmbeddings: text.integer("max_position_embeddings", 1, 32768),
  };
}

/**
 * Keys that change what a model computes, with the only values that are built here: those of all published Qwen-VL
 * checkpoints. Another value is refused, not ignored.
 */
const TEXT_AS_BUILT: AsBuilt = {
  hidden_act: ["silu"],
  use_sliding_window: [false],
  layer_types: ["full_attention"],
  attention_bias: [true],
  mlp_bias: [false],
  partial_rotary_factor: [1],
  qk_norm: [false],
  use_qk_norm: [false],
  quantization_config: [],
};
const ROPE_AS_BUILT: AsBuilt = {
  rope_type: ["default", "mrope"],
  type: ["default", "mrope"],
  mrope_interleaved: [false],
  partial_rotary_factor: [1],
  attention_factor: [1],
  factor: [1],
  low_freq_factor: [],
  high_freq_factor: [],
  short_factor: [],
  long_factor: [],
};
const VISION_AS_BUILT: AsBuilt = {
  qkv_bias: [true],
  rms_norm_eps: [1e-6],
  layer_norm_eps: [1e-6],
  in_channels: [3],
  in_chans: [3],
  deepstack_visual_indexes: [],
  quantization_config: [],
};
const VISION_ROPE_AS_BUILT: AsBuilt = { rope_type: ["axial", "default"], rope_theta: [10000], factor: [1] };

/** Where the rotary settings stand: one of the two objects, which must agree where both are given, or the text model's keys. */
function ropeOf(text: ConfigReader): ConfigReader {
  const given = ["rope_scaling", "rope_parameters"].filter((key) => text.has(key)).map((key) => text.child(key));
  for (const rope of given) rope.only(ROPE_AS_BUILT);
  const [first = text, second = first] = given;
  for (const key of ["mrope_section", "rope_theta"]) {
    second.require(key, !first.has(key) || first.same(key, second), "differs from rope_scaling's");
  }
  return first;
}

function thetaOf(rope: ConfigReader, text: ConfigReader): number {
  const nested = text.has("rope_parameters") ? text.child("rope_parameters") : rope;
  return rope.number("rope_theta", nested.number("rope_theta", text.number("rope_theta", 1e6)));
}

function parseVision(kind: QwenKind, vision: ConfigReader, text: QwenTextConfig): QwenVisionConfig {
  const windowed = kind === "qwen2_5_vl";
  vision.only(VISION_AS_BUILT);
  if (vision.has("rope_parameters")) vision.child("rope_parameters").only(VISION_ROPE_AS_BUILT);
  const depth = vision.integer("depth", 1, 32, "FINE_R1_MAX_LAYERS");
  const embedDim = windowed ? vision.integer("hidden_size", 1, 3584) : vision.integer("embed_dim", 1, 1280);
  const heads = vision.integer("num_heads", 1, 16);
  vision.require("num_heads", embedDim % (4 * heads) === 0, `must divide a quarter of the width ${embedDim}`);
  const outKey = windowed ? "out_hidden_size" : "hidden_size";
  const outHiddenSize = vision.integer(outKey, 1, 3584);
  vision.require(outKey, outHiddenSize === text.hiddenSize, `must be the text model's hidden_size ${text.hiddenSize}`);
  const patchSize = vision.integer("patch_size", 1, 14);
  vision.require(
    "spatial_patch_size",
    vision.integer("spatial_patch_size", 1, patchSize) === patchSize,
    "is not patch_size",
  );
  vision.require(
    "head_dim",
    vision.integer("head_dim", 1, embedDim / heads) === embedDim / heads,
    "is not the width of a head",
  );
  const spatialMergeSize = vision.integer("spatial_merge_size", 1, 2);
  const windowSize = vision.integer("window_size", 1, 112);
  const unit = patchSize * spatialMergeSize;
  vision.require("window_size", !windowed || windowSize >= unit, `must be at least one merged patch, ${unit} pixels`);
  return {
    depth,
    embedDim,
    heads,
    headDim: embedDim / heads,
    mlpWidth: windowed ? vision.integer("intermediate_size", 1, 3420) : embedDim * vision.integer("mlp_ratio", 1, 4),
    hiddenAct: vision.oneOf("hidden_act", ["silu", "quick_gelu", "gelu"] as const, windowed ? "silu" : "quick_gelu"),
    patchSize,
    temporalPatchSize: vision.integer("temporal_patch_size", 1, 2),
    spatialMergeSize,
    inChannels: 3,
    windowSize,
    fullAttentionBlocks: windowed ? wholeBlocks(vision, depth) : Array.from({ length: depth }, (_, block) => block),
    outHiddenSize,
  };
}

/** Blocks that see the whole image. The hub's classes write their own four, in whatever tower: of those some may be beyond a short one. */
function wholeBlocks(vision: ConfigReader, depth: number): readonly number[] {
  const preset = [7, 15, 23, 31];
  const blocks = vision.integers("fullatt_block_indexes", preset);
  const within = blocks.every((block) => block < depth) || blocks.join() === preset.join();
  vision.require("fullatt_block_indexes", within, `must be below depth ${depth}`);
  return blocks;
}
