import type * as tf from "@tensorflow/tfjs-core";
import { LabError } from "../core/errors";
import type { Job, Replicable } from "./job";

/** A model as a worker holds it. */
export type Copy = Pick<Replicable, "parameters"> & { dispose(): void };

/** How a worker makes a model again from what it is made from, A; its weights are put in afterwards. */
export interface ReplicaKind<A> {
  readonly kind: string;
  make(about: A): Copy;
}

/** What a worker process can do. */
export interface Trade {
  readonly replicas: readonly ReplicaKind<never>[];
  /** Each with the models of one kind. */
  readonly jobs: readonly Job<never, never, unknown>[];
}

/**
 * A model's variables in the order of their names, which its copies share: how they came into the model, such as by the order of a
 * checkpoint's file, does not matter.
 */
export function variablesByName({ parameters }: Pick<Replicable, "parameters">): tf.Variable[] {
  return [...parameters].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, variable]) => variable);
}

/** The place of the memory that is shared among a worker's descriptors. */
export const SHARED_DESCRIPTOR = 4;

/** Weights that a worker does not have yet: variable `index` by name lies at `offset` of the model's region. */
export interface StaleWeights {
  readonly index: number;
  readonly offset: number;
}

export type ToWorker =
  | {
      readonly job: string;
      readonly id: number;
      readonly data: unknown;
      /** The model's number, and the region where its weights lie. */
      readonly model: number;
      readonly weights: number;
      /** What it is made from, where the worker has not made it yet. */
      readonly make?: Replicable["replica"];
      readonly stale: readonly StaleWeights[];
      /** The region where long vectors of the result go. */
      readonly region: number;
    }
  | { readonly cancel: number }
  | { readonly forget: number };

/** An error as it crosses from process to process. */
export interface SentError {
  readonly message: string;
  readonly stack: string | undefined;
  /** Of a `LabError`. */
  readonly lab?: { readonly reason: string; readonly remedy: string; readonly subject: string | undefined };
}

export type FromWorker =
  | { readonly ready: true }
  | { readonly id: number; readonly result: unknown; readonly lengths?: readonly number[] }
  | { readonly id: number; readonly error: SentError };

/** A result with long vectors, which go through the shared memory; all else of it goes in the message. */
export interface WithVectors {
  readonly vectors: readonly Float32Array[];
}

export function hasVectors(result: unknown): result is WithVectors {
  return typeof result === "object" && result !== null && "vectors" in result;
}

export function sentError(thrown: unknown): SentError {
  if (!(thrown instanceof Error)) return { message: String(thrown), stack: undefined };
  const { message, stack } = thrown;
  if (!(thrown instanceof LabError)) return { message, stack };
  const { reason, remedy, subject } = thrown;
  return { message, stack, lab: { reason, remedy, subject } };
}

/** The error that was thrown in the worker, with the worker's stack. */
export function receivedError({ message, stack, lab }: SentError): Error {
  const { reason = message, remedy = "", subject } = lab ?? {};
  const error =
    lab === undefined ? new Error(message) : new LabError(reason, remedy, subject === undefined ? {} : { subject });
  if (stack !== undefined) error.stack = stack;
  return error;
}
