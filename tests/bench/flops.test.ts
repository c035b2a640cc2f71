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
  const one = { gridHeight: 6, gridWidth: 4, prompts: 1, rowsPerPrompt: 1, promptTokens: 11, completionTokens: 3 };
  // Tower, 24 patches: embedding 2·24·(3·2·2²)·4 = 4608.
  // Each block: qkv and output 4·4² = 64, gated MLP 3·4·6 = 72: 2·24·136 = 6528, twice 13056.
  // Attention: block 0 in windows of 4 × 4 and 2 × 4 patches: 16² + 8² = 320 pairs; block 1 all 24² = 576 pairs;
  // scores and mixture 2·2·4 a pair: 16·896 = 14336. Merger, 6 tokens of 16: 2·6·(16² + 16·8) = 4608.
  const tower = 4608 + 13056 + 14336 + 4608;
  // Language model, a token: q, o 2·8² = 128; k, v 2·8·4 = 64; MLP 3·8·16 = 384: 2·576 = 1152 a layer.
  const token = 1152;
  const pair = 4 * 8;
  const logits = 2 * 8 * 10;

  it("counts the products of tower and language model", () => {
    // The prompt's last token is fed with the answer, whose last token is not: 10 + 3 tokens, 13·14/2 = 91 causal pairs.
    expect(forwardFlops(config, one)).toBe(tower + 2 * (13 * token + 91 * pair) + 3 * logits);
  });

  it("counts once what the answers to a prompt share", () => {
    // 2 prompts, 4 answers to each. Context: 2 · 10 tokens, 2 · 55 pairs. Answers: 8 · 3 tokens, which see 10 and 1, 2, 3: 8·36 pairs.
    const shape = { ...one, prompts: 2, rowsPerPrompt: 4 };
    const language = 2 * ((20 + 24) * token + (110 + 288) * pair) + 24 * logits;
    expect(forwardFlops(config, shape)).toBe(2 * tower + language);
    expect(trainFlops(config, shape, true)).toBe(3 * (2 * tower + language));
    expect(trainFlops(config, shape, false)).toBe(2 * tower + 3 * language);
  });

  it("counts two matrices in the MLP of Qwen2-VL", () => {
    const older: QwenConfig = { ...config, kind: "qwen2_vl" };
    // One matrix of 4·6 less in each of two blocks: 2·24·24·2 = 2304.
    expect(forwardFlops(config, one) - forwardFlops(older, one)).toBe(2304);
  });
});
