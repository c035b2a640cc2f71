import * as tf from "@tensorflow/tfjs-core";
import { sideBySide, type Runner } from "../workers/job";
import { globalNorm, type AdamW } from "./adamw";
import type { FlatLayout } from "./flat";
import type { Gradient, MicroBatch } from "./gradient";

/** An update that was made; without a loss where there was nothing to learn from. */
export interface Update {
  readonly loss?: number;
  readonly gradNorm?: number;
  /** Of the forward passes, added up. */
  readonly figures: Readonly<Record<string, number>>;
}

/** What is not finite in a step, and where; the weights have not been touched. */
export interface Fault {
  readonly fault: string;
}

/** The loss and the gradients of a step; without gradients where there was nothing to learn from. */
export interface Sum {
  readonly loss: number;
  readonly vectors: Float32Array[] | undefined;
  readonly figures: Readonly<Record<string, number>>;
}

/**
 * Adds up the gradients of the micro-batches, in their order. Each is a function of weights and data alone: the sum is the
 * same to the bit whoever computes them. Ends with the first micro-batch whose loss or gradient is not finite.
 * Takes each part's vectors out of it: promises and loops hold on to the parts until the step ends, and a large model's gradients would
 * be there once for every micro-batch.
 */
export async function accumulate<M>(
  microBatches: readonly MicroBatch<M>[],
  runner: Runner<M>,
  layout: FlatLayout,
  signal?: AbortSignal,
): Promise<Sum | Fault> {
  const parameters = [...layout.parameters.keys()];
  const tasks = microBatches.map(
    ({ gradient, data }) =>
      (stop: AbortSignal) =>
        runner.run(gradient, { data, parameters }, stop),
  );
  const figures: Record<string, number> = {};
  let vectors: Float32Array[] | undefined;
  let loss = 0;
  let index = 0;
  for await (const part of sideBySide(tasks, { signal })) {
    const where = `micro-batch ${index}${listed(microBatches[index]?.examples ?? [])}`;
    index++;
    if (!Number.isFinite(part.loss) || !part.finite) return { fault: `${where}: ${describe(part, layout)}` };
    loss += part.loss;
    for (const [name, value] of Object.entries(part.figures)) figures[name] = (figures[name] ?? 0) + value;
    vectors = addTo(vectors, part.vectors);
  }
  return { loss, vectors, figures };
}

/** Makes one update, unless a gradient is not finite: a finite norm has finite gradients. Takes the vectors out of the sum. */
export function applyUpdate(
  { loss, vectors, figures }: Sum,
  layout: FlatLayout,
  optimizer: AdamW,
  rate: number,
): Update | Fault {
  if (vectors === undefined) return { figures };
  const gradients = vectors.map((vector) => tf.tensor1d(vector));
  vectors.length = 0;
  try {
    const gradNorm = globalNorm(gradients);
    if (Number.isFinite(gradNorm)) {
      optimizer.update(gradients, rate, gradNorm);
      return { loss, gradNorm, figures };
    }
    const read = gradients.map((vector) => vector.dataSync<"float32">());
    return { fault: `the gradients' norm overflows; ${largest(read, layout)}` };
  } finally {
    tf.dispose(gradients);
  }
}

/** Adds in place, in single precision as the tensor engine does; a sum of one is the vectors themselves. `more` is empty afterwards. */
function addTo(total: Float32Array[] | undefined, more: Float32Array[]): Float32Array[] {
  if (total === undefined) return more.splice(0);
  total.forEach((vector, bucket) => {
    const others = more[bucket] as Float32Array;
    for (let i = 0; i < vector.length; i++) vector[i] = (vector[i] as number) + (others[i] as number);
  });
  more.length = 0;
  return total;
}

/** Names of examples kept in a message. */
const MOST_NAMED = 4;

function listed(examples: readonly string[]): string {
  if (examples.length === 0) return "";
  const more = examples.length > MOST_NAMED ? `, and ${examples.length - MOST_NAMED} more` : "";
  return ` (${examples.slice(0, MOST_NAMED).join(", ")}${more})`;
}

function describe({ loss, vectors }: Gradient, layout: FlatLayout): string {
  const spoilt = [...layout.parts(vectors)].filter(({ values }) => !values.every(Number.isFinite));
  const [first] = spoilt;
  const others = spoilt.length > 1 ? ` and of ${spoilt.length - 1} more` : "";
  const tensors = first === undefined ? "" : `the gradient of ${first.name}${others} is not finite`;
  if (!Number.isFinite(loss)) return `the loss is ${loss}${tensors === "" ? "" : `, ${tensors}`}`;
  return tensors;
}

function largest(vectors: readonly Float32Array[], layout: FlatLayout): string {
  const sizes = [...layout.parts(vectors)].map(({ name, values }) => ({
    name,
    size: values.reduce((top, value) => Math.max(top, Math.abs(value)), 0),
  }));
  const [top] = sizes.sort((a, b) => b.size - a.size);
  return `the largest is that of ${top?.name ?? "none"}, ${top?.size.toExponential(1) ?? ""}`;
}
