import * as tf from "@tensorflow/tfjs-core";
import { Random } from "../../src/core/random";
import type { MicroBatch, TrainTask } from "../../src/engine/train";

/** Least squares on a fixed toy problem: y = x·w + b. */
export interface Toy {
  readonly parameters: Map<string, tf.Variable>;
  readonly task: TrainTask;
  readonly dispose: () => void;
}

/** `rows` examples per step, drawn from a stream that depends on the step alone, in micro-batches of `size`. */
export function toy(rows: number, size: number): Toy {
  const w = tf.variable(tf.tensor2d([1, -2, 0.5, 3], [2, 2]));
  const b = tf.variable(tf.tensor1d([0.1, -0.3]));
  const parameters = new Map<string, tf.Variable>([
    ["w", w],
    ["b", b],
  ]);
  const task: TrainTask = {
    parameters,
    next(step) {
      const random = new Random(7).fork(step);
      const xs = Array.from({ length: rows }, () => [random.normal(), random.normal()]);
      return Promise.resolve({ microBatches: batches(xs) });
    },
  };
  function* batches(xs: number[][]): Generator<MicroBatch> {
    for (let i = 0; i < xs.length; i += size) {
      const x = tf.tensor2d(xs.slice(i, i + size));
      yield {
        loss: () =>
          tf
            .sub(x.matMul(w as tf.Tensor2D).add(b), 1)
            .square()
            .sum()
            .div(rows),
        dispose: () => {
          x.dispose();
        },
      };
    }
  }
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
