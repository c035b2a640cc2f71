import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { linearProbe, type LabelledState } from "../../src/analysis/probe";
import { references } from "../reference/analysis/references";

const labelled = ({ x, y }: typeof references.train): LabelledState[] =>
  x.map((row, i) => ({ label: `class ${y[i]}`, state: Float32Array.from(row) }));
const [train, test] = [labelled(references.train), labelled(references.test)];

describe("linearProbe", () => {
  it("follows scikit-learn's softmax regression with Adam, epoch by epoch", async () => {
    // one batch holds all, so that no draw matters
    const { epochs, best, last } = await linearProbe(train, test, { seed: 1, epochs: 50, learningRate: 0.01 });
    references.probe.curve.forEach(([loss, trained, tested], i) => {
      expect(epochs[i]?.loss).toBeCloseTo(loss, 5);
      if (i < 5) return; // Adam's first steps move all weights alike: points tie between classes, and rounding decides
      expect(epochs[i]?.train).toBeCloseTo(trained, 6);
      expect(epochs[i]?.test).toBeCloseTo(tested, 6);
    });
    const accuracies = epochs.map((one) => one.test);
    expect(best.accuracy.value).toBeCloseTo(Math.max(...accuracies), 12);
    for (const { right, accuracy } of [best, last])
      expect(right.filter(Boolean).length / right.length).toBe(accuracy.value);
    expect(best.epoch).toBe(accuracies.indexOf(Math.max(...accuracies)) + 1);
    expect(last).toMatchObject({ epoch: 50, accuracy: { n: 30 } });
    expect(last.accuracy.value).toBeCloseTo(references.probe.curve[49]![2], 12);
  });

  it("comes to the least loss there is, that of logistic regression without a penalty", async () => {
    const { epochs } = await linearProbe(train, test, { seed: 1, epochs: 1500, learningRate: 0.05 });
    const end = epochs[epochs.length - 1]!;
    expect(end.loss).toBeCloseTo(references.probe.bestLoss, 4);
    expect(end.loss).toBeGreaterThan(references.probe.bestLoss - 1e-5);
    expect(end.test).toBeCloseTo(references.probe.bestTest, 6);
  });

  it("is the same to the bit for the same seed, and another for another order of batches", async () => {
    const run = (seed: number) => linearProbe(train, test, { seed, epochs: 8, batch: 7, learningRate: 0.05 });
    const first = await run(3);
    expect(await run(3)).toEqual(first);
    expect((await run(4)).epochs).not.toEqual(first.epochs);
  });

  it("does not care for the scale of a coordinate when standardised, and does when not", async () => {
    const stretch = (set: readonly LabelledState[]): LabelledState[] =>
      set.map(({ label, state }) => ({ label, state: state.map((v, k) => (k === 1 ? 64 * v + 1024 : v)) }));
    const losses = async (standardise: boolean, stretched: boolean) => {
      const sets = stretched ? [stretch(train), stretch(test)] : [train, test];
      const { epochs } = await linearProbe(sets[0]!, sets[1]!, { seed: 1, epochs: 5, learningRate: 0.05, standardise });
      return epochs.map(({ loss }) => loss);
    };
    const [plain, stretched] = [await losses(true, false), await losses(true, true)];
    plain.forEach((loss, i) => {
      expect(stretched[i]).toBeCloseTo(loss, 3);
    });
    expect(Math.abs((await losses(false, true))[4]! - (await losses(false, false))[4]!)).toBeGreaterThan(0.1);
  });

  it("leaves no tensor behind, also when it is stopped or cannot begin", async () => {
    const before = tf.memory().numTensors;
    const start = (): never => {
      throw new Error("no display");
    };
    await expect(linearProbe(train, test, { seed: 1, progress: { start } })).rejects.toThrow("no display");
    expect(tf.memory().numTensors).toBe(before);
    await linearProbe(train, test, { seed: 1, epochs: 2, batch: 16 });
    await expect(linearProbe(train, test, { seed: 1, signal: AbortSignal.abort() })).rejects.toThrow();
    expect(tf.memory().numTensors).toBe(before);
  });

  it("names what is wrong with its states", async () => {
    const probe = (a: readonly LabelledState[], b: readonly LabelledState[]) => linearProbe(a, b, { seed: 1 });
    const odd = (state: Float32Array, label = "class 0"): LabelledState[] => [{ label, state }];
    await expect(probe(train.slice(0, 1), test)).rejects.toThrow(/of 1 classes/u);
    await expect(probe(train, [])).rejects.toThrow(/no test states/u);
    await expect(probe(train, odd(new Float32Array(4), "owl"))).rejects.toThrow(/class owl has test states and no tr/u);
    await expect(probe(train, odd(new Float32Array(3)))).rejects.toThrow(/of class 0 has 3 dimensions, and not 4/u);
    await expect(probe(train, odd(new Float32Array(4).fill(NaN)))).rejects.toThrow(/class 0 is not finite/u);
    const narrow = train.map(({ label }) => ({ label, state: new Float32Array(0) }));
    await expect(probe(narrow, narrow)).rejects.toThrow(/linear probe: the points have no columns/u);
    for (const learningRate of [NaN, 0, -1, Infinity])
      await expect(linearProbe(train, test, { seed: 1, learningRate })).rejects.toThrow(
        `a learning rate of ${learningRate}`,
      );
  });
});
