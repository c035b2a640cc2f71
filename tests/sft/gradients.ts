import type { MicroBatch, Weighted } from "../../src/engine/gradient";

/** Loss, gradients and figures of a step: what its micro-batches add up to. */
export async function accumulated<M extends Weighted>(
  microBatches: readonly MicroBatch<M>[],
  model: M,
): Promise<{ loss: number; gradients: number[]; figures: Record<string, number> }> {
  const parameters = [...model.parameters.keys()];
  const gradients: number[] = [];
  const figures: Record<string, number> = {};
  let loss = 0;
  for (const { gradient, data } of microBatches) {
    const part = await gradient.run(model, { data, parameters });
    loss += part.loss;
    part.vectors
      .flatMap((vector) => [...vector])
      .forEach((value, i) => {
        gradients[i] = (gradients[i] ?? 0) + value;
      });
    for (const [name, value] of Object.entries(part.figures)) figures[name] = (figures[name] ?? 0) + value;
  }
  return { loss, gradients, figures };
}

/** max |a − b| / max |b| */
export function relativeError(a: readonly number[], b: readonly number[]): number {
  const largest = b.reduce((max, v) => Math.max(max, Math.abs(v)), 0);
  return b.reduce((max, v, i) => Math.max(max, Math.abs((a[i] ?? NaN) - v)), 0) / largest;
}
