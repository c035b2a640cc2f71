import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import type * as tf from "@tensorflow/tfjs-core";
import type { RgbImage } from "../../src/core/image";
import { Random } from "../../src/core/random";
import { miniConfig } from "../../src/miniworld/base/architecture";
import type { Prompt } from "../../src/model/contract";
import { QwenModel } from "../../src/model/qwen/model";
import { writeWordTokenizer } from "../../src/model/qwen/tokenizerWords";
import type { Workers } from "../../src/workers/job";
import { TINY_SIZES } from "../../src/verify/numerics/tinySteps";
import type { SftOptions } from "../../src/sft/options";
import type { SftExample } from "../../src/sft/train";

/** The words of the tiny policy; the first four are its answers. */
export const ANSWERS = ["ash", "birch", "cedar", "dogwood"] as const;
const WORDS = [...ANSWERS, "tree", "?", "<think>", "</think>", "<answer>", "</answer>", "one", "two", "three", "four"];

/** A random Qwen2.5-VL of 20,000 parameters over a word vocabulary. The same seed gives the same weights. */
export function tinyPolicy(seed = 5): QwenModel {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "fine-r1-policy-"));
  const model = policyIn(folder, seed);
  fs.rmSync(folder, { recursive: true });
  return model;
}

/** The tiny policy with its tokenizer in a folder that stays, for workers to read. */
export function policyIn(folder: string, seed = 5, workers?: Workers): QwenModel {
  return QwenModel.initialise(miniConfig(TINY_SIZES, writeWordTokenizer(folder, WORDS)), seed, folder, { workers });
}

/** A picture of one grey level with some noise; the same object for the same arguments, as datasets give it. */
export function picture(level: number, name: string): RgbImage {
  const key = `${level}/${name}`;
  const known = pictures.get(key);
  if (known !== undefined) return known;
  const random = new Random(key);
  const data = Uint8Array.from({ length: 3 * 56 * 56 }, () => Math.max(0, Math.min(255, level + random.normal(0, 20))));
  const image = { width: 56, height: 56, data };
  pictures.set(key, image);
  return image;
}
const pictures = new Map<string, RgbImage>();

export function ask(image: RgbImage, words = "tree ?"): Prompt {
  return { messages: [{ role: "user", content: `<image> ${words}` }], images: [image] };
}

/** `count` pictures of different brightness, with answers of one to four words. */
export function toyExamples(count: number): SftExample[] {
  return Array.from({ length: count }, (_, i) => {
    const prompt = ask(picture((255 * i) / count, `toy ${i}`), ["tree ?", "one tree ?", "?"][i % 3]);
    const words = Array.from({ length: 1 + (i % 4) }, (_unused, k) => ANSWERS[(i + k) % 4] as string);
    return { id: `toy ${i}`, prompt: () => Promise.resolve(prompt), completion: words.join(" ") };
  });
}

export const SFT: SftOptions = {
  epochs: 2,
  batchSize: 4,
  microBatchSize: 2,
  learningRate: 1e-2,
  warmupSteps: 1,
  weightDecay: 0.1,
  maxGradNorm: 1,
  train: { tower: false, merger: false, language: true, embeddings: true },
  seed: 3,
};

/** All weights, by name. */
export function weightsOf(model: { readonly parameters: ReadonlyMap<string, tf.Variable> }): Map<string, number[]> {
  return new Map([...model.parameters].map(([name, variable]) => [name, [...variable.dataSync()]]));
}
