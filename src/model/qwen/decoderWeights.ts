import * as tf from "@tensorflow/tfjs-core";
import type { LinearWeights } from "../tensor/linear";
import type { QwenConfig } from "./config";
import type { DecodingStart } from "./decoder";
import type { DecoderLayer, LanguageWeights } from "./language";
import { textAngles } from "./positions";

/** A copy of the weights for decoding may take this much. */
const COPY_BYTES = 2 ** 30;

/** Sizes of the fused projection: kvHeads × (group query heads, key, value) × headDim. */
export interface FusedShape {
  readonly kvHeads: number;
  /** Query heads of one key-value head. */
  readonly group: number;
  readonly headDim: number;
  /** kvHeads · (group + 2) · headDim */
  readonly width: number;
  readonly config: QwenConfig;
}

export function fusedShape(config: QwenConfig): FusedShape {
  const { heads, kvHeads, headDim } = config.text;
  const group = heads / kvHeads;
  return { kvHeads, group, headDim, width: kvHeads * (group + 2) * headDim, config };
}

/** Weights of a layer, [in, out] each: a product of few rows with a matrix that lies that way is up to three times faster. */
export interface FusedLayer {
  /**
   * [D, 2·width]: its product with x̂ holds, for each key-value head, its queries, key and value and, behind them, the
   * same ones turned by a quarter, so that rotating costs one product and one sum; the scale of the scores included.
   */
  readonly project: tf.Tensor;
  readonly projectBias: tf.Tensor;
  readonly output: tf.Tensor;
  /** [D, 2·intermediate] */
  readonly gateUp: tf.Tensor;
  readonly down: tf.Tensor;
}

/** A layer's weights laid out for decoding, those of the norms within them. Owned by the caller. */
export function fuseLayer({ attention, mlp }: DecoderLayer, shape: FusedShape): FusedLayer {
  const [q, k, v] = attention.projections as [LinearWeights, LinearWeights, LinearWeights];
  return tf.tidy(() => ({
    project: turned(fuse([q.weight, k.weight, v.weight], shape), attention.norm.weight),
    projectBias: tf.reshape(
      fuse(
        [q, k, v].map(({ bias, weight }) => column(bias, weight)),
        shape,
      ),
      [2 * shape.width],
    ),
    output: turned(attention.output.weight),
    gateUp: turned(tf.concat([mlp.gate.weight, mlp.up.weight], 0), mlp.norm.weight),
    down: turned(mlp.down.weight),
  }));
}

/** The head with the norm in front of it: [D, V], owned by the caller. */
export function fuseHead({ head, norm }: LanguageWeights): tf.Tensor {
  return tf.tidy(() => turned(head, norm.weight));
}

/** Whether a model's weights may be copied for decoding; in larger ones products take the time, not calls. */
export function isSmallEnough({ layers, head }: LanguageWeights): boolean {
  const sizes = layers.map(({ attention, mlp }) => {
    const projections = attention.projections.reduce((sum, { weight }) => sum + weight.size, 0);
    const others = [attention.output, mlp.gate, mlp.up, mlp.down].reduce((sum, { weight }) => sum + weight.size, 0);
    return 2 * projections + others;
  });
  return 4 * sizes.reduce((sum, size) => sum + size, head.size) <= COPY_BYTES;
}

/** [out, in] → [in, out], each input times its factor of the norm */
function turned(weight: tf.Tensor, norm?: tf.Tensor): tf.Tensor {
  return tf.transpose(norm === undefined ? weight : tf.mul(weight, norm), [1, 0]);
}

function column(bias: tf.Tensor | undefined, weight: tf.Tensor): tf.Tensor {
  const rows = weight.shape[0];
  return bias === undefined ? tf.zeros([rows, 1]) : tf.reshape(bias, [rows, 1]);
}

/** Queries, keys and values, [out, in] each → [2·width, in] */
function fuse(parts: readonly tf.Tensor[], { kvHeads, group, headDim, width }: FusedShape): tf.Tensor {
  const [q, k, v] = parts as [tf.Tensor, tf.Tensor, tf.Tensor];
  const columns = q.shape[1] ?? 0;
  const queries = tf.reshape(tf.mul(q, 1 / Math.sqrt(headDim)), [kvHeads, group, headDim, columns]);
  const keys = tf.reshape(k, [kvHeads, 1, headDim, columns]);
  const values = tf.reshape(v, [kvHeads, 1, headDim, columns]);
  const turning = tf.concat([queries, keys], 1);
  const [front, back] = tf.split(turning, 2, 2);
  if (front === undefined || back === undefined) throw new RangeError("fuse: heads of odd width");
  const turned = tf.concat([tf.neg(back), front], 2);
  const both = tf.concat([turning, values, turned, tf.zerosLike(values)], 1);
  return tf.reshape(both, [2 * width, columns]);
}

/**
 * Rotary factors for the fused projection, one row per place: first the places `lowest`, `lowest` + 1, … that new tokens
 * take, then, from `firstRow` on, the place of each row's first token. [places, 2·width], owned by the caller.
 */
export function fusedPlaces(
  { next, steps, firstPlace }: DecodingStart,
  shape: FusedShape,
): { table: tf.Tensor; lowest: number; firstRow: number } {
  const lowest = Math.min(...next);
  const firstRow = Math.max(...next) + steps - lowest;
  const count = firstRow + firstPlace.length;
  const places = new Int32Array(3 * count);
  for (let axis = 0; axis < 3; axis++) {
    for (let i = 0; i < firstRow; i++) places[axis * count + i] = lowest + i;
    firstPlace.forEach((place, row) => (places[axis * count + firstRow + row] = place[axis] ?? 0));
  }
  const angles = textAngles(places, shape.config);
  return { table: tf.tensor2d(spread(angles, count, shape), [count, 2 * shape.width]), lowest, firstRow };
}

function spread(angles: Float32Array, count: number, { kvHeads, group, headDim, width }: FusedShape): Float32Array {
  const half = headDim / 2;
  const cos = angles.map(Math.cos);
  const sin = angles.map(Math.sin);
  const out = new Float32Array(count * 2 * width);
  const part = (group + 2) * headDim;
  for (let place = 0; place < count; place++) {
    for (let head = 0; head < kvHeads * (group + 2); head++) {
      const [kvHead, member] = [Math.floor(head / (group + 2)), head % (group + 2)];
      const from = place * 2 * width + kvHead * 2 * part + member * headDim;
      if (member === group + 1) {
        out.fill(1, from, from + headDim); // values are not turned
        continue;
      }
      for (const shift of [0, half]) {
        out.set(cos.subarray(place * half, (place + 1) * half), from + shift);
        out.set(sin.subarray(place * half, (place + 1) * half), from + part + shift);
      }
    }
  }
  return out;
}
