import type * as tf from "@tensorflow/tfjs-core";
import { differentiable } from "./differentiable";
import { ops } from "./ops";

export type Activation = "silu" | "quick_gelu" | "gelu";

/** An activation of the form x·s(x). */
interface Gated {
  /** s(x) */
  readonly inner: (x: tf.Tensor) => tf.Tensor;
  /** d(x·s)/dx from x, s and x·s */
  readonly slope: (x: tf.Tensor, s: tf.Tensor, value: tf.Tensor) => tf.Tensor;
}

/** d(x·σ(kx))/dx = s + k·xs·(1 − s) */
const sigmoidSlope =
  (k: number): Gated["slope"] =>
  (_x, s, value) => {
    const o = ops();
    const bend = o.mul(value, o.affine(s, -1, 1));
    return o.add(s, k === 1 ? bend : o.affine(bend, k, 0));
  };

/** silu: x·σ(x); quick_gelu: x·σ(1.702 x); gelu: x·Φ(x), exact. */
export const ACTIVATIONS: Readonly<Record<Activation, Gated>> = {
  silu: { inner: (x) => ops().sigmoid(x), slope: sigmoidSlope(1) },
  quick_gelu: { inner: (x) => ops().sigmoid(ops().affine(x, 1.702, 0)), slope: sigmoidSlope(1.702) },
  gelu: {
    inner: (x) => ops().affine(ops().erf(ops().affine(x, Math.SQRT1_2, 0)), 0.5, 0.5),
    slope: (x, s) => {
      const o = ops();
      const density = o.affine(o.exp(o.affine(o.square(x), -0.5, 0)), 1 / Math.sqrt(2 * Math.PI), 0);
      return o.add(s, o.mul(x, density));
    },
  },
};

/** The activation as one node of the tape. @param x any shape */
export function activate<T extends tf.Tensor>(x: T, activation: Activation): T {
  const { inner, slope } = ACTIVATIONS[activation];
  return differentiable<T>({
    inputs: { x },
    forward: (save) => {
      const s = inner(x);
      const value = ops().mul(x, s);
      save([x, s, value]);
      return value as T;
    },
    backward: ([dy], [input, s, value]) => ({
      x: () => {
        if (!dy || !input || !s || !value) throw new Error("activate: nothing saved");
        return ops().mul(dy, slope(input, s, value));
      },
    }),
  });
}
