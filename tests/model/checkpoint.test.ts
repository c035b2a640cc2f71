import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { LabError } from "../../src/core/errors";
import { withSafetensors, writeSafetensors } from "../../src/core/safetensors";
import {
  copyCompanions,
  publishedName,
  readWeights,
  writeCheckpoint,
  writeWeights,
  type Weight,
} from "../../src/model/qwen/checkpoint";
import { readQwenConfig } from "../../src/model/qwen/config";
import { QWEN_IMAGE_PROCESSOR } from "../../src/model/qwen/imageProcessor";
import { readImageProcessorConfig } from "../../src/model/qwen/imageProcessorFiles";

const golden = path.resolve(__dirname, "../reference/golden/qwen2_5_vl_tiny");
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "checkpoint-"));
afterAll(() => {
  fs.rmSync(scratch, { recursive: true });
});
let made = 0;
function emptyFolder(): string {
  const folder = path.join(scratch, String(made++));
  fs.mkdirSync(folder);
  return folder;
}

const weights: Weight[] = [
  { name: "model.embed_tokens.weight", shape: [4, 2], data: Float32Array.from({ length: 8 }, (_, i) => i) },
  { name: "model.norm.weight", shape: [2], data: Float32Array.of(1, 2) },
  { name: "visual.merger.ln_q.weight", shape: [3], data: Float32Array.of(5, 6, 7) },
];
const shapes = new Map(weights.map(({ name, shape }) => [name, shape]));
const sorted = (list: Iterable<Weight>): Weight[] => [...list].sort((a, b) => a.name.localeCompare(b.name));

describe("reading", () => {
  it("reads every weight of a real checkpoint once", () => {
    const file = path.join(golden, "model.safetensors");
    const expected = withSafetensors(file, ({ tensors }) => new Map([...tensors].map(([n, { shape }]) => [n, shape])));
    const read = [...readWeights(golden, expected)];
    expect(read.map(({ name }) => name).sort()).toEqual([...expected.keys()].sort());
    expect(read.every(({ data, shape }) => data.length === shape.reduce((a, b) => a * b, 1))).toBe(true);
  });

  it("maps the names of newer saves to the published ones", () => {
    expect(publishedName("model.language_model.layers.0.mlp.up_proj.weight")).toBe("model.layers.0.mlp.up_proj.weight");
    expect(publishedName("model.visual.blocks.1.norm1.weight")).toBe("visual.blocks.1.norm1.weight");
    for (const name of ["lm_head.weight", "model.norm.weight", "visual.patch_embed.proj.weight"]) {
      expect(publishedName(name)).toBe(name);
    }
    const folder = emptyFolder();
    const nested = weights.map((weight) => ({
      ...weight,
      name: weight.name.startsWith("visual")
        ? `model.${weight.name}`
        : weight.name.replace("model.", "model.language_model."),
    }));
    writeSafetensors(path.join(folder, "model.safetensors"), nested);
    expect(sorted(readWeights(folder, shapes))).toEqual(sorted(weights));
  });

  it("passes over the copy of a tied head, but reads a head of its own", () => {
    const folder = emptyFolder();
    const head = { name: "lm_head.weight", shape: [4, 2], data: new Float32Array(8).fill(9) };
    writeWeights(folder, [...weights, head]);
    expect(sorted(readWeights(folder, shapes))).toEqual(sorted(weights));
    const untied = new Map([...shapes, ["lm_head.weight", [4, 2]]] as const);
    expect(sorted(readWeights(folder, untied))).toEqual(sorted([...weights, head]));
  });
});

describe("sharded checkpoints", () => {
  it("round-trip, with an index as on the hub, and report a missing shard before anything is read", () => {
    const folder = emptyFolder();
    // 32, 8 and 12 bytes; at most 40 a file gives two files.
    writeWeights(folder, weights, 40);
    const names = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
    expect(fs.readdirSync(folder).sort()).toEqual([...names, "model.safetensors.index.json"]);
    const index = JSON.parse(fs.readFileSync(path.join(folder, "model.safetensors.index.json"), "utf8")) as unknown;
    expect(index).toEqual({
      metadata: { total_size: 52 },
      weight_map: {
        "model.embed_tokens.weight": names[0],
        "model.norm.weight": names[0],
        "visual.merger.ln_q.weight": names[1],
      },
    });
    expect(sorted(readWeights(folder, shapes))).toEqual(sorted(weights));
    fs.rmSync(path.join(folder, names[1]!));
    expect(() => readWeights(folder, shapes).next()).toThrow(/00002-of-00002.safetensors: is missing/);
  });
});

describe("checkpoints that do not fit", () => {
  it.each<[string, Weight[], RegExp]>([
    ["a missing tensor", weights.slice(1), /lacks the tensor "model.embed_tokens.weight"/],
    [
      "several missing",
      [],
      /lacks the tensors "model.embed_tokens.weight", "model.norm.weight", "visual.merger.ln_q.weight"/,
    ],
    ["a foreign tensor", [...weights, { name: "model.extra", shape: [1], data: Float32Array.of(1) }], /"model.extra"/],
    ["another shape", [{ ...weights[0]!, shape: [2, 4] }, ...weights.slice(1)], /has shape \[2, 4\].*\[4, 2\]/],
    [
      "the same tensor twice",
      [...weights, { ...weights[1]!, name: "model.language_model.norm.weight" }],
      /second time/,
    ],
  ])("%s: an error that names file and tensor", (_, list, reason) => {
    const folder = emptyFolder();
    writeWeights(folder, list);
    let thrown: unknown;
    try {
      readWeights(folder, shapes).next();
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(LabError);
    expect((thrown as LabError).subject).toContain(folder);
    expect((thrown as LabError).message).toMatch(reason);
  });

  it("says that a folder holds no weights", () => {
    expect(() => readWeights(emptyFolder(), shapes).next()).toThrow(/holds neither model.safetensors nor/);
  });
});

describe("writing a whole checkpoint", () => {
  it("writes config, weights and settings, and takes companions along, even over their own folder", async () => {
    const source = emptyFolder();
    copyCompanions(golden, source);
    const config = readQwenConfig(golden);
    fs.writeFileSync(path.join(source, "tokenizer.json"), "{}");
    await writeCheckpoint(source, { config, weights, companions: source, imageProcessor: QWEN_IMAGE_PROCESSOR });
    expect(fs.readdirSync(source).sort()).toEqual([
      "config.json",
      "generation_config.json",
      "model.safetensors",
      "preprocessor_config.json",
      "tokenizer.json",
    ]);
    expect(readQwenConfig(source)).toEqual(config);
    expect(readImageProcessorConfig(source)).toEqual(QWEN_IMAGE_PROCESSOR);
    expect(sorted(readWeights(source, shapes))).toEqual(sorted(weights));
  });

  it.each([
    ["notes.txt", /holds "notes\.txt", which is no file of a model, and would be replaced\. Choose another folder/],
    ["config.json", /holds files that are no whole model/],
  ])("replaces no folder but a model's: one with %s stays as it is", async (name, reason) => {
    const folder = emptyFolder();
    const config = readQwenConfig(golden);
    if (name !== "config.json") await writeCheckpoint(folder, { config, weights });
    fs.writeFileSync(path.join(folder, name), "{}");
    const before = fs.readdirSync(folder);
    await expect(writeCheckpoint(folder, { config, weights })).rejects.toThrow(reason);
    expect(fs.readdirSync(folder)).toEqual(before);
  });

  it("leaves the old checkpoint when writing fails", async () => {
    const folder = emptyFolder();
    const config = readQwenConfig(golden);
    await writeCheckpoint(folder, { config, weights });
    const failing = {
      name: "model.norm.weight",
      shape: [2],
      data: (): Float32Array => {
        throw new Error("killed");
      },
    };
    await expect(writeCheckpoint(folder, { config, weights: [weights[0]!, failing] })).rejects.toThrow(/killed/);
    expect(sorted(readWeights(folder, shapes))).toEqual(sorted(weights));
    expect(fs.readdirSync(scratch).filter((name) => name.includes(".tmp-"))).toEqual([]);
  });
});
