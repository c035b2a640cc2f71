import type * as tf from "@tensorflow/tfjs-core";

/**
 * The few tensor operations that the network's blocks are written in. A value V is a tensor, computed at once, or a
 * node of a graph that is being written (`fused`). Raw TensorFlow operations and the library's own, for any backend, give the
 * same results. They are for the inside of `differentiable` only: none of them is recorded on the tape.
 *
 * The native kernels `Softmax`, `Rsqrt` and `Reciprocal` start from the processor's own approximations, so that AMD and
 * Intel differ in the last digit; here they are composed of operations that are rounded the same everywhere.
 */
export interface Ops<V = tf.Tensor> {
  add(a: V, b: V): V;
  sub(a: V, b: V): V;
  mul(a: V, b: V): V;
  /** a · factor + offset, with numbers. */
  affine(a: V, factor: number, offset: number): V;
  square(a: V): V;
  /** 1/√a */
  inverseRoot(a: V): V;
  sigmoid(a: V): V;
  exp(a: V): V;
  erf(a: V): V;
  /** Over one axis, which stays with length 1 if `keep`. */
  sum(a: V, axis: number, keep: boolean): V;
  mean(a: V, axis: number, keep: boolean): V;
  /** Over the last axis, which `logSoftmax` is over, too. */
  softmax(a: V): V;
  logSoftmax(a: V): V;
  /** Rank 2: aᵀ if `transposeA`, bᵀ if `transposeB`. */
  matMul(a: V, b: V, transposeA?: boolean, transposeB?: boolean): V;
  /** Any rank above 2, over the last two axes. */
  batchMatMul(a: V, b: V, transposeA?: boolean, transposeB?: boolean): V;
  /** One side may be -1: what is left. */
  reshape(a: V, shape: readonly number[]): V;
  concat(parts: readonly V[], axis: number): V;
  split(a: V, sizes: readonly number[], axis: number): V[];
  /** [M, 2h] → [M, 2h] with the two halves of each row in each other's place. */
  swapHalves(a: V, half: number): V;
  zeros(shape: readonly number[]): V;
  /** Rows of axis 0, in the shape of the indices. */
  gather(a: V, indices: V): V;
  /** The transpose of `gather`: row i of `a` is added to row indices[i] of a result with `rows` rows. */
  scatterAdd(a: V, indices: V, rows: V): V;
  /** [M] class numbers → [M, classes] */
  oneHot(indices: V, classes: number): V;
}
