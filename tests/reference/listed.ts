import type { QwenConfig } from "../../src/model/qwen/config";

/** The values that check_config.py prints, of a configuration of ours. */
export function listed({ kind, text: t, vision: v, ...ids }: QwenConfig): unknown {
  return {
    kind,
    text: [
      ...[t.hiddenSize, t.intermediateSize, t.layers, t.heads, t.kvHeads, t.rmsNormEps, t.ropeTheta],
      ...[t.mropeSection, t.vocabSize, t.tieWordEmbeddings, t.maxPositionEmbeddings],
    ],
    vision: [
      ...[v.depth, v.embedDim, v.heads, v.mlpWidth, v.hiddenAct, v.patchSize, v.temporalPatchSize],
      ...[v.spatialMergeSize, v.inChannels, v.outHiddenSize],
    ],
    windows: kind === "qwen2_5_vl" ? [v.windowSize, v.fullAttentionBlocks] : null,
    tokens: [
      ...[ids.imageTokenId, ids.videoTokenId, ids.visionStartTokenId, ids.visionEndTokenId],
      ...[ids.bosTokenId, ids.eosTokenIds[0], ids.padTokenId],
    ],
  };
}
