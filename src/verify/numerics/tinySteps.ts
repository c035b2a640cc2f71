import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import type { RgbImage } from "../../core/image";
import { Random } from "../../core/random";
import type { LabelledImage } from "../../data/types";
import type { Prompt } from "../../model/contract";
import { QwenModel } from "../../model/qwen/model";
import { writeWordTokenizer } from "../../model/qwen/tokenizerWords";
import type { SftOptions } from "../../sft/options";
import { sft } from "../../sft/train";
import { DEFAULTS, type TapoOptions } from "../../tapo/options";
import type { TapoExample } from "../../tapo/rollouts";
import { tapo } from "../../tapo/train";
import { miniConfig } from "../../miniworld/base/architecture";

const TREES = ["ash", "birch", "cedar", "dogwood"] as const;
const WORDS = [...TREES, "tree", "?", "<think>", "</think>", "<answer>", "</answer>", "one", "two"];
/** A random Qwen2.5-VL's sizes, as small as they can be. */
export const TINY_SIZES = {
  kind: "qwen2_5_vl",
  hiddenSize: 32,
  intermediateSize: 48,
  layers: 2,
  heads: 2,
  kvHeads: 1,
  visionWidth: 16,
  visionDepth: 2,
  visionHeads: 2,
  visionMlp: 32,
  windowSize: 56,
  fullAttentionBlocks: [1],
} as const;
const ALL_PARTS = { tower: true, merger: true, language: true, embeddings: true };

const SFT: SftOptions = {
  epochs: 24,
  batchSize: 4,
  microBatchSize: 2,
  learningRate: 1e-2,
  warmupSteps: 2,
  weightDecay: 0.1,
  maxGradNorm: 1,
  train: ALL_PARTS,
  seed: 1,
};

/** The terms of Eq. 4 as published, over groups of 3 + 3 answers. */
const TAPO: TapoOptions = {
  ...DEFAULTS,
  n1: 3,
  n2: 3,
  promptsPerRollout: 4,
  promptsPerUpdate: 2,
  dynamicSampling: false,
  maxNewTokens: 9,
  epochs: 1,
  learningRate: 1e-3,
  seed: 1,
};

/**
 * Teaches a random model of 20,000 parameters the form of an answer, then trains it with TAPO for one rollout batch of
 * two updates. Sampling turns the last digit of a log-prob into another word, so nothing that differs stays unseen.
 * @returns all weights after either
 */
export async function tinySteps(): Promise<Readonly<Record<"sft" | "tapo", readonly Float32Array[]>>> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "fine-r1-numerics-"));
  const model = QwenModel.initialise(miniConfig(TINY_SIZES, writeWordTokenizer(folder, WORDS)), 1, folder);
  fs.rmSync(folder, { recursive: true });
  const weights = (): Float32Array[] => [...model.parameters.values()].map((v) => v.dataSync<"float32">());
  try {
    const examples = TREES.map((tree, i) => ({
      id: tree,
      prompt: () => Promise.resolve(ask(picture(i, "anchor"))),
      completion: `<think> one </think><answer> ${tree} </answer>`,
    }));
    await sft(model, examples, SFT, { label: "numerics" });
    const afterSft = weights();
    await tapo(model, TREES.map(question), TAPO, { label: "numerics", microBatchSize: 8, train: ALL_PARTS });
    return { sft: afterSft, tapo: weights() };
  } finally {
    model.dispose();
  }
}

function question(tree: string, index: number): TapoExample {
  const image = (which: string): LabelledImage => ({
    id: `${tree}/${which}`,
    subCategory: { id: `tree/${tree}`, name: tree, superCategory: "tree", seen: true },
    load: () => Promise.resolve(picture(index, which)),
  });
  return {
    id: tree,
    triplet: { anchor: image("anchor"), positive: image("positive"), negative: image("negative") },
    answer: tree,
    prompt: (which) => Promise.resolve(ask(picture(index, which))),
  };
}

function ask(image: RgbImage): Prompt {
  return { messages: [{ role: "user", content: "<image> tree ?" }], images: [image] };
}

/** A grey level of its own for each tree, with noise. */
function picture(index: number, which: string): RgbImage {
  const random = new Random(`numerics/${index}/${which}`);
  const data = Uint8Array.from({ length: 3 * 56 * 56 }, () => 40 + 50 * index + random.integer(30));
  return { width: 56, height: 56, data };
}
