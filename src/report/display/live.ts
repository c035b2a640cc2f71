import type { Progress, ProgressTask } from "../../core/progress";
import { escapeHtml } from "../table/html";
import { type TaskState, type TrackedTask, formatFigures, formatTimes, trackTask } from "./pace";

/** Runs `action` at most once in `every` milliseconds; a call in between is made up for when the time has come. */
export interface Throttle {
  call(): void;
  /** Runs at once, unless the last run is under 20 ms ago (a notebook kernel loses messages beyond 512 in one turn). */
  urge(): void;
}

const URGENT = 20;

export function throttle(action: () => void, every: number, now: () => number = () => performance.now()): Throttle {
  let last = -Infinity;
  let timer: NodeJS.Timeout | undefined;
  const run = (): void => {
    clearTimeout(timer);
    timer = undefined;
    last = now();
    action();
  };
  const callAfter = (pause: number): void => {
    const wait = last + pause - now();
    if (wait <= 0) run();
    else timer ??= setTimeout(run, Math.max(wait, last + every - now()));
  };
  return {
    call: () => {
      callAfter(every);
    },
    urge: () => {
      callAfter(URGENT);
    },
  };
}

const KEPT = 12;
/** The least width of a label, in characters. */
const LABEL = 24;
/** Of a bar; from the palette of Okabe and Ito, which the colour-blind can tell apart. */
const COLOURS = { going: "#0072B2", done: "#009E73", stopped: "#E69F00" };
const EVERY = 250;

/** Progress as bars in one display that `draw` replaces, at most four times a second. */
export function htmlProgress(draw: (html: string) => void, now: () => number = () => performance.now()): Progress {
  const tasks: TrackedTask[] = [];
  const sums: TrackedTask[] = [];
  const display = throttle(
    () => {
      const [rows, last] = [tasks, sums].map((list) => list.map((task) => task.state()));
      draw(progressHtml(rows ?? [], last));
    },
    EVERY,
    now,
  );
  const follow = (task: TrackedTask, list: TrackedTask[]): ProgressTask => {
    list.push(task);
    display.call();
    return {
      update: (done, figures) => {
        task.update(done, figures);
        display.call();
      },
      finish: () => {
        task.finish();
        if ([...tasks, ...sums].every((other) => other.state().finished)) display.urge();
        else display.call();
      },
    };
  };
  return {
    start: (label, total, before) => follow(trackTask(label, total, now, before), tasks),
    sumUp: (label, total, left) => follow(trackTask(label, total, now, [], left), sums),
  };
}

/** Bars for tasks, as HTML in the page's own colours; of the finished ones, which come first, only the latest are kept. @param sums below them all */
export function progressHtml(states: readonly TaskState[], sums: readonly TaskState[] = []): string {
  const finished = states.filter((state) => state.finished);
  const dropped = Math.max(0, finished.length - KEPT);
  const kept = finished.slice(dropped);
  const shown = [...kept, ...states.filter((state) => !state.finished), ...sums];
  const width = Math.max(LABEL, ...shown.map(({ label }) => label.length));
  const rows = shown.map((state) => rowHtml(state, width));
  const earlier = dropped === 0 ? "" : `<div style="opacity:0.7">${dropped} earlier tasks finished</div>`;
  return `<div style="font-size:0.9em;color:inherit">${earlier}${rows.join("")}</div>`;
}

/** @param width of its label in characters, for bars that begin below each other */
function rowHtml(state: TaskState, width: number): string {
  const share = state.total > 0 ? Math.min(1, state.done / state.total) : state.finished ? 1 : 0;
  const colour = state.stopped ? COLOURS.stopped : state.finished ? COLOURS.done : COLOURS.going;
  const bar = `<span style="display:inline-block;width:180px;height:10px;background:rgba(128,128,128,0.3);border-radius:5px;overflow:hidden"><span style="display:block;width:${(share * 100).toFixed(1)}%;height:10px;background:${colour}"></span></span>`;
  const text = `${state.done}/${state.total} · ${formatTimes(state)}`;
  const cells = [escapeHtml(state.label), bar, escapeHtml(text), escapeHtml(formatFigures(state.figures))];
  return `<div style="white-space:nowrap">${cells.map((cell, index) => (index === 0 ? `<span style="display:inline-block;min-width:${width}ch">${cell}</span>` : cell)).join(" &nbsp;")}</div>`;
}
