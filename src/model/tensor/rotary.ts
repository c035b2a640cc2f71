import * as tf from "@tensorflow/tfjs-core";
import type { With } from "./nested";
import type { Ops } from "./opsContract";

/**
 * Rotary factors of M tokens, laid out like the projections they turn: [M, (heads + 2 kvHeads)·headDim], with cosine 1
 * and sine 0 on the values, and 1/√headDim folded into the queries' part. The sine of a head's first half is negative, so
 * that rotate_half(x) = [−x₂, x₁] is nothing but the halves swapped. Owned by whoever made them.
 */
export interface RotaryTables {
  readonly cos: tf.Tensor2D;
  readonly sin: tf.Tensor2D;
}

/** Sizes of the heads a table is made for. */
export interface HeadLayout {
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
}

/**
 * Tables from angles: the first half of each head is turned against the second.
 * @param angles [M, headDim / 2], row-major
 */
export function rotaryTables(angles: Float32Array, { heads, kvHeads, headDim }: HeadLayout): RotaryTables {
  const half = headDim / 2;
  const tokens = angles.length / half;
  return tf.tidy(() => {
    const spread = (f: (angle: number) => number, first: 1 | -1, ofValues: number): tf.Tensor2D => {
      const one = tf.tensor2d(Float32Array.from(angles, f), [tokens, half]);
      const head = tf.concat2d([first === 1 ? one : tf.neg(one), one], 1);
      const scaled = tf.mul<tf.Tensor2D>(head, 1 / Math.sqrt(headDim));
      const values = tf.fill<tf.Rank.R2>([tokens, kvHeads * headDim], ofValues);
      return tf.concat2d(
        [...Array<tf.Tensor2D>(heads).fill(scaled), ...Array<tf.Tensor2D>(kvHeads).fill(head), values],
        1,
      );
    };
    return { cos: spread(Math.cos, 1, 1), sin: spread(Math.sin, -1, 0) };
  });
}

/** x∘cos + swapped(x)∘sin. @param x [M, (heads + 2 kvHeads)·headDim] */
export function rotate<V>(o: Ops<V>, x: V, { cos, sin }: With<V, RotaryTables>, layout: HeadLayout): V {
  return o.add(o.mul(x, cos), o.mul(swapped(o, x, layout), sin));
}

/** The transpose of `rotate`. */
export function rotateBackward<V>(o: Ops<V>, dy: V, { cos, sin }: With<V, RotaryTables>, layout: HeadLayout): V {
  return o.add(o.mul(dy, cos), swapped(o, o.mul(dy, sin), layout));
}

function swapped<V>(o: Ops<V>, x: V, { heads, kvHeads, headDim }: HeadLayout): V {
  return o.reshape(o.swapHalves(o.reshape(x, [-1, headDim]), headDim / 2), [-1, (heads + 2 * kvHeads) * headDim]);
}
