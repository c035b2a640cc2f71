import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { readJson } from "../../../src/core/files";
import { readHeader } from "../../../src/data/images";
import { QWEN_IMAGE_PROCESSOR, smartResize } from "../../../src/model/qwen/imageProcessor";
import { exportLlamaFactory, exportStage2 } from "../../../src/lab/trainers/write";
import { PythonEnvironment } from "../../pythonEnvironment";
import { newFolder, smokeExport, TOKENIZER } from "../exports";

/** Our exports in LLaMA-Factory 0.9.5 and, for stage 2's rows, in the `datasets` that it brings. */
const here = (file: string): string => path.join(__dirname, file);
const python = new PythonEnvironment({
  folder: "interop/llamafactory",
  requirements: [here("torch.txt"), `no-deps:${here("engine.txt")}`, here("requirements.txt")],
  prepare: here("../cuda_builds_on_cpu.py"),
});
const home = newFolder("llamafactory");

async function check<T>(schema: z.ZodType<T>, ...args: string[]): Promise<T> {
  const printed = await python.run(here("check.py"), args, { DISABLE_VERSION_CHECK: "0", HF_HOME: path.join(home, "hub") }); // prettier-ignore
  const line = printed.split("\n").find((one) => one.startsWith("RESULT ")) ?? "";
  return schema.parse(JSON.parse(line.slice("RESULT ".length)));
}

beforeAll(async () => {
  await python.ensure();
  await python.run(here("../tiny_qwen.py"), [TOKENIZER, path.join(home, "model")]);
});
afterAll(() => {
  fs.rmSync(home, { recursive: true, force: true });
});

describe("LLaMA-Factory 0.9.5 on an export of stage 1", () => {
  interface Exported {
    messages: { content: string }[];
    images: string[];
  }
  const folder = path.join(home, "stage1");
  let records: Exported[] = [];

  beforeAll(async () => {
    await exportLlamaFactory(smokeExport(home, "sft", "stage1"));
    records = readJson(path.join(folder, "stage1.json")) as Exported[];
  });

  it("reads every chain: its words, its picture, and the answer alone to learn", async () => {
    const example = z.object({ tokens: z.int(), imageTokens: z.int(), images: z.array(z.string()), read: z.string(), learnt: z.string() }); // prettier-ignore
    const { template, examples } = await check(z.object({ template: z.string(), examples: z.array(example) }), "data", path.join(folder, "sft.yaml")); // prettier-ignore
    expect(template).toBe("qwen2_vl");
    expect(examples).toHaveLength(20); // smoke: chains for ten seen classes, two pictures each
    for (const [at, { read, learnt, images, imageTokens }] of examples.entries()) {
      const { messages, images: files } = records[at] ?? { messages: [], images: [] };
      const [question = "", chain = ""] = messages.map(({ content }) => content);
      expect(images).toEqual(files.map((file) => path.join(folder, file)));
      const { width, height } = smartResize(await readHeader(images[0] ?? ""), { ...QWEN_IMAGE_PROCESSOR, minPixels: 32 * 32 }); // prettier-ignore
      // a token for each 2 × 2 patches of 14 pixels; LLaMA-Factory itself makes no picture larger than 768² or smaller than 32²
      expect(imageTokens).toBe((width / 28) * (height / 28));
      // the template of the published checkpoints, its own system turn in front
      expect(read).toBe(
        "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n" +
          `<|im_start|>user\n${question.replace("<image>", "<|vision_start|><|vision_end|>")}<|im_end|>\n` +
          `<|im_start|>assistant\n${chain}<|im_end|>\n`,
      );
      expect(learnt).toBe(`${chain}<|im_end|>\n`);
    }
  });

  it("trains a step of the language model, all of it and nothing else", async () => {
    const schema = z.object({ steps: z.int(), losses: z.array(z.number()), moved: z.array(z.string()), all: z.array(z.string()) }); // prettier-ignore
    const { steps, losses, moved, all } = await check(schema, "train", path.join(folder, "sft.yaml"), path.join(home, "trained")); // prettier-ignore
    expect(steps).toBe(1);
    // random weights: near ln 400, the loss of guessing among the model's 400 tokens
    expect(losses).toHaveLength(1);
    expect(Math.abs((losses[0] ?? 0) - Math.log(400))).toBeLessThan(0.5);
    const language = all.filter((name) => !name.includes("visual"));
    expect(language.length).toBeGreaterThan(20);
    expect(moved).toEqual(language);
  });
});

it("datasets reads the released trainer's rows, pictures decoded and of one size", async () => {
  const set = { promptSet: "released", "rl.promptsPerRollout": 32, "rl.promptsPerUpdate": 16 }; // of the forty rows
  await exportStage2("released", smokeExport(home, "rl", "stage2", set));
  const row = z.object({ problem: z.string(), answer: z.string(), sizes: z.array(z.tuple([z.int(), z.int(), z.string()])) }); // prettier-ignore
  const schema = z.object({ datasets: z.string(), features: z.record(z.string(), z.string()), rows: z.array(row) });
  const { datasets, features, rows } = await check(schema, "parquet", path.join(home, "stage2", "data"));
  expect(datasets).toBe("4.0.0");
  expect(Object.keys(features)).toEqual(["images", "image_noisy", "image_aug", "problem", "answer"]);
  expect(features["images"]).toContain("Image(");
  expect(rows).toHaveLength(40); // smoke: four training pictures of each of ten seen classes
  for (const { problem, sizes } of rows) {
    expect(problem).toMatch(/^<image>(bird|car) \?$/u); // the mini-world asks so in any wording
    expect(sizes).toHaveLength(3);
    expect(new Set(sizes.map((size) => size.join())).size).toBe(1);
    expect(sizes[0]?.[2]).toBe("RGB");
  }
});
