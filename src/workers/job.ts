import { setMaxListeners } from "node:events";
import type * as tf from "@tensorflow/tfjs-core";
import { breathe } from "../core/progress";

/** A piece of work: a pure function of a model and of data that another process can be sent. M model, D data, R result. */
export interface Job<M, D, R> {
  /** How a worker process finds it. */
  readonly name: string;
  run(model: M, data: D, signal?: AbortSignal): Promise<R> | R;
}

/** Who does the jobs of one model. Whoever does them, the results are the same to the bit. */
export interface Runner<M> {
  /** How many go on at a time. */
  readonly lanes: number;
  /** @param signal ends a job that waits, and one that looks at its own */
  run<D, R>(job: Job<M, D, R>, data: D, signal?: AbortSignal): Promise<R>;
}

/** A model that other processes can make again: what it is made from, as JSON, and its weights as they are now. */
export interface Replicable {
  readonly replica: { readonly kind: string; readonly about: unknown };
  readonly parameters: ReadonlyMap<string, tf.Variable>;
}

/** Processes that share the work of models. */
export interface Workers {
  readonly size: number;
  /** Who does the jobs of a model: the workers, each with a copy of it that has its weights of the moment. */
  runner<M extends Replicable>(model: M): Runner<M>;
  /** To be called when a model is disposed of. */
  forget(model: Replicable): void;
}

/** Does the jobs of a model in this process, one after the other in the order in which they were asked for. */
export function runHere<M>(model: M): Runner<M> {
  let last: Promise<unknown> = Promise.resolve();
  return {
    lanes: 1,
    run: (job, data, signal) => {
      const done = last.then(async () => {
        signal?.throwIfAborted();
        await breathe();
        return job.run(model, data, signal);
      });
      last = done.catch(() => undefined);
      return done;
    },
  };
}

/** Does a job on each of several pieces. @returns their results in order. @throws as `sideBySide` */
export function runAll<M, D, R>(
  runner: Runner<M>,
  job: Job<M, D, R>,
  pieces: readonly D[],
  signal?: AbortSignal,
): Promise<R[]> {
  return allOf(
    pieces.map((piece) => (stop: AbortSignal) => runner.run(job, piece, stop)),
    { signal },
  );
}

/** A piece of work that ends when its signal does. */
export type Task<R> = (stop: AbortSignal) => Promise<R>;

export interface SideBySideOptions {
  readonly signal?: AbortSignal | undefined;
  /** How many tasks are begun before the first of them has been handed out; all by default. */
  readonly ahead?: number;
}

/** The results of all tasks, in order. @throws as `sideBySide` */
export async function allOf<R>(tasks: readonly Task<R>[], options: SideBySideOptions = {}): Promise<R[]> {
  const results: R[] = [];
  for await (const result of sideBySide(tasks, options)) results.push(result);
  return results;
}

/**
 * Does tasks side by side and hands out their results in order, each as soon as those before it are there.
 * @throws the error of the first task that fails; the others are stopped by the signal that they were given, and have ended by then
 */
export async function* sideBySide<R>(
  tasks: readonly Task<R>[],
  { signal, ahead = tasks.length }: SideBySideOptions = {},
): AsyncGenerator<R, void, void> {
  signal?.throwIfAborted();
  const stop = new AbortController();
  setMaxListeners(0, stop.signal, ...(signal === undefined ? [] : [signal])); // every task may listen, and so may other calls with the same signal
  const end = (): void => {
    stop.abort(signal?.reason);
  };
  signal?.addEventListener("abort", end, { once: true });
  const running: Promise<R>[] = [];
  const begin = (task: Task<R>): void => {
    const begun = task(stop.signal);
    begun.catch(() => undefined); // it is heard when its turn comes, or not at all where an earlier one has failed
    running.push(begun);
  };
  try {
    tasks.slice(0, ahead).forEach(begin);
    for (let i = 0; i < tasks.length; i++) {
      const result = await (running[i] as Promise<R>);
      tasks.slice(running.length, i + 1 + ahead).forEach(begin);
      yield result;
    }
  } finally {
    stop.abort(signal?.reason ?? new Error("stopped, since another piece failed"));
    await Promise.allSettled(running);
    signal?.removeEventListener("abort", end);
  }
}

/** Cuts a list into as few runs of at most `most` as there can be, as even as they can be. */
export function cutEvenly<T>(items: readonly T[], most: number): T[][] {
  const runs = Math.ceil(items.length / most);
  return Array.from({ length: runs }, (_, i) =>
    items.slice(Math.floor((i * items.length) / runs), Math.floor(((i + 1) * items.length) / runs)),
  );
}
