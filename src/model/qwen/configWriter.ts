import type { QwenConfig } from "./config";

/**
 * The hub's `config.json` of a configuration, in the flat form of the published checkpoints, which transformers 4 and
 * 5 and vLLM all read. `in_chans` is the published key and `in_channels` the one that the classes read, so both stand.
 */
export function toHfConfig(config: QwenConfig): Record<string, unknown> {
  const { kind, text } = config;
  return {
    architectures: [kind === "qwen2_vl" ? "Qwen2VLForConditionalGeneration" : "Qwen2_5_VLForConditionalGeneration"],
    attention_dropout: 0,
    bos_token_id: config.bosTokenId,
    eos_token_id: config.eosTokenIds[0] ?? null,
    pad_token_id: config.padTokenId,
    image_token_id: config.imageTokenId,
    video_token_id: config.videoTokenId,
    vision_start_token_id: config.visionStartTokenId,
    vision_end_token_id: config.visionEndTokenId,
    hidden_act: "silu",
    hidden_size: text.hiddenSize,
    initializer_range: 0.02,
    intermediate_size: text.intermediateSize,
    max_position_embeddings: text.maxPositionEmbeddings,
    max_window_layers: text.layers,
    model_type: kind,
    num_attention_heads: text.heads,
    num_hidden_layers: text.layers,
    num_key_value_heads: text.kvHeads,
    rms_norm_eps: text.rmsNormEps,
    rope_scaling: { type: "mrope", mrope_section: [...text.mropeSection] },
    rope_theta: text.ropeTheta,
    sliding_window: null,
    tie_word_embeddings: text.tieWordEmbeddings,
    torch_dtype: "float32",
    use_cache: true,
    use_sliding_window: false,
    vision_config: visionConfig(config),
    vocab_size: text.vocabSize,
  };
}

/** The hub's `generation_config.json` of a configuration: greedy, so that no sampling default is implied. */
export function toHfGenerationConfig(config: QwenConfig): Record<string, unknown> {
  const [first, ...others] = config.eosTokenIds;
  return {
    ...(config.bosTokenId === null ? {} : { bos_token_id: config.bosTokenId }),
    ...(config.padTokenId === null ? {} : { pad_token_id: config.padTokenId }),
    ...(first === undefined ? {} : { eos_token_id: others.length > 0 ? [first, ...others] : first }),
    do_sample: false,
  };
}

function visionConfig({ kind, vision }: QwenConfig): Record<string, unknown> {
  const common = {
    depth: vision.depth,
    hidden_act: vision.hiddenAct,
    num_heads: vision.heads,
    in_chans: vision.inChannels,
    in_channels: vision.inChannels,
    patch_size: vision.patchSize,
    spatial_merge_size: vision.spatialMergeSize,
    spatial_patch_size: vision.patchSize,
    temporal_patch_size: vision.temporalPatchSize,
  };
  if (kind === "qwen2_vl") {
    return {
      ...common,
      embed_dim: vision.embedDim,
      hidden_size: vision.outHiddenSize,
      mlp_ratio: vision.mlpWidth / vision.embedDim,
    };
  }
  return {
    ...common,
    hidden_size: vision.embedDim,
    intermediate_size: vision.mlpWidth,
    out_hidden_size: vision.outHiddenSize,
    window_size: vision.windowSize,
    fullatt_block_indexes: [...vision.fullAttentionBlocks],
    tokens_per_second: 2,
  };
}
