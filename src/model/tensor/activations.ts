import type * as tf from "@tensorflow/tfjs-core";
import { differentiable } from "./differentiable";
import { ops } from "./ops";
import type { Ops } from "./opsContract";

export type Activation = "silu" | "quick_gelu" | "gelu";

/** An activation of the form x·s(x). */
interface Gated {
  /** s(x) */
  readonly inner: <V>(o: Ops<V>, x: V) => V;
  /** d(x·s)/dx from x, s and x·s */
  readonly slope: <V>(o: Ops<V>, x: V, s: V, value: V) => V;
}

/** d(x·σ(kx))/dx = s + k·xs·(1 − s) */
const sigmoidSlope =
  (k: number): Gated["slope"] =>
  (o, _x, s, value) => {
    const bend = o.mul(value, o.affine(s, -1, 1));
    return o.add(s, k === 1 ? bend : o.affine(bend, k, 0));
  };

/** silu: x·σ(x); quick_gelu: x·σ(1.702 x); gelu: x·Φ(x), exact. */
export const ACTIVATIONS: Readonly<Record<Activation, Gated>> = {
  silu: { inner: (o, x) => o.sigmoid(x), slope: sigmoidSlope(1) },
  quick_gelu: { inner: (o, x) => o.sigmoid(o.affine(x, 1.702, 0)), slope: sigmoidSlope(1.702) },
  gelu: {
    inner: (o, x) => o.affine(o.erf(o.affine(x, Math.SQRT1_2, 0)), 0.5, 0.5),
    slope: (o, x, s) => {
      const density = o.affine(o.exp(o.affine(o.square(x), -0.5, 0)), 1 / Math.sqrt(2 * Math.PI), 0);
      return o.add(s, o.mul(x, density));
    },
  },
};

/** The activation as one node of the tape. @param x any shape */
export function activate<T extends tf.Tensor>(x: T, activation: Activation): T {
  const { inner, slope } = ACTIVATIONS[activation];
  return differentiable({
    inputs: { x },
    forward: () => {
      const s = inner(ops(), x);
      const value = ops().mul(x, s) as T;
      return { value, kept: { x, s, value } };
    },
    backward: (dy, kept) => ({ x: () => ops().mul(dy, slope(ops(), kept.x, kept.s, kept.value)) }),
  });
}
