import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { LabError } from "../../src/core/errors";
import { readJson } from "../../src/core/files";
import { parseQwenConfig, readQwenConfig } from "../../src/model/qwen/config";
import { toHfConfig, toHfGenerationConfig } from "../../src/model/qwen/configWriter";
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

describe("keys that change the result", () => {
  const rope = qwen25vl3b.rope_scaling;
  it.each<[string, Record<string, unknown>]>([
    ["attention_bias", { attention_bias: false }],
    ["layer_types", { layer_types: ["full_attention", "sliding_attention"] }],
    ["head_dim", { head_dim: 64 }],
    ["quantization_config", { quantization_config: { bits: 4 } }],
    ["rope_scaling.rope_type", { rope_scaling: { ...rope, rope_type: "linear" } }],
    ["rope_scaling.factor", { rope_scaling: { ...rope, factor: 2 } }],
    ["rope_scaling.mrope_interleaved", { rope_scaling: { ...rope, mrope_interleaved: true } }],
    ["rope_parameters.mrope_section", { rope_parameters: { mrope_section: [32, 16, 16] } }],
    [
      "rope_parameters.rope_theta",
      { rope_scaling: { ...rope, rope_theta: 1e4 }, rope_parameters: { ...rope, rope_theta: 1e6 } },
    ],
    ["vision_config.hidden_act", { vision_config: { ...qwen25vl3b.vision_config, hidden_act: "relu" } }],
    ["vision_config.in_chans", { vision_config: { ...qwen25vl3b.vision_config, in_chans: 1 } }],
    ["vision_config.rms_norm_eps", { vision_config: { ...qwen25vl3b.vision_config, rms_norm_eps: 1e-5 } }],
    ["vision_config.spatial_patch_size", { vision_config: { ...qwen25vl3b.vision_config, spatial_patch_size: 16 } }],
    [
      "vision_config.rope_parameters.rope_theta",
      { vision_config: { ...qwen25vl3b.vision_config, rope_parameters: { rope_theta: 5e5 } } },
    ],
    ["vision_config.qkv_bias", { vision_config: { ...qwen25vl3b.vision_config, qkv_bias: false } }],
  ])("refuses another %s by name", (key, changes) => {
    expect(() => parseQwenConfig({ ...qwen25vl3b, ...changes })).toThrow(`"${key}"`);
  });

  it("uses rope_theta wherever it stands", () => {
    const rest = { ...qwen25vl3b, rope_theta: undefined };
    const thetas = [
      { ...rest, rope_theta: 5e5 },
      { ...rest, rope_scaling: { ...rope, rope_theta: 5e5 } },
      { ...rest, rope_scaling: undefined, rope_parameters: { ...rope, rope_theta: 5e5 } },
      { ...rest, rope_parameters: { ...rope, rope_theta: 5e5 } }, // beside a rope_scaling that says nothing of it
    ].map((json) => parseQwenConfig(json).text.ropeTheta);
    expect(thetas).toEqual([5e5, 5e5, 5e5, 5e5]);
  });
});

describe("what cannot be used", () => {
  const change = (changes: Record<string, unknown>): unknown => ({ ...qwen25vl3b, ...changes });
  const vision = (changes: object): unknown => change({ vision_config: { ...qwen25vl3b.vision_config, ...changes } });
  it.each<[string, unknown, RegExp]>([
    ["another model", change({ model_type: "llava" }), /"model_type" must be one of.*found "llava"/],
    ["a missing width", change({ hidden_size: undefined }), /"hidden_size" must be an integer.*found nothing/],
    ["a text for a number", change({ vocab_size: "many" }), /"vocab_size".*found "many"/],
    ["sliding windows", change({ use_sliding_window: true }), /"use_sliding_window" must be false/],
    ["another activation", change({ hidden_act: "gelu" }), /"hidden_act" must be "silu"/],
    [
      "other positions",
      change({ rope_scaling: { type: "yarn", factor: 4 } }),
      /"rope_scaling\.type" must be "default" or "mrope".*found "yarn"/,
    ],
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
    [
      "an epsilon that leaves no signal",
      change({ rms_norm_eps: 1e300 }),
      /"rms_norm_eps" must be below 1; found 1e\+300/,
    ],
    [
      "a block beyond the tower",
      vision({ fullatt_block_indexes: [7, 99] }),
      /fullatt_block_indexes" must be below depth 32; found \[7,99\]/,
    ],
    [
      "an end beyond the vocabulary",
      change({ eos_token_id: 1e9 }),
      /"eos_token_id" must be below vocab_size 151936; found 1000000000/,
    ],
    [
      "a billion blocks",
      change({ num_hidden_layers: 1e9 }),
      /is 1000000000, and at most 1000 are taken.*FINE_R1_MAX_LAYERS/,
    ],
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

  it("an end of generation_config.json beyond the vocabulary: names that file", () => {
    const folder = fs.mkdtempSync(path.join(scratch, "ends-"));
    fs.writeFileSync(path.join(folder, "config.json"), JSON.stringify(qwen25vl3b));
    fs.writeFileSync(path.join(folder, "generation_config.json"), JSON.stringify({ eos_token_id: [151645, 151936] }));
    expect(() => readQwenConfig(folder)).toThrow(/generation_config\.json: "eos_token_id" must be below vocab_size/);
  });

  it("is not the published blocks of a tower that was made shorter: the hub's classes keep them", () => {
    expect(parseQwenConfig(vision({ depth: 8 })).vision.fullAttentionBlocks).toEqual([7, 15, 23, 31]);
  });
});
