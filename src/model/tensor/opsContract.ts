import type * as tf from "@tensorflow/tfjs-core";

/**
 * The few tensor operations that the fused blocks of this folder are written in. Two implementations give the same
 * results: raw TensorFlow operations, at a third of the cost of the library's wrappers on small tensors, and the
 * library's own, for any backend. They are for the inside of `differentiable` only: none of them is recorded on the tape.
 *
 * The native kernels `Softmax`, `Rsqrt` and `Reciprocal` start from the processor's own approximations, so that AMD and
 * Intel differ in the last digit; here they are composed of operations that are rounded the same everywhere.
 */
export interface Ops {
  add(a: tf.Tensor, b: tf.Tensor): tf.Tensor;
  sub(a: tf.Tensor, b: tf.Tensor): tf.Tensor;
  mul(a: tf.Tensor, b: tf.Tensor): tf.Tensor;
  /** a · factor + offset, with numbers. */
  affine(a: tf.Tensor, factor: number, offset: number): tf.Tensor;
  square(a: tf.Tensor): tf.Tensor;
  /** 1/√a */
  inverseRoot(a: tf.Tensor): tf.Tensor;
  sigmoid(a: tf.Tensor): tf.Tensor;
  exp(a: tf.Tensor): tf.Tensor;
  erf(a: tf.Tensor): tf.Tensor;
  /** Over one axis, which stays with length 1 if `keep`. */
  sum(a: tf.Tensor, axis: number, keep: boolean): tf.Tensor;
  mean(a: tf.Tensor, axis: number, keep: boolean): tf.Tensor;
  /** Over the last axis, which `logSoftmax` is over, too. */
  softmax(a: tf.Tensor): tf.Tensor;
  logSoftmax(a: tf.Tensor): tf.Tensor;
  /** Rank 2: aᵀ if `transposeA`, bᵀ if `transposeB`. */
  matMul(a: tf.Tensor, b: tf.Tensor, transposeA?: boolean, transposeB?: boolean): tf.Tensor;
  /** Any rank above 2, over the last two axes. */
  batchMatMul(a: tf.Tensor, b: tf.Tensor, transposeA?: boolean, transposeB?: boolean): tf.Tensor;
  reshape(a: tf.Tensor, shape: readonly number[]): tf.Tensor;
  transpose(a: tf.Tensor, permutation: readonly number[]): tf.Tensor;
  concat(parts: readonly tf.Tensor[], axis: number): tf.Tensor;
  split(a: tf.Tensor, sizes: readonly number[], axis: number): tf.Tensor[];
  /** Rows of axis 0. */
  gather(a: tf.Tensor, indices: tf.Tensor): tf.Tensor;
  /** The transpose of `gather`: row i of `a` is added to row indices[i] of a result with `rows` rows. */
  scatterAdd(a: tf.Tensor, indices: tf.Tensor, rows: number): tf.Tensor;
  /** [M] class numbers → [M, classes] */
  oneHot(indices: tf.Tensor, classes: number): tf.Tensor;
}
