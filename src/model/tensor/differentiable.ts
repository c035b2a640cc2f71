import * as tf from "@tensorflow/tfjs-core";
import { mapTensors, tensorsIn } from "./nested";

/** Gradients of the inputs by their path, each computed only when it is asked for. */
export type LazyGradients = Readonly<Record<string, () => tf.Tensor>>;

/** A function of tensors with its derivative written by hand. */
export interface DifferentiableSpec<T extends tf.Tensor, K> {
  /**
   * What has a gradient, nested as suits the reader. Gradients are asked for in this order; the function that may free
   * what the gradients share belongs to the last one.
   */
  readonly inputs: object;
  /** The value, and what `backward` needs, which is kept only while a tape runs. */
  readonly forward: () => { readonly value: T; readonly kept: K };
  /** Gradients from that of the value and what was kept. */
  readonly backward: (dy: tf.Tensor, kept: K) => LazyGradients;
}

/** The entry that `tf.customGrad` itself uses; it is hidden in the types, and the version is pinned. */
interface GradientEngine {
  readonly state: { readonly gradientDepth: number };
  runKernelFunc<T extends tf.Tensor>(parameters: {
    inputs: Readonly<Record<string, tf.Tensor>>;
    attrs: Record<string, never>;
    forwardFunc: (backend: unknown, save: (tensors: tf.Tensor[]) => void) => T;
    backwardsFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => LazyGradients;
  }): T;
}

function engine(): GradientEngine {
  return tf.engine() as unknown as GradientEngine;
}

/** Whether what is computed now may be asked for a gradient. */
export function taping(): boolean {
  return engine().state.gradientDepth > 0;
}

/**
 * Runs a function with a hand-written derivative. `tf.customGrad` computes the gradients of all inputs whenever one is
 * needed; here they are lazy, so frozen weights cost nothing.
 */
export function differentiable<T extends tf.Tensor, K>(spec: DifferentiableSpec<T, K>): T {
  let structure: K | undefined;
  return engine().runKernelFunc<T>({
    inputs: tensorsIn(spec.inputs).tensors,
    attrs: {},
    forwardFunc: (_backend, save) => {
      const { value, kept } = spec.forward();
      save(Object.values(tensorsIn(kept).tensors));
      structure = kept;
      return value;
    },
    backwardsFunc: (dy, saved) => {
      let next = 0;
      return spec.backward(
        dy,
        mapTensors<K>(structure, () => saved[next++]),
      );
    },
  });
}
