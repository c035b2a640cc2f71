import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { ADAMW_DEFAULTS, AdamW } from "../../src/engine/adamw";
import { FlatLayout } from "../../src/engine/flat";
import { Factors } from "../../src/engine/factors";
import { gradientOf, type Gradient, type Loss, type Weighted } from "../../src/engine/gradient";
import { accumulate, applyUpdate, type Sum } from "../../src/engine/update";
import type { Runner } from "../../src/workers/job";
import { toy, type Toy } from "./toy";

let problem: Toy;
beforeEach(() => {
  problem = toy(6, 2);
});
afterEach(() => {
  vi.restoreAllMocks();
  problem.dispose();
});

/** The task's runner, noting what it hands out. */
function watched(made: Gradient[]): Runner<never> {
  const { runner } = problem.task as unknown as { runner: Runner<never> };
  return {
    lanes: 1,
    run: async (job, data, signal) => {
      const result = await runner.run(job, data, signal);
      made.push(result as Gradient);
      return result;
    },
  };
}

it("holds a step's gradients once, not once for every micro-batch, and not beside their tensors", async () => {
  const layout = new FlatLayout(problem.parameters);
  const made: Gradient[] = [];
  const { microBatches } = await problem.task.next(0);
  const sum = (await accumulate(microBatches as never[], watched(made), layout)) as Sum;
  expect(made).toHaveLength(3);
  expect(made.map(({ vectors }) => vectors)).toEqual([[], [], []]);
  expect(sum.vectors?.map(({ length }) => length)).toEqual([6]);
  const optimizer = new AdamW(layout, ADAMW_DEFAULTS);
  const updating = vi.spyOn(AdamW.prototype, "update").mockImplementation(() => {
    expect(sum.vectors).toEqual([]);
    return 1;
  });
  applyUpdate(sum, layout, optimizer, 0.1);
  expect(updating).toHaveBeenCalledOnce();
  optimizer.dispose();
});

it("leaves no tensor behind when a gradient cannot be laid out", async () => {
  const layout = new FlatLayout(problem.parameters);
  const { microBatches } = await problem.task.next(0);
  const before = tf.memory().numTensors;
  vi.spyOn(FlatLayout.prototype, "join").mockImplementation(() => {
    throw new RangeError("out of memory");
  });
  await expect(accumulate(microBatches as never[], watched([]), layout)).rejects.toThrow("out of memory");
  expect(tf.memory().numTensors).toBe(before);
});

it("lets go of a bucket's gradients before the next bucket is laid out", async () => {
  // two buckets: a full one, and one of a single number
  const sizes = [2 ** 24, 1];
  const ones = sizes.map((size) => tf.tidy(() => tf.variable(tf.ones([size]))));
  const parameters = new Map(ones.map((variable, i) => [`p${i}`, variable]));
  const total: Loss<Weighted, null> = {
    name: "sum",
    prepare: () => ({ loss: () => tf.addN(ones.map((v) => tf.sum<tf.Scalar>(v))), dispose: () => undefined }),
  };
  const held: number[] = [];
  vi.spyOn(FlatLayout.prototype, "join").mockImplementation((bucket, tensorOf) => {
    held.push(tf.memory().numBytes - before);
    return tf.tidy(() => tf.concat1d(bucket.map((name) => tf.reshape<tf.Rank.R1>(tensorOf(name)!, [-1]))));
  });
  const before = tf.memory().numBytes;
  await gradientOf(total).run({ parameters }, { data: null, parameters: [...parameters.keys()] });
  // the loss, and the gradients that are still to be laid out
  expect(held).toEqual([4 * (1 + 2 ** 24 + 1), 4 * (1 + 1)]);
  tf.dispose(ones);
});

it("leaves no tensor behind when an update fails in the second piece of the second bucket", () => {
  const before = tf.memory().numTensors;
  const layout = new FlatLayout(new Map([...problem.parameters].reverse()), 2); // b of 2 numbers, then w of 4
  const optimizer = new AdamW(layout, ADAMW_DEFAULTS);
  vi.spyOn(Factors.prototype, "times")
    .mockImplementationOnce((vector) => tf.zerosLike(vector))
    .mockImplementationOnce((vector) => tf.zerosLike(vector))
    .mockImplementationOnce(() => {
      throw new RangeError("out of memory");
    });
  const vectors = [new Float32Array(2).fill(1), new Float32Array(4).fill(1)];
  expect(() => applyUpdate({ loss: 1, vectors, figures: {} }, layout, optimizer, 0.1)).toThrow("out of memory");
  optimizer.dispose();
  expect(tf.memory().numTensors).toBe(before);
});
