import * as tf from "@tensorflow/tfjs-core";
import { Random } from "../../src/core/random";
import { median } from "./statistics";

/** Sides of the square matrices whose product is the machine's own rate. */
export const SIDE = 1024;
/** Numbers of a long array: 64 MiB, more than caches hold. */
const LONG = 2 ** 24;

/** What the machine can do in one process with one thread, as this engine reaches it. */
export interface Limits {
  /** Of 1024 × 1024 float32 products, GFLOP/s. */
  readonly product: number;
  /** Of products as a training step has them, 1240 × 128 by 128 × 352, GFLOP/s. */
  readonly narrowProduct: number;
  /** Read and written by a copy of 64 MiB from one array to another, GB/s. */
  readonly copy: number;
  /** Read and written by an addition of as much, which makes a new tensor, GB/s. */
  readonly addition: number;
  /** The same of an addition as a training step has them, 1240 × 352. */
  readonly narrowAddition: number;
  /** Microseconds of an operation that computes next to nothing. */
  readonly dispatch: number;
}

/** Two matrices of noise, owned by the caller. */
export function squareMatrices(): [tf.Tensor2D, tf.Tensor2D] {
  const random = new Random("limits");
  const noise = (): tf.Tensor2D =>
    tf.tensor2d(
      Float32Array.from({ length: SIDE ** 2 }, () => random.uniform(-1, 1)),
      [SIDE, SIDE],
    );
  return [noise(), noise()];
}

/** Seconds of one product. The engine computes eagerly: when the call returns, the product is there. */
export function productSeconds(a: tf.Tensor2D, b: tf.Tensor2D): number {
  return secondsOf(() => tf.matMul(a, b));
}

function secondsOf(operation: () => tf.Tensor): number {
  const started = performance.now();
  const result = operation();
  const seconds = (performance.now() - started) / 1000;
  result.dispose();
  return seconds;
}

/** Measures the limits in this process; about a second. */
export function measureLimits(): Limits {
  const typical = (times: number, operation: () => tf.Tensor): number =>
    median(Array.from({ length: times + 2 }, () => secondsOf(operation)).slice(2));
  const [a, b] = squareMatrices();
  const rows = tf.ones<tf.Rank.R2>([1240, 128]);
  const weights = tf.ones<tf.Rank.R2>([128, 352]);
  const long = tf.ones([LONG]);
  const wide = tf.ones([1240, 352]);
  const short = tf.ones([1]);
  const limits = {
    product: (2 * SIDE ** 3) / typical(9, () => tf.matMul(a, b)) / 1e9,
    narrowProduct: (2 * 1240 * 128 * 352) / typical(99, () => tf.matMul(rows, weights)) / 1e9,
    copy: (2 * 4 * LONG) / copySeconds() / 1e9,
    addition: (3 * 4 * LONG) / typical(9, () => tf.add(long, long)) / 1e9,
    narrowAddition: (3 * 4 * wide.size) / typical(99, () => tf.add(wide, wide)) / 1e9,
    dispatch: 1e6 * typical(999, () => tf.add(short, short)),
  };
  tf.dispose([a, b, rows, weights, long, wide, short]);
  return limits;
}

function copySeconds(): number {
  const [from, to] = [new Float32Array(LONG).fill(1), new Float32Array(LONG)];
  const once = (): number => {
    const started = performance.now();
    to.set(from);
    return (performance.now() - started) / 1000;
  };
  return median(Array.from({ length: 11 }, once).slice(2));
}
