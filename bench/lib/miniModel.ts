import type { QwenConfig } from "../../src/model/qwen/config";

/** The words of the bench's tokenizer, one token each; with the special tokens they make the mini model's vocabulary. */
const WORDS = 195;
export const BENCH_WORDS: readonly string[] = Array.from({ length: WORDS }, (_, i) => `w${i}`);

/** A Qwen2.5-VL of the mini model's size; `tiny` is the smallest that still has every kind of layer. */
export function benchConfig(size: "mini" | "tiny", vocabSize: number): QwenConfig {
  const mini = size === "mini";
  const width = mini ? 128 : 32;
  return {
    kind: "qwen2_5_vl",
    text: {
      hiddenSize: width,
      intermediateSize: mini ? 352 : 48,
      layers: mini ? 5 : 1,
      heads: mini ? 4 : 1,
      kvHeads: mini ? 2 : 1,
      headDim: 32,
      rmsNormEps: 1e-6,
      ropeTheta: 1e4,
      mropeSection: [4, 6, 6],
      vocabSize,
      tieWordEmbeddings: true,
      maxPositionEmbeddings: 512,
    },
    vision: {
      depth: mini ? 4 : 2,
      embedDim: mini ? 96 : 32,
      heads: mini ? 3 : 1,
      headDim: 32,
      mlpWidth: mini ? 192 : 48,
      hiddenAct: "silu",
      patchSize: 14,
      temporalPatchSize: 2,
      spatialMergeSize: 2,
      inChannels: 3,
      windowSize: 56,
      fullAttentionBlocks: mini ? [1, 3] : [1],
      outHiddenSize: width,
    },
    imageTokenId: 5,
    videoTokenId: 6,
    visionStartTokenId: 3,
    visionEndTokenId: 4,
    bosTokenId: null,
    eosTokenIds: [2],
    padTokenId: 0,
  };
}
