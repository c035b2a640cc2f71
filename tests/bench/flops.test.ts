import { describe, expect, it } from "vitest";
import { forwardFlops, trainFlops } from "../../bench/lib/flops";
import type { QwenConfig } from "../../src/model/qwen/config";

/** Small enough to count by hand. */
const config: QwenConfig = {
  kind: "qwen2_5_vl",
  text: {
    hiddenSize: 8,
    intermediateSize: 16,
    layers: 2,
    heads: 2,
    kvHeads: 1,
    headDim: 4,
    rmsNormEps: 1e-6,
    ropeTheta: 1e4,
    mropeSection: [1, 1, 0],
    vocabSize: 10,
    tieWordEmbeddings: true,
    maxPositionEmbeddings: 64,
  },
  vision: {
    depth: 2,
    embedDim: 4,
    heads: 1,
    headDim: 4,
    mlpWidth: 6,
    hiddenAct: "silu",
    patchSize: 2,
    temporalPatchSize: 2,
    spatialMergeSize: 2,
    inChannels: 3,
    windowSize: 8, // 4 patches a side
    fullAttentionBlocks: [1],
    outHiddenSize: 8,
  },
  imageTokenId: 5,
  videoTokenId: 6,
  visionStartTokenId: 3,
  visionEndTokenId: 4,
  bosTokenId: null,
  eosTokenIds: [2],
  padTokenId: 0,
};

describe("forwardFlops", () => {
  const row = { gridHeight: 6, gridWidth: 4, promptTokens: 10, completionTokens: 3 };

  it("counts the products of tower and language model", () => {
    // Tower, 24 patches: embedding 2·24·(3·2·2²)·4 = 4608.
    // Each block: qkv and output 4·4² = 64, gated MLP 3·4·6 = 72: 2·24·136 = 6528, twice 13056.
    // Attention: block 0 in windows of 4 × 4 and 2 × 4 patches: 16² + 8² = 320 pairs; block 1 all 24² = 576 pairs;
    // scores and mixture 2·2·4 a pair: 16·896 = 14336. Merger, 6 tokens of 16: 2·6·(16² + 16·8) = 4608.
    const tower = 4608 + 13056 + 14336 + 4608;
    // Language model, 13 tokens: q, o 2·8² = 128; k, v 2·8·4 = 64; MLP 3·8·16 = 384: 2·13·576 = 14976 a layer.
    // Attention: 13·14/2 = 91 causal pairs · 4·8 = 2912 a layer. Head: 2·3·8·10 = 480.
    const language = 2 * (14976 + 2912) + 480;
    expect(forwardFlops(config, row)).toBe(tower + language);
  });

  it("counts two matrices in the MLP of Qwen2-VL, and twice as much again backwards", () => {
    const older: QwenConfig = { ...config, kind: "qwen2_vl" };
    // One matrix of 4·6 less in each of two blocks: 2·24·24·2 = 2304.
    expect(forwardFlops(config, row) - forwardFlops(older, row)).toBe(2304);
    expect(trainFlops(config, row)).toBe(3 * forwardFlops(config, row));
  });
});
