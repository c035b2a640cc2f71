import * as tf from "@tensorflow/tfjs-core";
import { ops } from "./ops";

/**
 * Rotary factors of M tokens, laid out like the projections they turn: [M, (heads + 2 kvHeads)·headDim], with cosine 1
 * and sine 0 on the values, and 1/√headDim folded into the queries' part. Owned by whoever made them.
 */
export interface RotaryTables {
  readonly cos: tf.Tensor2D;
  readonly sin: tf.Tensor2D;
  /** R [headDim, headDim] with x R = rotate_half(x) = [−x₂, x₁]. */
  readonly turn: tf.Tensor2D;
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
    const scale = 1 / Math.sqrt(headDim);
    const spread = (f: (angle: number) => number, ofValues: number): tf.Tensor2D => {
      const one = tf.tensor2d(Float32Array.from(angles, f), [tokens, half]);
      const scaled = tf.mul(one, scale);
      const pair = <T>(x: T): T[] => [x, x];
      return tf.concat2d(
        [
          ...Array.from({ length: heads }, () => pair(scaled)).flat(),
          ...Array.from({ length: kvHeads }, () => pair(one)).flat(),
          tf.fill([tokens, kvHeads * headDim], ofValues),
        ] as tf.Tensor2D[],
        1,
      );
    };
    return { cos: spread(Math.cos, 1), sin: spread(Math.sin, 0), turn: turnMatrix(headDim) };
  });
}

function turnMatrix(headDim: number): tf.Tensor2D {
  const half = headDim / 2;
  const values = new Float32Array(headDim * headDim);
  for (let i = 0; i < half; i++) {
    values[(i + half) * headDim + i] = -1;
    values[i * headDim + i + half] = 1;
  }
  return tf.tensor2d(values, [headDim, headDim]);
}

/** x∘cos + (x R)∘sin of plain tensors. R is applied as a product, which is far cheaper here than slicing and joining. */
export function rotate(x: tf.Tensor, { cos, sin, turn }: RotaryTables): tf.Tensor {
  const o = ops();
  return o.add(o.mul(x, cos), o.mul(turned(x, turn, false), sin));
}

/** The transpose of `rotate`. */
export function rotateBackward(dy: tf.Tensor, { cos, sin, turn }: RotaryTables): tf.Tensor {
  const o = ops();
  return o.add(o.mul(dy, cos), turned(o.mul(dy, sin), turn, true));
}

function turned(x: tf.Tensor, turn: tf.Tensor2D, transpose: boolean): tf.Tensor {
  const o = ops();
  const [headDim] = turn.shape;
  return o.reshape(o.matMul(o.reshape(x, [x.size / headDim, headDim]), turn, false, transpose), x.shape);
}
