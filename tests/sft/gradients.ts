import * as tf from "@tensorflow/tfjs-core";
import type { MicroBatch } from "../../src/engine/train";

/** Loss and gradients of a step: what its micro-batches add up to. */
export function accumulated(
  microBatches: Iterable<MicroBatch>,
  parameters: ReadonlyMap<string, tf.Variable>,
): { loss: number; gradients: number[] } {
  const variables = [...parameters.values()];
  const gradients: number[] = [];
  let loss = 0;
  for (const batch of microBatches) {
    const { value, grads } = tf.variableGrads(() => batch.loss(), variables);
    loss += value.dataSync()[0] ?? NaN;
    let at = 0;
    for (const variable of variables) {
      const grad = grads[variable.name]?.dataSync();
      for (let i = 0; i < variable.size; i++, at++) gradients[at] = (gradients[at] ?? 0) + (grad?.[i] ?? 0);
    }
    tf.dispose([value, grads]);
    batch.dispose();
  }
  return { loss, gradients };
}

/** The loss alone. */
export function lossOf(microBatches: Iterable<MicroBatch>): number {
  let loss = 0;
  for (const batch of microBatches) {
    loss += tf.tidy(() => batch.loss().dataSync()[0] ?? NaN);
    batch.dispose();
  }
  return loss;
}

/** max |a − b| / max |b| */
export function relativeError(a: readonly number[], b: readonly number[]): number {
  const largest = b.reduce((max, v) => Math.max(max, Math.abs(v)), 0);
  return b.reduce((max, v, i) => Math.max(max, Math.abs((a[i] ?? NaN) - v)), 0) / largest;
}
