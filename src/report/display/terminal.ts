import { MultiBar, type SingleBar } from "cli-progress";
import type { Progress, ProgressTask } from "../../core/progress";
import { type TaskState, type TrackedTask, formatFigures, formatTimes, trackTask } from "./pace";

export interface TerminalOptions {
  /** Where to write; default: the error stream, so that results on the output stream stay clean. */
  readonly stream?: NodeJS.WriteStream;
  /** The clock in milliseconds. */
  readonly now?: () => number;
}

const FRAME = 250;
const PLAIN_EVERY = 10_000;
const LABEL = 24;
const BAR = 24;

/**
 * Progress in a terminal: a bar a task with figures, elapsed time and time left. Where the stream is no terminal (a log),
 * at most one line a task every ten seconds, and one when it is finished.
 */
export function terminalProgress(options: TerminalOptions = {}): Progress {
  const { stream = process.stderr, now = Date.now } = options;
  return stream.isTTY ? barProgress(stream, now) : plainProgress(stream, now);
}

function plainProgress(stream: NodeJS.WriteStream, now: () => number): Progress {
  return {
    start: (label, total): ProgressTask => {
      const task = trackTask(label, total, now);
      let told = now();
      return {
        update: (done, figures) => {
          task.update(done, figures);
          if (now() - told < PLAIN_EVERY) return;
          told = now();
          stream.write(`${plainLine(task.state())}\n`);
        },
        finish: () => {
          task.finish();
          stream.write(`${plainLine(task.state())}\n`);
        },
      };
    },
  };
}

function plainLine(state: TaskState): string {
  const figures = formatFigures(state.figures);
  return `${state.label}: ${state.done}/${state.total}, ${formatTimes(state)}${figures === "" ? "" : `, ${figures}`}`;
}

function barProgress(stream: NodeJS.WriteStream, now: () => number): Progress {
  let bars: MultiBar | undefined;
  let drawn = 0;
  const active = new Set<SingleBar>();
  const draw = (): void => {
    bars?.update();
    drawn = now();
  };
  return {
    start: (label, total): ProgressTask => {
      const task = trackTask(label, total, now);
      bars ??= openBars(stream);
      const bar = bars.create(Math.max(1, total), 0, task);
      active.add(bar);
      draw();
      return {
        update: (done, figures) => {
          task.update(done, figures);
          bar.update(done);
          // long synchronous work starves the library's own timer
          if (now() - drawn >= FRAME) draw();
        },
        finish: () => {
          task.finish();
          bar.update(task.state().done);
          active.delete(bar);
          if (active.size > 0) return;
          draw();
          bars?.stop();
          bars = undefined;
        },
      };
    },
  };
}

function openBars(stream: NodeJS.WriteStream): MultiBar {
  const bars = new MultiBar({
    stream,
    fps: 1000 / FRAME,
    hideCursor: null,
    linewrap: null,
    gracefulExit: false, // Ctrl-C belongs to the program
    emptyOnZero: true,
    forceRedraw: true,
    format: (_options, _parameters, task: TrackedTask) => clip(barLine(task.state()), stream.columns),
  });
  bars.on("update-post", () => {
    releaseTimer(bars);
  });
  return bars;
}

/** The library's timer must not keep a process alive that died between two steps. */
function releaseTimer(bars: MultiBar): void {
  const timer: unknown = Reflect.get(bars, "timer");
  if (isTimer(timer)) timer.unref();
}

function isTimer(value: unknown): value is NodeJS.Timeout {
  return typeof value === "object" && value !== null && "unref" in value;
}

/** One line of the display: name, bar, share, steps, times, figures. */
export function barLine(state: TaskState): string {
  const share = state.total > 0 ? Math.min(1, state.done / state.total) : state.finished ? 1 : 0;
  const full = Math.round(share * BAR);
  const label = state.label.length > LABEL ? `${state.label.slice(0, LABEL - 1)}…` : state.label.padEnd(LABEL);
  const percent = `${Math.floor(share * 100)}%`.padStart(4);
  const bar = "█".repeat(full) + "░".repeat(BAR - full);
  return `${label} ${bar} ${percent} ${state.done}/${state.total}  ${formatTimes(state)}  ${formatFigures(state.figures)}`.trimEnd();
}

function clip(line: string, columns: number): string {
  const room = columns > 0 ? columns - 1 : 120;
  return line.length > room ? `${line.slice(0, room - 1)}…` : line;
}
