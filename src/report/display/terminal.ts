import { MultiBar, type SingleBar } from "cli-progress";
import type { Progress, ProgressTask } from "../../core/progress";
import { type TaskState, type TrackedTask, figureTexts, formatFigures, formatTimes, trackTask } from "./pace";

export interface TerminalOptions {
  /** Where to write; default: the error stream, so that results on the output stream stay clean. */
  readonly stream?: NodeJS.WriteStream;
  /** The clock in milliseconds. */
  readonly now?: () => number;
  /** What the terminal says of itself; default: the variable TERM. */
  readonly term?: string | undefined;
}

const FRAME = 250;
const PLAIN_EVERY = 10_000;
/** Of a line where the terminal does not say how wide it is. */
const COLUMNS = 80;
const LABEL = { longest: 24, shortest: 8 };
/** Cells of a bar: the longest that fits. */
const BARS = [24, 12];

/**
 * Progress in a terminal: a bar per task with figures, elapsed time and time left. Where the stream is no terminal (a log),
 * or one that knows no control sequences (TERM=dumb), at most one line per task every ten seconds, and one when it ends.
 */
export function terminalProgress(options: TerminalOptions = {}): Progress {
  const { stream = process.stderr, now = () => performance.now(), term = process.env["TERM"] } = options;
  return stream.isTTY && term !== "dumb" ? barProgress(stream, now) : plainProgress(stream, now);
}

function plainProgress(stream: NodeJS.WriteStream, now: () => number): Progress {
  return {
    start: (label, total, before): ProgressTask => {
      const task = trackTask(label, total, now, before);
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
    start: (label, total, before): ProgressTask => {
      const task = trackTask(label, total, now, before);
      bars ??= openBars(stream);
      const bar = bars.create(Math.max(1, total), task.state().done, task);
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
    linewrap: true, // left as it is: who turned it off and was killed would leave it off
    gracefulExit: false, // Ctrl-C belongs to the program
    emptyOnZero: true,
    forceRedraw: true,
    format: (_options, _parameters, task: TrackedTask) =>
      barLine(task.state(), stream.columns > 0 ? stream.columns - 1 : COLUMNS - 1),
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

/**
 * One line of the display, at most `room` characters long. What tells most stays longest: the task's name (shortened where it
 * must be), steps and times; then the bar with its share; then as many figures as fit.
 */
export function barLine(state: TaskState, room: number): string {
  const facts = ` ${state.done}/${state.total}  ${formatTimes(state)}`;
  const left = room - facts.length;
  const name = Math.max(LABEL.shortest, Math.min(LABEL.longest, state.label.length));
  const bar = BARS.map((cells) => ` ${drawBar(state, cells)}`).find((text) => name + text.length <= left) ?? "";
  const width = Math.max(LABEL.shortest, Math.min(LABEL.longest, left - bar.length));
  let line = shorten(state.label, width) + bar + facts;
  for (const text of figureTexts(state.figures)) {
    if (line.length + text.length + 2 > room) break;
    line += `  ${text}`;
  }
  return line.slice(0, Math.max(0, room));
}

function drawBar({ done, total, finished }: TaskState, cells: number): string {
  const share = total > 0 ? Math.min(1, done / total) : finished ? 1 : 0;
  const full = Math.round(share * cells);
  return `${"█".repeat(full)}${"░".repeat(cells - full)} ${`${Math.floor(share * 100)}%`.padStart(4)}`;
}

function shorten(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text.padEnd(length);
}
