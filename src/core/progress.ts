/**
 * How long work reports to whoever watches: a terminal bar, a notebook display or nothing. Long-running functions take
 * an optional `Progress` and an optional `AbortSignal`, and call `check` between steps.
 */
export interface Progress {
  /**
   * Begins a task of `total` steps.
   * @param before what an earlier run, which this one goes on from, reported
   */
  start(label: string, total: number, before?: readonly ProgressReport[]): ProgressTask;
  /**
   * Begins the line that sums up several pieces of work, which a display keeps below their tasks; left out by who follows tasks alone.
   * @param left milliseconds left of them all, as far as that can be told
   */
  sumUp?(label: string, total: number, left: () => number | undefined): ProgressTask;
}

/** The number of steps done, with figures worth showing (loss, reward, …). */
export interface ProgressReport {
  readonly done: number;
  readonly figures?: Readonly<Record<string, number>>;
}

export interface ProgressTask {
  update(done: number, figures?: ProgressReport["figures"]): void;
  /** Nothing more will be reported. A task whose steps are not all done by then was stopped. */
  finish(): void;
}

/** Reports nothing. */
export const silent: Progress = { start: () => ({ update: () => undefined, finish: () => undefined }) };

/** Does work as a task that is finished whatever comes of the work. */
export async function asTask<T>(
  progress: Progress,
  label: string,
  total: number,
  work: (task: ProgressTask) => Promise<T>,
): Promise<T> {
  const task = progress.start(label, total);
  try {
    return await work(task);
  } finally {
    task.finish();
  }
}

/** Throws the signal's reason when it is aborted; call between steps of long work. */
export function check(signal: AbortSignal | undefined): void {
  signal?.throwIfAborted();
}

/** Lets timers, signals and notebook messages through during long synchronous work. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
