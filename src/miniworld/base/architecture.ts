import type { QwenConfig } from "../../model/qwen/config";
import { WORD_SPECIAL_TOKENS } from "../../model/qwen/tokenizerWords";
import type { MiniModelSizes } from "./config";

/** The configuration of a mini model over a word vocabulary. @param vocabSize special tokens included */
export function miniConfig(sizes: MiniModelSizes, vocabSize: number): QwenConfig {
  const headDim = sizes.hiddenSize / sizes.heads;
  const id = (token: (typeof WORD_SPECIAL_TOKENS)[number]): number => WORD_SPECIAL_TOKENS.indexOf(token);
  const height = Math.round((headDim / 2) * 0.375); // the published checkpoints' 16 : 24 : 24
  return {
    kind: sizes.kind,
    text: {
      hiddenSize: sizes.hiddenSize,
      intermediateSize: sizes.intermediateSize,
      layers: sizes.layers,
      heads: sizes.heads,
      kvHeads: sizes.kvHeads,
      headDim,
      rmsNormEps: 1e-6,
      ropeTheta: 10_000, // sequences are short
      mropeSection: [headDim / 2 - 2 * height, height, height],
      vocabSize,
      tieWordEmbeddings: true,
      maxPositionEmbeddings: 512,
    },
    vision: {
      depth: sizes.visionDepth,
      embedDim: sizes.visionWidth,
      heads: sizes.visionHeads,
      headDim: sizes.visionWidth / sizes.visionHeads,
      mlpWidth: sizes.visionMlp,
      hiddenAct: sizes.kind === "qwen2_vl" ? "quick_gelu" : "silu",
      patchSize: 14,
      temporalPatchSize: 2,
      spatialMergeSize: 2,
      inChannels: 3,
      windowSize: sizes.windowSize,
      fullAttentionBlocks:
        sizes.kind === "qwen2_vl" ? Array.from({ length: sizes.visionDepth }, (_, i) => i) : sizes.fullAttentionBlocks,
      outHiddenSize: sizes.hiddenSize,
    },
    imageTokenId: id("<|image_pad|>"),
    videoTokenId: id("<|video_pad|>"),
    visionStartTokenId: id("<|vision_start|>"),
    visionEndTokenId: id("<|vision_end|>"),
    bosTokenId: null,
    eosTokenIds: [id("<|im_end|>")],
    padTokenId: id("<|endoftext|>"),
  };
}
