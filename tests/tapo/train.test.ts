import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LabError } from "../../src/core/errors";
import type { StepFigures } from "../../src/engine/train";
import { DAPO, type TapoOptions } from "../../src/tapo/options";
import type { TapoExample } from "../../src/tapo/rollouts";
import { tapo, tapoSteps, type TapoRun } from "../../src/tapo/train";
import { ask, picture, weightsOf } from "../sft/tinyPolicy";
import { example, tapoOptions, type TapoChanges } from "./recorded";
import { guessingPolicy } from "./trainedPolicy";

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "fine-r1-tapo-"));
});
afterEach(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

/** Questions that differ in their pictures; the answer is "ash" for dark ones and "birch" for bright ones. */
const examples: TapoExample[] = Array.from({ length: 6 }, (_, i) => ({
  ...example(`e${i}`),
  answer: i % 2 === 0 ? "ash" : "birch",
  prompt: (which) => {
    const level = (i % 2 === 0) === (which !== "negative") ? 40 : 215;
    return Promise.resolve(ask(picture(level, `${i} ${which}`)));
  },
}));

/** Four prompts a rollout batch in two updates; eight steps. */
const small = (changes: TapoChanges = {}): TapoOptions =>
  tapoOptions({
    maxNewTokens: 9,
    promptsPerRollout: 4,
    promptsPerUpdate: 2,
    epochs: 16 / 6,
    learningRate: 2e-3,
    maxResample: 1,
    ...changes,
  });

async function trained(options: TapoOptions, run: Partial<TapoRun> = {}, from = examples) {
  const model = await guessingPolicy();
  try {
    const figures = await tapo(model, from, options, { label: "test", microBatchSize: 8, ...run });
    return { figures, weights: weightsOf(model) };
  } finally {
    model.dispose();
  }
}

/** What a step computed, without its times. */
const course = (figures: readonly StepFigures[]) =>
  figures.map((f) => Object.fromEntries(Object.entries(f).filter(([name]) => !/seconds/i.test(name))));

describe("tapoSteps", () => {
  it("counts epochs over the examples in rollout batches of whole updates", () => {
    const sizes = { promptsPerRollout: 4, promptsPerUpdate: 2 };
    expect(tapoSteps(6, tapoOptions({ ...sizes, epochs: 2 }))).toBe(6); // 12 / 4 = 3 batches of 2 updates
    expect(tapoSteps(2, tapoOptions({ ...sizes, epochs: 0.1 }))).toBe(2); // at least one batch
    expect(tapoSteps(576, tapoOptions({ promptsPerRollout: 16, promptsPerUpdate: 16, epochs: 1.67 }))).toBe(60);
  });
});

describe("tapo", () => {
  it("killed anywhere, also between the updates of one batch, and run again, ends with the same bits", async () => {
    const options = small();
    const whole = await trained(options);
    expect(whole.figures).toHaveLength(8);
    for (const killAt of [0, 3, 4, 6]) {
      const inside = path.join(folder, `killed-${killAt}`);
      const dying = trained(options, {
        folder: inside,
        checkpointEvery: 1, // rounded up to whole batches: every second step
        onStep: ({ step }) => {
          if (step === killAt) throw new Error("killed");
        },
      });
      await expect(dying).rejects.toThrow("killed");
      const again = await trained(options, { folder: inside, checkpointEvery: 1 });
      expect(again.weights).toEqual(whole.weights);
      expect(course(again.figures)).toEqual(course(whole.figures));
    }
  });

  it("logs the reward, its groups and every term of the objective", async () => {
    const { figures } = await trained(small());
    for (const f of figures) {
      expect(f["accuracy"]).toBeGreaterThan(0);
      const format = ((f["reward"] ?? NaN) - 0.9 * (f["accuracy"] ?? NaN)) / 0.1; // a share of the answers
      expect(format).toBeGreaterThanOrEqual(f["accuracy"] ?? NaN); // here only answers in the form can be right
      expect(format).toBeLessThanOrEqual(1 + 1e-9);
      expect(f["groups"]).toBeLessThanOrEqual(f["sampledGroups"] ?? 0);
    }
    const learning = figures.filter((f) => "loss" in f);
    expect(learning.length).toBeGreaterThan(4);
    for (const f of learning) {
      // Eq. 4 as a sum of its logged terms, with the default weights: γ 0.01, η₁ = η₂ = 0.03
      const [policy, kl, entropy, negative] = ["policyLoss", "klNegative", "entropy", "entropyNegative"].map(
        (n) => f[n],
      );
      expect(f["loss"]).toBeCloseTo(
        (policy ?? NaN) - 0.01 * (kl ?? NaN) + 0.03 * (entropy ?? NaN) + 0.03 * (negative ?? NaN),
        4,
      );
    }
  });

  it("moves off policy inside a batch: the first update has ratio 1, the second has not", async () => {
    const { figures } = await trained(small({ dynamicSampling: false, learningRate: 1e-2 }));
    const ppoKl = figures.map((f) => Math.abs(f["ppoKl"] ?? NaN));
    for (let step = 0; step < ppoKl.length; step += 2) {
      expect(ppoKl[step]).toBeLessThan(1e-5);
      expect(ppoKl[step + 1]).toBeGreaterThan(1e-4);
    }
  });

  it.each([
    ["TAPO", {}],
    ["DAPO", { n1: 8, n2: 0, objective: DAPO }],
  ])("%s raises the reward of a task that the picture decides", { timeout: 240_000 }, async (_, changes) => {
    const options = tapoOptions({
      n1: 4,
      n2: 4,
      maxNewTokens: 9,
      promptsPerRollout: 6,
      promptsPerUpdate: 6,
      epochs: 60,
      learningRate: 5e-3,
      ...changes,
    });
    const { figures } = await trained(options, {
      train: { tower: true, merger: true, language: true, embeddings: true },
    });
    const mean = (part: readonly StepFigures[]) =>
      part.reduce((sum, f) => sum + (f["accuracy"] ?? NaN), 0) / part.length;
    expect(mean(figures.slice(0, 2))).toBeLessThan(0.55); // four answers guessed about equally often
    expect(mean(figures.slice(-5))).toBeGreaterThan(0.9);
  });

  it("logs a step without a group to learn from and leaves the weights alone, or stops, as the options say", async () => {
    const impossible = examples.map((e) => ({ ...e, answer: "oak" }));
    const model = await guessingPolicy();
    const before = weightsOf(model);
    const figures = await tapo(model, impossible, small(), { label: "impossible", microBatchSize: 8 });
    expect(weightsOf(model)).toEqual(before);
    expect(figures.map((f) => [f["groups"], f["accuracy"], f["loss"]])).toEqual(figures.map(() => [0, 0, undefined]));
    const stopping = small({ whenExhausted: "error" });
    await expect(tapo(model, impossible, stopping, { label: "stops", microBatchSize: 8 })).rejects.toThrow(LabError);
    model.dispose();
  });

  it("keeps the policy near the reference when its KL is penalised", async () => {
    const reference = await guessingPolicy();
    const drift = async (referenceKl: number) => {
      const options = small({ learningRate: 5e-3, dynamicSampling: false, objective: { ...DAPO, referenceKl } });
      const { weights } = await trained(options, { reference });
      const start = weightsOf(reference);
      return Math.hypot(
        ...[...weights].flatMap(([name, values]) => values.map((v, i) => v - (start.get(name)?.[i] ?? NaN))),
      );
    };
    const [free, held] = [await drift(0), await drift(100)];
    expect(held).toBeLessThan(free);
    const { figures } = await trained(small({ objective: { ...DAPO, referenceKl: 0.04 } }), { reference });
    expect(figures.some((f) => (f["referenceKl"] ?? 0) > 0)).toBe(true);
    reference.dispose();
  });

  it("keeps the number of tensors flat and leaves none behind", async () => {
    const model = await guessingPolicy();
    const before = tf.memory().numTensors;
    const counts: number[] = [];
    await tapo(model, examples, small({ dynamicSampling: false }), {
      label: "flat",
      microBatchSize: 8,
      onStep: () => counts.push(tf.memory().numTensors),
    });
    expect(new Set(counts).size).toBe(1);
    expect(tf.memory().numTensors).toBe(before);
    model.dispose();
  });

  it.each([
    ["no questions", [], {}, "no questions to train on"],
    ["one answer a group", examples, { n1: 1, n2: 0 }, "n1 + n2 is below 2"],
    ["sizes that do not divide", examples, { promptsPerRollout: 5 }, "no multiple of promptsPerUpdate (2)"],
    ["a KL without a reference", examples, { objective: { referenceKl: 0.04 } }, "there is no reference model"],
  ])("refuses %s before anything is sampled", async (_, from, changes, reason) => {
    const run = trained(small(changes), {}, from);
    await expect(run).rejects.toThrow(LabError);
    await expect(run).rejects.toThrow(reason);
  });
});
