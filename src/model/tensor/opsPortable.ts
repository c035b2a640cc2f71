import * as tf from "@tensorflow/tfjs-core";
import type { Ops } from "./opsContract";

/** `Ops` in the library's own operations; they run on every backend. */
export const portableOps: Ops = {
  add: (a, b) => tf.add(a, b),
  sub: (a, b) => tf.sub(a, b),
  mul: (a, b) => tf.mul(a, b),
  affine: (a, factor, offset) => tf.tidy(() => tf.add(tf.mul(a, factor), offset)),
  square: (a) => tf.square(a),
  inverseRoot: (a) => tf.tidy(() => tf.div(1, tf.sqrt(a))),
  sigmoid: (a) => tf.sigmoid(a),
  exp: (a) => tf.exp(a),
  erf: (a) => tf.erf(a),
  sum: (a, axis, keep) => tf.sum(a, axis, keep),
  mean: (a, axis, keep) => tf.mean(a, axis, keep),
  softmax: (a) => tf.tidy(() => tf.exp(tf.logSoftmax(a))),
  logSoftmax: (a) => tf.logSoftmax(a),
  matMul: (a, b, transposeA = false, transposeB = false) => tf.matMul(a, b, transposeA, transposeB),
  batchMatMul: (a, b, transposeA = false, transposeB = false) => tf.matMul(a, b, transposeA, transposeB),
  reshape: (a, shape) => tf.reshape(a, [...shape]),
  concat: (parts, axis) => tf.concat([...parts], axis),
  split: (a, sizes, axis) => tf.split(a, [...sizes], axis),
  swapHalves: (a, half) =>
    tf.tidy(() => {
      const [front, back] = tf.split(a, [half, half], 1) as [tf.Tensor, tf.Tensor];
      return tf.concat([back, front], 1);
    }),
  zeros: (shape) => tf.zeros([...shape]),
  gather: (a, indices) => tf.gather(a, indices),
  scatterAdd: (a, indices, rows) => tf.unsortedSegmentSum(a, indices as tf.Tensor1D, rows.dataSync()[0] ?? 0),
  oneHot: (indices, classes) => tf.cast(tf.oneHot(indices as tf.Tensor1D, classes), "float32"),
};
