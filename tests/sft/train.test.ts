import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LabError } from "../../src/core/errors";
import type { QwenModel } from "../../src/model/qwen/model";
import { countTokens, tokenMeanBatches } from "../../src/sft/batches";
import type { SftOptions } from "../../src/sft/options";
import { sft, type SftExample, type SftRun } from "../../src/sft/train";
import { accumulated, relativeError } from "./gradients";
import { SFT, tinyPolicy, toyExamples, weightsOf } from "./tinyPolicy";

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "fine-r1-sft-"));
});
afterEach(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

async function withPolicy<T>(use: (model: QwenModel) => Promise<T>): Promise<T> {
  const model = tinyPolicy();
  try {
    return await use(model);
  } finally {
    model.dispose();
  }
}

function scored(model: QwenModel, examples: readonly SftExample[]) {
  return Promise.all(
    examples.map(async (e) => ({ prompt: await e.prompt(), tokenIds: model.encodeCompletion(e.completion) })),
  );
}

const trained = (examples: readonly SftExample[], options: SftOptions, run: Partial<SftRun> = {}) =>
  withPolicy(async (model) => {
    const figures = await sft(model, examples, options, { label: "test", ...run });
    return { figures, weights: weightsOf(model) };
  });

describe("tokenMeanBatches", () => {
  it.each([1, 3, 5])("gives the loss and gradient of one batch of 8 in micro-batches of %d", (size) =>
    withPolicy(async (model) => {
      const items = await scored(model, toyExamples(8));
      const whole = await accumulated(tokenMeanBatches(items, 8), model);
      const parts = await accumulated(tokenMeanBatches(items, size), model);
      expect(parts.loss).toBeCloseTo(whole.loss, 5);
      expect(relativeError(parts.gradients, whole.gradients)).toBeLessThan(1e-5);
    }),
  );

  it("is the mean over all tokens, the end tokens among them, times its weight", () =>
    withPolicy(async (model) => {
      const items = await scored(model, toyExamples(8));
      expect(countTokens(items)).toBe(2 * (1 + 2 + 3 + 4) + 8); // answers of one to four words, each with an end
      const all = (await model.logProbs(items)).flat();
      const mean = -all.reduce((a, b) => a + b, 0) / all.length;
      const { loss } = await accumulated(tokenMeanBatches(items, 8, 0.25), model);
      expect(loss).toBeCloseTo(0.25 * mean, 5);
    }));
});

describe("sft", () => {
  it("takes the same course in micro-batches of 1 as in one batch", async () => {
    const options = { ...SFT, batchSize: 8, epochs: 4, learningRate: 1e-3 };
    const one = await trained(toyExamples(8), { ...options, microBatchSize: 1 });
    const eight = await trained(toyExamples(8), { ...options, microBatchSize: 8 });
    one.figures.forEach((figures, step) => {
      expect(figures["loss"]).toBeCloseTo(eight.figures[step]?.["loss"] ?? NaN, 4);
      expect(figures["gradNorm"]).toBeCloseTo(eight.figures[step]?.["gradNorm"] ?? NaN, 3);
    });
  });

  it.each([1, 2, 5])(
    "killed after step %d and run again, it ends with the uninterrupted weights, bit for bit",
    async (killAt) => {
      const options = { ...SFT, epochs: 3 }; // 2 steps an epoch
      const whole = await trained(toyExamples(8), options);
      const dying = trained(toyExamples(8), options, {
        folder,
        checkpointEvery: 2,
        onStep: ({ step }) => {
          if (step === killAt) throw new Error("killed");
        },
      });
      await expect(dying).rejects.toThrow("killed");
      const again = await trained(toyExamples(8), options, { folder, checkpointEvery: 2 });
      expect(again.weights).toEqual(whole.weights);
      const course = (figures: typeof whole.figures) =>
        figures.map(({ step, loss, gradNorm }) => [step, loss, gradNorm]);
      expect(course(again.figures)).toEqual(course(whole.figures));
    },
  );

  it("learns a toy set by heart: the loss nears 0 and greedy decoding gives the answers", () =>
    withPolicy(async (model) => {
      const examples = toyExamples(4);
      const everything = { tower: true, merger: true, language: true, embeddings: true };
      const options = { ...SFT, epochs: 80, batchSize: 4, microBatchSize: 4, learningRate: 2e-2, train: everything };
      const figures = await sft(model, examples, options, { label: "by heart" });
      expect(figures[0]?.["loss"]).toBeGreaterThan(2); // ln 22 = 3.1 for an even guess
      expect(figures.at(-1)?.["loss"]).toBeLessThan(0.05);
      const prompts = await Promise.all(examples.map((e) => e.prompt()));
      const answers = await model.generate(prompts, { samples: 1, maxNewTokens: 8, temperature: 0, topP: 1, seed: 1 });
      expect(answers.map(([a]) => a?.text)).toEqual(examples.map((e) => e.completion));
    }));

  it.each([
    [
      "the language model alone",
      { tower: false, merger: false, language: true, embeddings: false },
      /layers\.|model\.norm/,
    ],
    ["the tower alone", { tower: true, merger: false, language: false, embeddings: false }, /^visual\.(?!merger)/],
    ["the merger alone", { tower: false, merger: true, language: false, embeddings: false }, /^visual\.merger/],
    ["the embeddings alone", { tower: false, merger: false, language: false, embeddings: true }, /embed_tokens/],
  ])("moves %s and nothing else", async (_, train, pattern) => {
    const before = await withPolicy((model) => Promise.resolve(weightsOf(model)));
    const after = await trained(toyExamples(8), { ...SFT, train });
    const moved = [...before].filter(([name, values]) => after.weights.get(name)?.some((v, i) => v !== values[i]));
    expect(moved.length).toBeGreaterThan(0);
    const wanted = [...before.keys()].filter(
      (name) => pattern.test(name) && !(name.startsWith("visual.") && !train.tower && !train.merger),
    );
    expect(moved.map(([name]) => name).sort()).toEqual(wanted.sort());
  });

  it("shows every example once an epoch, in an order of the seed's", async () => {
    const seen: string[] = [];
    const examples = toyExamples(6).map((e) => ({
      ...e,
      prompt: () => {
        seen.push(e.id);
        return e.prompt();
      },
    }));
    await trained(examples, { ...SFT, epochs: 2, batchSize: 4 });
    const epochs = [seen.slice(0, 6), seen.slice(6)];
    for (const epoch of epochs) expect([...epoch].sort()).toEqual(examples.map((e) => e.id));
    expect(epochs[0]).not.toEqual(epochs[1]);
  });

  it("measures the validation loss after every epoch, as the model's own log-probs give it", () =>
    withPolicy(async (model) => {
      const validation = toyExamples(12).slice(8);
      const figures = await sft(model, toyExamples(8), SFT, { label: "validated", validation });
      const measured = figures.filter((f) => "validationLoss" in f);
      expect(measured.map((f) => f.step)).toEqual([1, 3]); // 2 steps an epoch
      const all = (await model.logProbs(await scored(model, validation))).flat();
      expect(measured.at(-1)?.["validationLoss"]).toBeCloseTo(-all.reduce((a, b) => a + b, 0) / all.length, 6);
    }));

  it("keeps the number of tensors flat and leaves none behind", () =>
    withPolicy(async (model) => {
      const before = tf.memory().numTensors;
      const counts: number[] = [];
      await sft(model, toyExamples(8), SFT, {
        label: "flat",
        validation: toyExamples(2),
        onStep: () => counts.push(tf.memory().numTensors),
      });
      expect(new Set(counts).size).toBe(1);
      expect(tf.memory().numTensors).toBe(before);
    }));

  it("says so when there is nothing to train on", () =>
    withPolicy(async (model) => {
      await expect(sft(model, [], SFT, { label: "empty" })).rejects.toThrow(LabError);
    }));
});
