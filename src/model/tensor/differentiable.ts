import * as tf from "@tensorflow/tfjs-core";

/** Gradients of the inputs, each computed only when it is asked for. */
export type LazyGradients = Readonly<Record<string, () => tf.Tensor>>;

/** A function of tensors with its derivative written by hand. */
export interface DifferentiableSpec<T extends tf.Tensor | tf.Tensor[]> {
  /**
   * Non-differentiable inputs (tables, indices, masks) may stand here too. Gradients are asked for in this order; the
   * function that may free what the gradients share belongs to the last one.
   */
  readonly inputs: Readonly<Record<string, tf.Tensor>>;
  /** The value. Tensors given to `save` are kept for `backward`, and only while a tape runs. */
  readonly forward: (save: (tensors: tf.Tensor[]) => void) => T;
  /** Gradients from those of the outputs (zeros for outputs that the loss does not use) and the saved tensors. */
  readonly backward: (gradients: tf.Tensor[], saved: tf.Tensor[]) => LazyGradients;
}

/** The entry that `tf.customGrad` itself uses; it is hidden in the types, and the version is pinned. */
interface GradientEngine {
  runKernelFunc<T extends tf.Tensor | tf.Tensor[]>(parameters: {
    inputs: Readonly<Record<string, tf.Tensor>>;
    attrs: Record<string, never>;
    forwardFunc: (backend: unknown, save: (tensors: tf.Tensor[]) => void) => T;
    backwardsFunc: (gradients: tf.Tensor | tf.Tensor[], saved: tf.Tensor[]) => LazyGradients;
  }): T;
}

/**
 * Runs a function with a hand-written derivative. `tf.customGrad` computes the gradients of all inputs whenever one is
 * needed; here they are lazy, so frozen weights cost nothing, and several outputs are possible.
 */
export function differentiable<T extends tf.Tensor | tf.Tensor[]>(spec: DifferentiableSpec<T>): T {
  const engine = tf.engine() as unknown as GradientEngine;
  return engine.runKernelFunc<T>({
    inputs: spec.inputs,
    attrs: {},
    forwardFunc: (_backend, save) => spec.forward(save),
    backwardsFunc: (gradients, saved) => spec.backward(Array.isArray(gradients) ? gradients : [gradients], saved),
  });
}
