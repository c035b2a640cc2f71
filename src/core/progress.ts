/**
 * How long work reports to whoever watches: a terminal bar, a notebook display or nothing. Long-running functions take
 * an optional `Progress` and an optional `AbortSignal`, and call `check` between steps.
 */
export interface Progress {
  /** Begins a task of `total` steps. */
  start(label: string, total: number): ProgressTask;
}

export interface ProgressTask {
  /** Sets the number of steps done, with figures worth showing (loss, reward, …). */
  update(done: number, figures?: Readonly<Record<string, number>>): void;
  finish(): void;
}

/** Reports nothing. */
export const silent: Progress = { start: () => ({ update: () => undefined, finish: () => undefined }) };

/** Throws the signal's reason when it is aborted; call between steps of long work. */
export function check(signal: AbortSignal | undefined): void {
  signal?.throwIfAborted();
}

/** Lets timers, signals and notebook messages through during long synchronous work. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
