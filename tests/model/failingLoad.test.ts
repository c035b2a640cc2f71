import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, expect, it } from "vitest";
import { readJson, writeJson } from "../../src/core/files";
import { withSafetensors, writeSafetensors } from "../../src/core/safetensors";
import { readCheckpointConfig } from "../../src/model/qwen/checkpoint";
import { QWEN_IMAGE_PROCESSOR } from "../../src/model/qwen/imageProcessor";
import { QwenModel, qwenReplicas } from "../../src/model/qwen/model";
import { MiniDualEncoder } from "../../src/model/siglip/dualEncoder";

const BASE = "assets/smoke/base";
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "failing-load-"));
afterAll(() => {
  fs.rmSync(scratch, { recursive: true });
});

/** A copy of a shipped checkpoint; `spoil` makes it one that cannot be loaded. */
function spoilt(name: string, from: string, spoil: (folder: string) => void): string {
  const folder = path.join(scratch, name);
  fs.cpSync(from, folder, { recursive: true });
  spoil(folder);
  return folder;
}

const config = readCheckpointConfig(BASE);
const withoutTokenizer = (name: string, from = BASE): string =>
  spoilt(name, from, (folder) => {
    fs.rmSync(path.join(folder, "tokenizer.json"));
  });

it.each<[what: string, load: () => unknown, reason: RegExp]>([
  [
    "files that do not agree",
    () => {
      const folder = spoilt("merge", BASE, (copy) => {
        const file = path.join(copy, "preprocessor_config.json");
        writeJson(file, { ...(readJson(file) as object), merge_size: 1 });
      });
      return QwenModel.load(folder);
    },
    /merge size/,
  ],
  [
    "NaN in the last weight",
    () => {
      const folder = spoilt("nan", BASE, (copy) => {
        const file = path.join(copy, "model.safetensors");
        const tensors = withSafetensors(file, (opened) =>
          [...opened.tensors].map(([name, { shape }]) => ({ name, shape, data: opened.readFloat32(name) })),
        );
        tensors.find(({ name }) => name === "model.norm.weight")?.data.fill(NaN);
        writeSafetensors(file, tensors);
      });
      return QwenModel.load(folder);
    },
    /holds NaN/,
  ],
  ["a fresh model without a tokenizer", () => QwenModel.initialise(config, 1, withoutTokenizer("fresh")), /tokenizer/],
  [
    "a fresh model whose tokenizer is another's",
    () => QwenModel.initialise({ ...config, imageTokenId: 7 }, 1, BASE),
    /image token/,
  ],
  [
    "a worker's copy without a tokenizer",
    () => {
      const companions = withoutTokenizer("replica");
      return qwenReplicas.make({ config, processor: QWEN_IMAGE_PROCESSOR, companions, suppressTokens: [] });
    },
    /tokenizer/,
  ],
  [
    "a dual encoder without a tokenizer",
    () => MiniDualEncoder.load(withoutTokenizer("siglip", "assets/smoke/siglip")),
    /tokenizer/,
  ],
])("a model that cannot be loaded leaves no tensor behind: %s", async (_, load, reason) => {
  const before = tf.memory().numTensors;
  await expect(Promise.resolve().then(load)).rejects.toThrow(reason);
  expect(tf.memory().numTensors).toBe(before);
});
