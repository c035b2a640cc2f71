import * as tf from "@tensorflow/tfjs-core";
import { Random } from "../../src/core/random";
import { microBatch, type Loss, type Weighted } from "../../src/engine/gradient";
import type { TrainTask } from "../../src/engine/train";
import { runHere } from "../../src/workers/job";

/** Least squares on a fixed toy problem: y = x·w + b. */
export interface Toy {
  readonly parameters: Map<string, tf.Variable>;
  readonly task: TrainTask<Weighted>;
  readonly dispose: () => void;
}

const squares: Loss<Weighted, { readonly xs: number[][]; readonly rows: number }> = {
  name: "squares",
  prepare: ({ parameters }, { xs, rows }) => {
    const x = tf.tensor2d(xs);
    const [w, b] = [parameters.get("w") as tf.Tensor2D, parameters.get("b") as tf.Tensor];
    return {
      loss: () => tf.sub(x.matMul(w).add(b), 1).square().sum().div(rows),
      dispose: () => {
        x.dispose();
      },
    };
  },
};

/** `rows` examples per step, drawn from a stream that depends on the step alone, in micro-batches of `size`. */
export function toy(rows: number, size: number): Toy {
  const w = tf.variable(tf.tensor2d([1, -2, 0.5, 3], [2, 2]));
  const b = tf.variable(tf.tensor1d([0.1, -0.3]));
  const parameters = new Map<string, tf.Variable>([
    ["w", w],
    ["b", b],
  ]);
  const task: TrainTask<Weighted> = {
    parameters,
    runner: runHere({ parameters }),
    next(step) {
      const random = new Random(7).fork(step);
      const xs = Array.from({ length: rows }, () => [random.normal(), random.normal()]);
      const parts = Array.from({ length: Math.ceil(rows / size) }, (_, i) => xs.slice(i * size, (i + 1) * size));
      return Promise.resolve({ microBatches: parts.map((part) => microBatch(squares, { xs: part, rows })) });
    },
  };
  return {
    parameters,
    task,
    dispose: () => {
      tf.dispose([w, b]);
    },
  };
}

/** All parameter values, in order. */
export function values(parameters: ReadonlyMap<string, tf.Variable>): number[] {
  return [...parameters.values()].flatMap((v) => [...v.dataSync()]);
}
