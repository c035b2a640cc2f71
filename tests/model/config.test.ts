import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { LabError } from "../../src/core/errors";
import { readJson } from "../../src/core/files";
import { parseQwenConfig, readQwenConfig, toHfConfig, toHfGenerationConfig } from "../../src/model/qwen/config";
import { qwen25vl3b, qwen2vl2b } from "./configSamples";

const golden = path.resolve(__dirname, "../reference/golden");
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "config-"));
afterAll(() => {
  fs.rmSync(scratch, { recursive: true });
});

describe("published, flat configurations", () => {
  it("reads Qwen2.5-VL-3B", () => {
    const config = parseQwenConfig(qwen25vl3b);
    expect(config).toMatchObject({ kind: "qwen2_5_vl", imageTokenId: 151655, eosTokenIds: [151645], padTokenId: null });
    // 2048 / 16 heads = 128; 16 + 24 + 24 = 64 rotary pairs.
    expect(config.text).toMatchObject({
      headDim: 128,
      kvHeads: 2,
      mropeSection: [16, 24, 24],
      tieWordEmbeddings: true,
    });
    expect(config.vision).toMatchObject({ embedDim: 1280, headDim: 80, mlpWidth: 3420, outHiddenSize: 2048 });
    expect(config.vision).toMatchObject({ windowSize: 112, fullAttentionBlocks: [7, 15, 23, 31], inChannels: 3 });
  });

  it("reads Qwen2-VL-2B", () => {
    const config = parseQwenConfig(qwen2vl2b);
    // The tower's MLP is mlp_ratio 4 times its width 1280; every one of its 32 blocks sees the whole image.
    expect(config.vision).toMatchObject({
      embedDim: 1280,
      mlpWidth: 5120,
      hiddenAct: "quick_gelu",
      outHiddenSize: 1536,
    });
    expect(config.vision.fullAttentionBlocks).toHaveLength(32);
  });
});

describe("nested configurations of newer saves", () => {
  it.each(["qwen2_vl", "qwen2_5_vl"] as const)("reads %s", (kind) => {
    const config = readQwenConfig(path.join(golden, `${kind}_tiny`));
    expect(config).toMatchObject({ kind, imageTokenId: 194, bosTokenId: 1, eosTokenIds: [2], padTokenId: 0 });
    expect(config.text).toEqual({
      hiddenSize: 32,
      intermediateSize: 48,
      layers: 2,
      heads: 4,
      kvHeads: 2,
      headDim: 8,
      rmsNormEps: 1e-6,
      ropeTheta: 1e6,
      mropeSection: [2, 1, 1],
      vocabSize: 199,
      tieWordEmbeddings: true,
      maxPositionEmbeddings: 512,
    });
    // Qwen2-VL: mlp_ratio 2 × embed_dim 32; Qwen2.5-VL: intermediate_size 40.
    expect(config.vision.mlpWidth).toBe(kind === "qwen2_vl" ? 64 : 40);
  });
});

describe("writing", () => {
  it.each([
    ["flat", qwen25vl3b],
    ["flat", qwen2vl2b],
    ["nested", readJson(path.join(golden, "qwen2_vl_tiny/config.json"))],
    ["nested", readJson(path.join(golden, "qwen2_5_vl_tiny/config.json"))],
  ])("gives back what was read (%s)", (_, json) => {
    const config = parseQwenConfig(json);
    expect(parseQwenConfig(JSON.parse(JSON.stringify(toHfConfig(config))))).toEqual(config);
  });

  it("keeps all end tokens in generation_config.json", () => {
    const config = { ...parseQwenConfig(qwen25vl3b), eosTokenIds: [151645, 151643], padTokenId: 151643 };
    fs.writeFileSync(path.join(scratch, "config.json"), JSON.stringify(toHfConfig(config)));
    fs.writeFileSync(path.join(scratch, "generation_config.json"), JSON.stringify(toHfGenerationConfig(config)));
    expect(readQwenConfig(scratch)).toEqual(config);
  });
});

describe("what cannot be used", () => {
  const change = (changes: Record<string, unknown>): unknown => ({ ...qwen25vl3b, ...changes });
  it.each<[string, unknown, RegExp]>([
    ["another model", change({ model_type: "llava" }), /"model_type" must be one of.*found "llava"/],
    ["a missing width", change({ hidden_size: undefined }), /"hidden_size" must be an integer.*found nothing/],
    ["a text for a number", change({ vocab_size: "many" }), /"vocab_size".*found "many"/],
    ["sliding windows", change({ use_sliding_window: true }), /sliding windows are not supported/],
    ["another activation", change({ hidden_act: "gelu" }), /"hidden_act" must be "silu"/],
    ["other positions", change({ rope_scaling: { type: "yarn", factor: 4 } }), /"yarn" is not supported/],
    ["no sections", change({ rope_scaling: { type: "mrope" } }), /"rope_scaling.mrope_section"/],
    [
      "sections of another head",
      change({ rope_scaling: { type: "mrope", mrope_section: [8, 8, 8] } }),
      /half the head, 64/,
    ],
    ["uneven heads", change({ num_attention_heads: 15 }), /must divide hidden_size 2048/],
    ["uneven groups", change({ num_key_value_heads: 3 }), /must divide num_attention_heads 16/],
    ["no tower", change({ vision_config: undefined }), /"vision_config" must be an object/],
    [
      "another merger",
      change({ vision_config: { ...qwen25vl3b.vision_config, out_hidden_size: 9 } }),
      /must be the text model's/,
    ],
    ["a list", [1, 2], /not a JSON object/],
  ])("%s: an error with file, key and remedy", (_, json, reason) => {
    let thrown: unknown;
    try {
      parseQwenConfig(json, "some/config.json");
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(LabError);
    expect((thrown as LabError).subject).toBe("some/config.json");
    expect((thrown as LabError).message).toMatch(reason);
  });
});
