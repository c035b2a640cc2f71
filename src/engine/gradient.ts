import * as tf from "@tensorflow/tfjs-core";
import type { Job } from "../workers/job";
import { FlatLayout } from "./flat";

/** Whatever has weights. */
export interface Weighted {
  readonly parameters: ReadonlyMap<string, tf.Variable>;
}

/** A loss as a pure function of a model's weights and of data that another process can be sent. M model, D data. */
export interface Loss<M, D> {
  /** How a worker process finds it. */
  readonly name: string;
  /** Lays the data out as tensors; no tape runs. */
  prepare(model: M, data: D): PreparedLoss;
}

export interface PreparedLoss {
  /** Builds the differentiable loss; called once, on the gradient tape. */
  loss(): tf.Scalar;
  /** What the forward pass showed besides, for the log; read once the loss was built. */
  figures?(): Readonly<Record<string, number>>;
  dispose(): void;
}

/** A part of a step small enough for one backward pass, as data. The losses of a step's micro-batches add up to the step's loss. */
export interface MicroBatch<M> {
  readonly gradient: Job<M, GradientOrder, Gradient>;
  readonly data: unknown;
  /** What it is made of, by name: said when its loss or gradient is not finite. */
  readonly examples: readonly string[];
}

/** What a worker is asked for. */
interface GradientOrder {
  readonly data: unknown;
  /** The parameters that learn, by name. */
  readonly parameters: readonly string[];
}

/** A micro-batch's loss and what it says of each parameter. */
export interface Gradient {
  readonly loss: number;
  /** Whether all gradients are finite. */
  readonly finite: boolean;
  readonly figures: Readonly<Record<string, number>>;
  /** One for each bucket of the layout of these parameters (`FlatLayout`). Who adds them up takes them out (`accumulate`). */
  readonly vectors: Float32Array[];
}

/** A micro-batch of a loss. */
export function microBatch<M extends Weighted, D>(
  loss: Loss<M, D>,
  data: D,
  examples: readonly string[] = [],
): MicroBatch<M> {
  return { gradient: gradientOf(loss), data, examples };
}

/** The job of computing a loss's gradient. */
export function gradientOf<M extends Weighted, D>(loss: Loss<M, D>): Job<M, GradientOrder, Gradient> {
  return {
    name: `gradient of ${loss.name}`,
    run: (model, { data, parameters }) => {
      const chosen = new Map(parameters.map((name) => [name, parameterOf(model, name)]));
      return differentiate(loss.prepare(model, data as D), new FlatLayout(chosen));
    },
  };
}

function parameterOf({ parameters }: Weighted, name: string): tf.Variable {
  const variable = parameters.get(name);
  if (variable === undefined) throw new RangeError(`gradientOf: no parameter ${name}`);
  return variable;
}

function differentiate(prepared: PreparedLoss, layout: FlatLayout): Gradient {
  const nameOf = new Map([...layout.parameters].map(([name, variable]) => [variable.name, name]));
  try {
    const { value, grads } = tf.variableGrads(() => prepared.loss(), [...layout.parameters.values()]);
    try {
      const loss = value.dataSync()[0] ?? NaN;
      const named = new Map(Object.entries(grads).map(([name, grad]) => [nameOf.get(name) ?? name, grad]));
      const vectors = layout.buckets.map((bucket) => takeVector(layout, bucket, named));
      return { loss, finite: vectors.every(allFinite), figures: prepared.figures?.() ?? {}, vectors };
    } finally {
      tf.dispose([value, grads]);
    }
  } finally {
    prepared.dispose();
  }
}

/** A bucket's gradients as an array. The tensors are freed, so that a large model's gradients are never all there twice. */
function takeVector(layout: FlatLayout, bucket: readonly string[], named: ReadonlyMap<string, tf.Tensor>) {
  const vector = layout.join(bucket, (name) => named.get(name));
  tf.dispose(bucket.flatMap((name) => named.get(name) ?? []));
  try {
    return vector.dataSync<"float32">(); // not from within `tf.tidy`, which would look for tensors among its numbers, one by one
  } finally {
    vector.dispose();
  }
}

/** A sum shows every NaN and infinity among its terms; in double precision, finite single ones do not overflow. */
function allFinite(vector: Float32Array): boolean {
  let sum = 0;
  for (let i = 0; i < vector.length; i++) sum += vector[i] as number;
  return Number.isFinite(sum);
}
