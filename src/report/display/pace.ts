import type { ProgressReport } from "../../core/progress";

/** How far a task is, as every display shows it. Times are in milliseconds. */
export interface TaskState {
  readonly label: string;
  readonly total: number;
  readonly done: number;
  readonly figures: Readonly<Record<string, number>>;
  readonly elapsed: number;
  /** Time left at the pace so far; `undefined` until there is one. */
  readonly left: number | undefined;
  /** Nothing more will be reported. */
  readonly finished: boolean;
  /** Finished before all steps were done: interrupted, or failed. */
  readonly stopped: boolean;
}

export interface TrackedTask {
  update(done: number, figures?: Readonly<Record<string, number>>): void;
  finish(): void;
  state(): TaskState;
}

/**
 * Follows one task. The pace is taken from what this run does: neither the steps of `before` nor those that the first
 * report finds done (records of an earlier run) count as fast ones.
 * @param leftNow tells the time left where somebody knows better than the pace
 */
export function trackTask(
  label: string,
  total: number,
  now: () => number,
  before: readonly ProgressReport[] = [],
  leftNow?: () => number | undefined,
): TrackedTask {
  const begun = now();
  const earlier = before.at(-1);
  let last = { at: begun, done: earlier?.done ?? 0 };
  let from = earlier === undefined ? undefined : last;
  let figures = earlier?.figures ?? {};
  let ended: number | undefined;
  const paced = (): number | undefined => {
    const steps = last.done - (from?.done ?? last.done);
    return from === undefined || steps <= 0
      ? undefined
      : Math.max(0, ((last.at - from.at) / steps) * (total - last.done) - (now() - last.at));
  };
  return {
    update: (done, more) => {
      last = { at: now(), done };
      from ??= done <= 1 ? { at: begun, done: 0 } : last;
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
      left: ended === undefined ? (leftNow ?? paced)() : 0,
      finished: ended !== undefined,
      stopped: ended !== undefined && last.done < total,
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
  return figureTexts(figures).join("  ");
}

/** The same, a text per figure. */
export function figureTexts(figures: Readonly<Record<string, number>>): string[] {
  return Object.entries(figures)
    .filter(([name]) => !LEFT_OUT.test(name))
    .slice(0, MOST)
    .map(([name, value]) => `${name} ${formatFigure(value)}`);
}

/** "elapsed 0:42, left 3:05", "in 3:47" for a finished task, "stopped after 0:12". */
export function formatTimes({ elapsed, left, finished, stopped }: TaskState): string {
  if (stopped) return `stopped after ${formatDuration(elapsed)}`;
  if (finished) return `in ${formatDuration(elapsed)}`;
  return `${formatDuration(elapsed)} elapsed, ${left === undefined ? "…" : formatDuration(left)} left`;
}

function formatFigure(value: number): string {
  const size = Math.abs(value);
  if (!Number.isFinite(value) || (Number.isInteger(value) && size < 1e6)) return String(value);
  if (size >= 1e6 || size < 1e-3) return value.toExponential(1);
  return size >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
