import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll } from "vitest";
import type { RgbImage } from "../../src/core/image";
import { Random } from "../../src/core/random";
import type { Prompt } from "../../src/model/contract";
import type { QwenConfig, QwenKind } from "../../src/model/qwen/config";
import { QwenModel } from "../../src/model/qwen/model";
import { writeWordTokenizer } from "../../src/model/qwen/tokenizerWords";

export const WORDS = Array.from({ length: 30 }, (_, i) => `w${i}`);

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "fine-r1-tiny-"));
afterAll(() => {
  fs.rmSync(scratch, { recursive: true, force: true });
});

/** A very small model of either kind; weights are scaled up so that its distributions are far from flat. */
export function tinyModel(kind: QwenKind = "qwen2_5_vl", changes: Partial<QwenConfig["text"]> = {}): QwenModel {
  const folder = fs.mkdtempSync(path.join(scratch, kind));
  const vocabSize = writeWordTokenizer(folder, WORDS);
  const model = QwenModel.initialise(tinyConfig(kind, vocabSize, changes), 11, folder);
  for (const [name, variable] of model.parameters) {
    if (name.endsWith("bias") || variable.rank < 2) continue;
    tf.tidy(() => {
      variable.assign(tf.mul(variable, name.includes("embed_tokens") ? 40 : 8));
    });
  }
  return model;
}

function tinyConfig(kind: QwenKind, vocabSize: number, changes: Partial<QwenConfig["text"]>): QwenConfig {
  const windowed = kind === "qwen2_5_vl";
  return {
    kind,
    text: {
      hiddenSize: 16,
      intermediateSize: 24,
      layers: 2,
      heads: 4,
      kvHeads: 2,
      headDim: 4,
      rmsNormEps: 1e-6,
      ropeTheta: 10000,
      mropeSection: [1, 1, 0],
      vocabSize,
      tieWordEmbeddings: true,
      maxPositionEmbeddings: 128,
      ...changes,
    },
    vision: {
      depth: 2,
      embedDim: 16,
      heads: 2,
      headDim: 8,
      mlpWidth: 32,
      hiddenAct: windowed ? "silu" : "quick_gelu",
      patchSize: 14,
      temporalPatchSize: 2,
      spatialMergeSize: 2,
      inChannels: 3,
      windowSize: 56,
      fullAttentionBlocks: windowed ? [1] : [0, 1],
      outHiddenSize: 16,
    },
    imageTokenId: 5,
    videoTokenId: 6,
    visionStartTokenId: 3,
    visionEndTokenId: 4,
    bosTokenId: null,
    eosTokenIds: [2],
    padTokenId: 0,
  };
}

export function noise(width: number, height: number, seed: string): RgbImage {
  const random = new Random(seed);
  return { width, height, data: Uint8Array.from({ length: 3 * width * height }, () => random.integer(256)) };
}

/** Text only, one image, two images of other sizes, an image at the very end: of different lengths. */
export function variedPrompts(): Prompt[] {
  const say = (content: string, ...images: RgbImage[]): Prompt => ({ messages: [{ role: "user", content }], images });
  return [
    say("w1 w2 w3"),
    say("<image> w4 w5", noise(84, 56, "a")),
    say("w6 <image> w7 <image> w8 w9", noise(56, 56, "b"), noise(84, 84, "c")),
    say("w3"),
  ];
}

/** Random words. */
export function words(count: number, seed: string): number[] {
  const random = new Random(seed);
  return Array.from({ length: count }, () => 8 + random.integer(WORDS.length));
}
