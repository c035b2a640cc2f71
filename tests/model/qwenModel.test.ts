import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { QwenModel } from "../../src/model/qwen/model";
import { initialValues, weightShapes } from "../../src/model/qwen/weights";
import { tinyModel, variedPrompts, words } from "./qwenFixture";

it.each(["qwen2_vl", "qwen2_5_vl"] as const)("is the same model after saving and loading (%s)", async (kind) => {
  const before = tf.memory().numTensors;
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "fine-r1-save-"));
  const model = tinyModel(kind, { tieWordEmbeddings: kind === "qwen2_5_vl" });
  await model.save(path.join(folder, "model"));
  const loaded = await QwenModel.load(path.join(folder, "model"));
  expect(new Set(loaded.parameters.keys())).toEqual(new Set(model.parameters.keys()));
  const items = variedPrompts().map((prompt) => ({ prompt, tokenIds: words(6, "save") }));
  expect(await loaded.logProbs(items)).toEqual(await model.logProbs(items));
  await loaded.save(path.join(folder, "model")); // over the folder it came from
  const again = await QwenModel.load(path.join(folder, "model"));
  expect(await again.logProbs(items)).toEqual(await model.logProbs(items));
  for (const each of [model, loaded, again]) each.dispose();
  fs.rmSync(folder, { recursive: true });
  expect(tf.memory().numTensors).toBe(before);
});

it("starts from transformers' initial distribution: matrices N(0, 0.02), biases 0, norms 1, by seed and name", () => {
  const model = tinyModel();
  for (const [name, shape] of weightShapes(model.config)) {
    const values = initialValues(name, shape, 3);
    expect(values).toEqual(initialValues(name, shape, 3));
    if (name.endsWith(".bias")) expect(values.every((x) => x === 0)).toBe(true);
    else if (shape.length === 1) expect(values.every((x) => x === 1)).toBe(true);
    else {
      expect(values).not.toEqual(initialValues(name, shape, 4));
      const deviation = Math.sqrt(values.reduce((sum, x) => sum + x * x, 0) / values.length);
      // the deviation of a sample deviation is 0.02/√(2n); six of them
      expect(Math.abs(deviation - 0.02)).toBeLessThan((6 * 0.02) / Math.sqrt(2 * values.length));
    }
  }
  model.dispose();
});

it("goes on from the beginning of an answer as if it had written it", async () => {
  const model = tinyModel();
  const greedy = { samples: 1, maxNewTokens: 12, temperature: 0, topP: 1, seed: 1 };
  const prompts = variedPrompts();
  const whole = (await model.generate(prompts, greedy)).map(([completion]) => completion!);
  const cut = 5;
  const begun = prompts.map((prompt, i) => ({ ...prompt, begun: model.decode(whole[i]!.tokenIds.slice(0, cut)) }));
  // the beginning is words, which are tokens: what is decoded and encoded again is the same
  expect(begun.map((prompt) => model.encodeCompletion(prompt.begun).slice(0, -1))).toEqual(
    whole.map(({ tokenIds }) => tokenIds.slice(0, cut)),
  );
  const rest = (await model.generate(begun, { ...greedy, maxNewTokens: 12 - cut })).map(([completion]) => completion!);
  expect(rest.map(({ tokenIds }) => tokenIds)).toEqual(whole.map(({ tokenIds }) => tokenIds.slice(cut)));
  const [all, tails] = [
    await model.logProbs(whole.map(({ tokenIds }, i) => ({ prompt: prompts[i]!, tokenIds }))),
    await model.logProbs(rest.map(({ tokenIds }, i) => ({ prompt: begun[i]!, tokenIds }))),
  ];
  tails.forEach((tail, i) => {
    expect(tail.length).toBeGreaterThan(0);
    tail.forEach((value, t) => {
      expect(value).toBeCloseTo(all[i]![cut + t]!, 4); // the same sums, in another order
    });
  });
  model.dispose();
});
