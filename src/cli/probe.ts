import * as tf from "@tensorflow/tfjs-core";
import { type BackendInfo, loadBackend, nativeOnCpu } from "../core/backend";
import { LabError, messageOf } from "../core/errors";

export interface EngineProbe {
  readonly backend: BackendInfo | undefined;
  /** Whether the engine multiplies rightly. */
  readonly computes: boolean;
  /** Whether it differentiates rightly through a table look-up and a product, which every training step needs. */
  readonly differentiates: boolean;
  readonly usesGpu: boolean;
  readonly problem?: string;
  readonly remedy?: string;
}

/** Loads the engine and has it compute something small whose result is known. */
export async function probeEngine(): Promise<EngineProbe> {
  let backend: BackendInfo | undefined;
  try {
    backend = await loadBackend();
    const computes = tf.tidy(checkProduct);
    const differentiates = backend.canTrain && tf.tidy(checkGradient);
    return { backend, computes, differentiates, usesGpu: backend.name === "tensorflow" && !nativeOnCpu() };
  } catch (error) {
    const { reason, remedy } = error instanceof LabError ? error : { reason: messageOf(error), remedy: undefined };
    const why = { problem: reason, ...(remedy === undefined ? {} : { remedy }) };
    return { backend, computes: false, differentiates: false, usesGpu: false, ...why };
  }
}

/** [1 2; 3 4]·[5; 6] = [17; 39]. */
function checkProduct(): boolean {
  const product = tf.matMul(tf.tensor2d([1, 2, 3, 4], [2, 2]), tf.tensor2d([5, 6], [2, 1])).dataSync();
  return equal(product, [17, 39]);
}

/** f(E) = Σ E[rows]², rows = (1, 1, 0): ∂f/∂E = 2·(times the row is looked up)·E = [2·1·1, 2·2·3] for E = [1; 3]. */
function checkGradient(): boolean {
  const rows = tf.tensor1d([1, 1, 0], "int32");
  const gradient = tf.grad((table: tf.Tensor) => tf.sum(tf.square(tf.gather(table, rows))));
  return equal(gradient(tf.tensor2d([1, 3], [2, 1])).dataSync(), [2, 12]);
}

function equal(values: ArrayLike<number>, expected: readonly number[]): boolean {
  return (
    values.length === expected.length &&
    expected.every((value, index) => Math.abs((values[index] ?? NaN) - value) < 1e-5)
  );
}
