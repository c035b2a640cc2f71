import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readJson, writeJson } from "../../src/core/files";
import type { RgbImage } from "../../src/core/image";
import { withSafetensors, writeSafetensors, type TensorToWrite } from "../../src/core/safetensors";
import { requireAgreement } from "../../src/model/qwen/agreement";
import { readCheckpointConfig, writeWeights } from "../../src/model/qwen/checkpoint";
import { parseQwenConfig, readQwenConfig } from "../../src/model/qwen/config";
import { parseImageProcessorConfig, readImageProcessorConfig } from "../../src/model/qwen/imageProcessorFiles";
import { QwenModel, type QwenOptions } from "../../src/model/qwen/model";
import { QwenTokenizer } from "../../src/model/qwen/tokenizer";
import { weightShapes } from "../../src/model/qwen/weights";

const BASE = "assets/smoke/base";
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "agreement-"));
afterAll(() => {
  fs.rmSync(scratch, { recursive: true });
});

type Json = Record<string, unknown>;

/** A copy of the shipped base. */
function copy(name: string): string {
  const folder = path.join(scratch, name);
  fs.cpSync(BASE, folder, { recursive: true });
  return folder;
}

/** Changes a JSON file of a folder; a value of `undefined` leaves the key out. */
function change(folder: string, file: string, changes: Json): void {
  writeJson(path.join(folder, file), { ...(readJson(path.join(folder, file)) as Json), ...changes });
}

function tensorsOf(folder: string): TensorToWrite[] {
  return withSafetensors(path.join(folder, "model.safetensors"), (file) =>
    [...file.tensors].map(([name, { shape }]) => ({ name, shape, data: file.readFloat32(name) })),
  );
}

async function withModel<T>(folder: string, use: (model: QwenModel) => T | Promise<T>, options?: QwenOptions) {
  const model = await QwenModel.load(folder, options);
  try {
    return await use(model);
  } finally {
    model.dispose();
  }
}

const logProbs = (folder: string): Promise<number[]> =>
  withModel(folder, async (model) => {
    const prompt = { messages: [{ role: "user" as const, content: "bird ?" }], images: [] };
    return (await model.logProbs([{ prompt, tokenIds: [12, 15] }]))[0]!;
  });

describe("a head in the file of a config that ties", () => {
  const headed = (name: string, tied: boolean, factor: (i: number) => number): string => {
    const folder = copy(name);
    const tensors = tensorsOf(BASE).filter((tensor) => tensor.name !== "lm_head.weight");
    const embedding = tensors.find((tensor) => tensor.name === "model.embed_tokens.weight")!;
    const data = (embedding.data as Float32Array).map((value, i) => value * factor(i));
    writeSafetensors(path.join(folder, "model.safetensors"), [
      ...tensors,
      { name: "lm_head.weight", shape: embedding.shape, data },
    ]);
    change(folder, "config.json", { tie_word_embeddings: tied });
    return folder;
  };

  it("of its own is used, as by transformers 5, and saved as what it is", async () => {
    const own = (i: number): number => 1 + (i % 7);
    const [tied, untied] = [headed("tied", true, own), headed("untied", false, own)];
    expect(await logProbs(tied)).toEqual(await logProbs(untied));
    const saved = path.join(scratch, "saved head");
    await withModel(tied, (model) => model.save(saved));
    expect((readJson(path.join(saved, "config.json")) as Json)["tie_word_embeddings"]).toBe(false);
    expect(await logProbs(saved)).toEqual(await logProbs(untied));
  });

  it("that is the embedding over again stays tied", async () => {
    const folder = headed("twice", true, () => 1);
    expect(readCheckpointConfig(folder).text.tieWordEmbeddings).toBe(true);
    expect(await logProbs(folder)).toEqual(await logProbs(BASE));
  });
});

describe("the image processor", () => {
  /** 400 × 300 within 3136 … 12544 pixels: √(400·300/12544) = 3.09; ⌊400/3.09/28⌋ = 4 by ⌊300/3.09/28⌋ = 3 blocks. */
  const picture: RgbImage = { width: 400, height: 300, data: new Uint8Array(360_000) };
  const tokens = (folder: string): Promise<number | undefined> =>
    withModel(folder, (model) => {
      const batch = model.prepareImages([picture]);
      const count = batch?.plan.tokens[0];
      return count;
    });
  const settings = readJson(path.join(BASE, "preprocessor_config.json")) as Json;
  const rest = { ...settings, min_pixels: undefined, max_pixels: undefined };
  const edges = { shortest_edge: 3136, longest_edge: 12544 };

  it.each<[string, Json]>([
    ["size.shortest_edge, size.longest_edge", { ...rest, size: edges }],
    ["size.min_pixels, size.max_pixels", { ...rest, size: { min_pixels: 3136, max_pixels: 12544 } }],
    [
      "min_pixels, max_pixels before a size",
      { ...rest, min_pixels: 3136, max_pixels: 12544, size: { shortest_edge: 1, longest_edge: 2 } },
    ],
  ])("finds its bounds as %s", (_, json) => {
    expect(parseImageProcessorConfig(json)).toMatchObject({ minPixels: 3136, maxPixels: 12544 });
  });

  it("is read from processor_config.json, where transformers 5 saves it, and both files agree when saved again", async () => {
    const folder = copy("version five");
    fs.rmSync(path.join(folder, "preprocessor_config.json"));
    writeJson(path.join(folder, "processor_config.json"), {
      image_processor: { ...rest, size: edges },
      processor_class: "Qwen2_5_VLProcessor",
    });
    expect(await tokens(folder)).toBe(12);
    const saved = path.join(scratch, "version five saved");
    await withModel(folder, (model) => model.save(saved));
    const processor = readJson(path.join(saved, "processor_config.json")) as { image_processor: Json };
    expect(processor.image_processor).toEqual(readJson(path.join(saved, "preprocessor_config.json")));
    expect(processor.image_processor["size"]).toEqual(edges);
    expect(readImageProcessorConfig(saved)).toEqual(readImageProcessorConfig(folder));
  });

  it("of processor_config.json goes before preprocessor_config.json, as in transformers", async () => {
    const folder = copy("both");
    writeJson(path.join(folder, "processor_config.json"), { image_processor: { ...rest, size: edges } });
    expect(await tokens(folder)).toBe(12);
  });

  it.each<[string, Json]>([
    ["do_center_crop", { do_center_crop: true }],
    ["do_pad", { do_pad: true }],
    ["do_rescale", { do_rescale: false }],
    ["resample", { resample: 2 }],
    ["size.height", { size: { height: 28, width: 28 } }],
    ["image_processor_type", { image_processor_type: "CLIPImageProcessor" }],
    ["image_std", { image_std: [0, 1, 1] }],
    ["image_std", { image_std: [0.2, 1e-300, 1] }],
    ["image_std", { rescale_factor: 1e9 }],
    ["patch_size", { patch_size: 1e9 }],
    ["min_pixels", { min_pixels: 2 ** 50 }],
    ["max_pixels", { max_pixels: 1e3 }],
  ])("refuses by name what it cannot do: %s", (key, changes) => {
    expect(() => parseImageProcessorConfig({ ...settings, ...changes })).toThrow(`"${key}"`);
  });

  it("says how the bound on pixels is raised", () => {
    expect(() => parseImageProcessorConfig({ min_pixels: 2 ** 50 })).toThrow(/at most 64000000 .*FINE_R1_MAX_PIXELS/u);
  });
});

describe("a config that asks for more weights than the bound", () => {
  it.each<[string, Json]>([
    ["vocab_size 10¹⁵", { vocab_size: 1e15 }],
    ["intermediate_size 10¹²", { intermediate_size: 1e12 }],
  ])("is refused before anything is allocated: %s", async (name, asked) => {
    const folder = copy(name);
    change(folder, "config.json", asked);
    const before = process.memoryUsage().arrayBuffers;
    const start = performance.now();
    const refusal = new RegExp(
      `${name}: its config asks for \\d+ weights, and at most 100000000000.*FINE_R1_MAX_PARAMETERS`,
      "u",
    );
    expect(() => readCheckpointConfig(folder)).toThrow(refusal);
    await expect(QwenModel.load(folder)).rejects.toThrow(refusal);
    expect(() => weightShapes(readQwenConfig(folder))).toThrow(/FINE_R1_MAX_PARAMETERS/u); // the door of every other loader
    expect(performance.now() - start).toBeLessThan(1000);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10_000_000);
  });
});

describe("files that do not belong together", () => {
  it("are named: another patch size, another merge, another image token", async () => {
    const patches = copy("patches");
    change(patches, "preprocessor_config.json", { patch_size: 16 });
    await expect(QwenModel.load(patches)).rejects.toThrow(
      /the patch_size is 14 in config.json and 16 in the image processor/u,
    );
    const merge = copy("merge");
    change(merge, "preprocessor_config.json", { merge_size: 1 });
    await expect(QwenModel.load(merge)).rejects.toThrow(/the merge size is 2 .* and 1/u);
    const token = copy("token");
    change(token, "config.json", { image_token_id: 6, video_token_id: 5 });
    await expect(QwenModel.load(token)).rejects.toThrow(/the image token is 6 in config.json and 5 in the tokenizer/u);
  });

  it("are refused: an index that names what is no file of the folder", async () => {
    for (const [i, name] of ["../model.safetensors", "", ".", "a/b.safetensors", 5].entries()) {
      const folder = copy(`index ${i}`);
      fs.rmSync(path.join(folder, "model.safetensors"));
      writeJson(path.join(folder, "model.safetensors.index.json"), { weight_map: { "model.norm.weight": name } });
      await expect(QwenModel.load(folder)).rejects.toThrow(/index\.json: (names .*which is no file|"weight_map)/u);
    }
  });

  it("weights that hold NaN are refused by name when they are loaded", async () => {
    const folder = copy("nan");
    const tensors = tensorsOf(folder);
    (tensors.find(({ name }) => name === "model.norm.weight")!.data as Float32Array)[3] = NaN;
    writeSafetensors(path.join(folder, "model.safetensors"), tensors);
    await expect(QwenModel.load(folder)).rejects.toThrow(
      /model\.safetensors: tensor "model\.norm\.weight" holds NaN at place 3/u,
    );
  });

  it("a model that has been ruined answers nothing, and is not saved", async () => {
    await withModel(BASE, async (model) => {
      const norm = model.parameters.get("model.norm.weight")!;
      const ruined = norm.mul(NaN);
      norm.assign(ruined);
      ruined.dispose();
      const prompt = { messages: [{ role: "user" as const, content: "bird ?" }], images: [] };
      for (const temperature of [0, 1]) {
        const asked = model.generate([prompt], { samples: 2, maxNewTokens: 4, temperature, topP: 0.9, seed: 1 });
        await expect(asked).rejects.toThrow(/gives the log-probability NaN to token 0 of an answer/u);
      }
      await expect(model.logProbs([{ prompt, tokenIds: [12, 15] }])).rejects.toThrow(/NaN to token 0 of answer 0/u);
      const folder = path.join(scratch, "never");
      await expect(model.save(folder)).rejects.toThrow(/"model\.norm\.weight" holds NaN/u);
      expect(fs.existsSync(folder)).toBe(false);
    });
  });
});

it("a sharded checkpoint is the model that the one file is", async () => {
  const folder = copy("shards");
  fs.rmSync(path.join(folder, "model.safetensors"));
  writeWeights(folder, tensorsOf(BASE), 200_000);
  expect(fs.readdirSync(folder).filter((name) => name.startsWith("model-")).length).toBeGreaterThan(2);
  expect(await logProbs(folder)).toEqual(await logProbs(BASE));
});

describe("a tokenizer of another checkpoint", () => {
  it.each<[string, Json, RegExp]>([
    [
      "whose words are more than the weights have rows",
      { vocab_size: 74 },
      /largest id is 74, and the vocab_size of config\.json 74/,
    ],
    [
      "whose image token is another",
      { image_token_id: 7 },
      /the image token is 7 in config\.json and 5 in the tokenizer/,
    ],
    [
      "whose mark before a picture is another",
      { vision_start_token_id: 7 },
      /first token of a picture is 7 .* and 3 in/,
    ],
  ])("%s is refused", (_, changes, reason) => {
    const config = parseQwenConfig({ ...(readJson(path.join(BASE, "config.json")) as Json), ...changes });
    const tokenizer = QwenTokenizer.load(BASE);
    expect(() => {
      requireAgreement({ config, tokenizer, processor: readImageProcessorConfig(BASE)! }, BASE);
    }).toThrow(reason);
  });
});
