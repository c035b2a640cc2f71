import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { PortableDecoder } from "../../src/model/qwen/decoderPortable";
import type { QwenModel } from "../../src/model/qwen/model";
import { noise, tinyModel, variedPrompts, words } from "./qwenFixture";

/** A model whose passes fail half way, as one does that runs out of memory: a weight is gone. */
function broken(weight: string): QwenModel {
  const model = tinyModel();
  model.parameters.get(weight)?.dispose();
  return model;
}

const options = { samples: 2, maxNewTokens: 4, temperature: 1, topP: 1, seed: 5 };
const endsInImage = { messages: [{ role: "user" as const, content: "w1 <image>" }], images: [noise(56, 56, "end")] };

it.each<[what: string, weight: string, pass: (model: QwenModel) => Promise<unknown>]>([
  [
    "scoring",
    "model.layers.1.mlp.down_proj.weight",
    (model) => model.logProbs(variedPrompts().map((prompt) => ({ prompt, tokenIds: words(3, "a") }))),
  ],
  [
    "hidden states",
    "model.layers.1.mlp.down_proj.weight",
    (model) => model.hiddenStates(variedPrompts(), { layer: "last", pool: "mean" }),
  ],
  [
    "the prompts of sampling",
    "model.layers.0.mlp.down_proj.weight",
    (model) => model.generate(variedPrompts(), options),
  ],
  ["the decoder of sampling", "model.norm.weight", (model) => model.generate([endsInImage], options)],
  [
    "the decoder of sampling, half made",
    "model.layers.1.mlp.down_proj.weight",
    (model) => model.generate([endsInImage], options),
  ],
])("a pass that fails leaves no tensor behind: %s", async (_, weight, pass) => {
  const model = broken(weight);
  const before = tf.memory().numTensors;
  await expect(pass(model)).rejects.toThrow();
  expect(tf.memory().numTensors).toBe(before);
  model.dispose();
});

it("a step of the portable decoder that fails leaves no tensor behind", () => {
  const model = broken("model.norm.weight");
  const before = tf.memory().numTensors;
  const row = { contextOfRow: [0], padding: [0], firstPlace: [[0, 0, 0] as const], next: [1], steps: 4 };
  const decoder = new PortableDecoder({ network: model.network, past: [], columns: 0, ...row });
  expect(() => decoder.step(Int32Array.of(8))).toThrow();
  decoder.dispose();
  expect(tf.memory().numTensors).toBe(before);
  model.dispose();
});
