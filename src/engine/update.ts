import * as tf from "@tensorflow/tfjs-core";
import { globalNorm, type AdamW } from "./adamw";
import type { FlatLayout } from "./flat";

/** A part of a step small enough for one backward pass. The losses of a step's micro-batches add up to the step's loss. */
export interface MicroBatch {
  /** Builds the differentiable loss; called once, on the gradient tape. */
  loss(): tf.Scalar;
  dispose(): void;
  /** What it is made of, by name: said when its loss or gradient is not finite. */
  readonly examples?: readonly string[];
}

/** An update that was made; without a loss where there was nothing to learn from. */
export interface Update {
  readonly loss?: number;
  readonly gradNorm?: number;
}

/** What is not finite in a step, and where; the weights have not been touched. */
export interface Fault {
  readonly fault: string;
}

/**
 * Accumulates the gradients of the micro-batches and makes one update, unless the loss or a gradient is not finite. That
 * costs next to nothing: the losses are read anyway, so is the gradients' norm, and a finite norm has finite gradients.
 */
export function applyUpdate(
  microBatches: Iterable<MicroBatch>,
  layout: FlatLayout,
  optimizer: AdamW,
  rate: number,
): Update | Fault {
  let total: tf.Tensor1D[] | undefined;
  let loss = 0;
  let index = 0;
  for (const batch of microBatches) {
    const part = differentiate(batch, layout);
    const where = `micro-batch ${index++}${listed(batch.examples)}`;
    if (!Number.isFinite(part.loss) || !part.finite) {
      const fault = `${where}: ${describe(part, layout)}`;
      tf.dispose([part.gradients, total ?? []]);
      return { fault };
    }
    loss += part.loss;
    total = total === undefined ? part.gradients : addAndFree(total, part.gradients);
  }
  if (total === undefined) return {};
  const gradNorm = globalNorm(total);
  if (Number.isFinite(gradNorm)) {
    optimizer.update(total, rate, gradNorm);
    return { loss, gradNorm };
  }
  const fault = `the gradients' norm overflows; ${largest(total, layout)}`;
  tf.dispose(total);
  return { fault };
}

interface Part {
  readonly loss: number;
  readonly gradients: tf.Tensor1D[];
  /** Whether all gradients are finite. */
  readonly finite: boolean;
}

function differentiate(batch: MicroBatch, layout: FlatLayout): Part {
  const nameOf = new Map([...layout.parameters].map(([name, variable]) => [variable.name, name]));
  try {
    const { value, grads } = tf.variableGrads(() => batch.loss(), [...layout.parameters.values()]);
    const loss = value.dataSync()[0] ?? NaN;
    const named = Object.fromEntries(Object.entries(grads).map(([name, grad]) => [nameOf.get(name) ?? name, grad]));
    const gradients = layout.flatten(named);
    tf.dispose([value, grads]);
    return { loss, gradients, finite: Number.isFinite(plainSum(gradients)) };
  } finally {
    batch.dispose();
  }
}

/** A sum shows every NaN and infinity among its terms, and costs one pass. */
function plainSum(vectors: readonly tf.Tensor1D[]): number {
  const sum = tf.tidy(() => tf.addN(vectors.map((vector) => tf.sum(vector))));
  const value = sum.dataSync()[0] ?? NaN;
  sum.dispose();
  return value;
}

function addAndFree(before: tf.Tensor1D[], more: tf.Tensor1D[]): tf.Tensor1D[] {
  const sums = before.map((vector, i) => tf.add<tf.Tensor1D>(vector, more[i] as tf.Tensor1D));
  tf.dispose([before, more]);
  return sums;
}

/** Names of examples kept in a message. */
const MOST_NAMED = 4;

function listed(examples: readonly string[] | undefined): string {
  if (examples === undefined || examples.length === 0) return "";
  const more = examples.length > MOST_NAMED ? `, and ${examples.length - MOST_NAMED} more` : "";
  return ` (${examples.slice(0, MOST_NAMED).join(", ")}${more})`;
}

function describe({ loss, gradients }: Part, layout: FlatLayout): string {
  const spoilt = [...layout.parts(gradients)].filter(({ values }) => !values.every(Number.isFinite));
  const [first] = spoilt;
  const others = spoilt.length > 1 ? ` and of ${spoilt.length - 1} more` : "";
  const tensors = first === undefined ? "" : `the gradient of ${first.name}${others} is not finite`;
  if (!Number.isFinite(loss)) return `the loss is ${loss}${tensors === "" ? "" : `, ${tensors}`}`;
  return tensors === "" ? `the sum of the gradients overflows; ${largest(gradients, layout)}` : tensors;
}

function largest(gradients: readonly tf.Tensor1D[], layout: FlatLayout): string {
  const sizes = [...layout.parts(gradients)].map(({ name, values }) => ({
    name,
    size: values.reduce((top, value) => Math.max(top, Math.abs(value)), 0),
  }));
  const [top] = sizes.sort((a, b) => b.size - a.size);
  return `the largest is that of ${top?.name ?? "none"}, ${top?.size.toExponential(1) ?? ""}`;
}
