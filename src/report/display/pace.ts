/** How far a task is, as every display shows it. Times are in milliseconds. */
export interface TaskState {
  readonly label: string;
  readonly total: number;
  readonly done: number;
  readonly figures: Readonly<Record<string, number>>;
  readonly elapsed: number;
  /** Time left at the pace so far; `undefined` until there is one. */
  readonly left: number | undefined;
  readonly finished: boolean;
}

export interface TrackedTask {
  update(done: number, figures?: Readonly<Record<string, number>>): void;
  finish(): void;
  state(): TaskState;
}

/**
 * Follows one task. The pace is taken from the first report on, so that a resumed task, whose first report is far from
 * zero, does not promise too much.
 */
export function trackTask(label: string, total: number, now: () => number): TrackedTask {
  const begun = now();
  let first: { readonly at: number; readonly done: number } | undefined;
  let last = { at: begun, done: 0 };
  let figures: Readonly<Record<string, number>> = {};
  let ended: number | undefined;
  const left = (): number | undefined => {
    const from = first === undefined || first.done <= 1 ? { at: begun, done: 0 } : first;
    const steps = last.done - from.done;
    return steps <= 0
      ? undefined
      : Math.max(0, ((last.at - from.at) / steps) * (total - last.done) - (now() - last.at));
  };
  return {
    update: (done, more) => {
      last = { at: now(), done };
      first ??= last;
      if (more !== undefined) figures = more;
    },
    finish: () => {
      ended ??= now();
    },
    state: () => ({
      label,
      total,
      done: last.done,
      figures,
      elapsed: (ended ?? now()) - begun,
      left: ended === undefined ? left() : 0,
      finished: ended !== undefined,
    }),
  };
}

/** "0:42", "3:05" or "1:02:11". */
export function formatDuration(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  const two = (value: number): string => String(value).padStart(2, "0");
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** Figures that a display tells otherwise, or that say nothing at a glance. */
const LEFT_OUT = /^(step|learningRate)$|seconds$/i;
const MOST = 6;

/** "loss 0.412  reward 0.61": three digits that count; six figures at most. */
export function formatFigures(figures: Readonly<Record<string, number>>): string {
  return Object.entries(figures)
    .filter(([name]) => !LEFT_OUT.test(name))
    .slice(0, MOST)
    .map(([name, value]) => `${name} ${formatFigure(value)}`)
    .join("  ");
}

/** "elapsed 0:42, left 3:05", or "in 3:47" for a finished task. */
export function formatTimes({ elapsed, left, finished }: TaskState): string {
  if (finished) return `in ${formatDuration(elapsed)}`;
  return `${formatDuration(elapsed)} elapsed, ${left === undefined ? "…" : formatDuration(left)} left`;
}

function formatFigure(value: number): string {
  const size = Math.abs(value);
  if (!Number.isFinite(value) || (Number.isInteger(value) && size < 1e6)) return String(value);
  if (size >= 1e6 || size < 1e-3) return value.toExponential(1);
  return size >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
