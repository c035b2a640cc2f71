import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { ADAMW_DEFAULTS, AdamW } from "../../src/engine/adamw";
import { FlatLayout } from "../../src/engine/flat";
import type { Gradient } from "../../src/engine/gradient";
import { accumulate, applyUpdate, type Sum } from "../../src/engine/update";
import type { Runner } from "../../src/workers/job";
import { toy, type Toy } from "./toy";

let problem: Toy;
beforeEach(() => {
  problem = toy(6, 2);
});
afterEach(() => {
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
  applyUpdate(sum, layout, optimizer, 0.1);
  expect(sum.vectors).toEqual([]);
  optimizer.dispose();
});

it("leaves no tensor behind when a gradient cannot be laid out", async () => {
  const layout = new FlatLayout(problem.parameters);
  const { microBatches } = await problem.task.next(0);
  const before = tf.memory().numTensors;
  const failing = vi.spyOn(FlatLayout.prototype, "join").mockImplementation(() => {
    throw new RangeError("out of memory");
  });
  await expect(accumulate(microBatches as never[], watched([]), layout)).rejects.toThrow("out of memory");
  failing.mockRestore();
  expect(tf.memory().numTensors).toBe(before);
});
