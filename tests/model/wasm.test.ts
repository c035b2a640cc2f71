import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { QwenModel } from "../../src/model/qwen/model";
import { tinyModel, variedPrompts } from "./qwenFixture";

let model: QwenModel;
beforeAll(() => {
  model = tinyModel();
});
afterAll(async () => {
  await tf.setBackend("tensorflow");
  model.dispose();
});

it("gives the same texts, log-probs and hidden states on the wasm backend as on the native one", async () => {
  const prompts = variedPrompts();
  const options = { samples: 2, maxNewTokens: 40, temperature: 1, topP: 0.95, seed: 3 };
  const run = async () => {
    const groups = await model.generate(prompts, options);
    const items = groups.flatMap((group, b) => group.map(({ tokenIds }) => ({ prompt: prompts[b]!, tokenIds })));
    const states = await model.hiddenStates(prompts, { layer: 2, pool: "mean" });
    return { groups, scores: await model.logProbs(items), states };
  };
  const native = await run();
  await tf.setBackend("wasm");
  await tf.ready();
  const wasm = await run();
  expect(tf.getBackend()).toBe("wasm");
  expect(wasm.groups.map((g) => g.map(({ text }) => text))).toEqual(
    native.groups.map((g) => g.map(({ text }) => text)),
  );
  const pairs = [
    ...wasm.scores.flatMap((row, i) => row.map((value, t) => [value, native.scores[i]![t]!])),
    ...wasm.states.flatMap((row, i) => Array.from(row, (value, d) => [value, native.states[i]![d]!])),
  ];
  expect(Math.max(...pairs.map(([a, b]) => Math.abs(a! - b!)))).toBeLessThan(1e-3);
});
