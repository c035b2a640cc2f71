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
/** Of a terminal that does not say how large it is. */
const COLUMNS = 80;
const ROWS = 24;
const LABEL = { longest: 24, shortest: 8 };
/** Cells of a bar: the longest that fits. */
const BARS = [24, 12];
/** Characters around its cells: a space before, a space and its share after. */
const BESIDE = 6;

/** Progress in a terminal, which others write to as well. */
export interface TerminalProgress extends Progress {
  /** Has words written above the lines that are drawn anew: written below them, they would be drawn over, and those lines stand twice. */
  readonly above: (write: () => void) => void;
}

/**
 * Progress in a terminal: a bar for each task at work with figures, elapsed time and time left; what has ended stands above them, and
 * what sums up below. Where the stream is no terminal (a log), or one that knows no control sequences (TERM=dumb), at most one line
 * per task every ten seconds, and one when it ends.
 */
export function terminalProgress(options: TerminalOptions = {}): TerminalProgress {
  const { stream = process.stderr, now = () => performance.now(), term = process.env["TERM"] } = options;
  const { follow, above } = stream.isTTY && term !== "dumb" ? barFollower(stream, now) : plainFollower(stream, now);
  return {
    start: (label, total, before) => follow(trackTask(label, total, now, before), false),
    sumUp: (label, total, left) => follow(trackTask(label, total, now, [], left), true),
    above,
  };
}

interface Follower extends Pick<TerminalProgress, "above"> {
  readonly follow: (task: TrackedTask, sum: boolean) => ProgressTask;
}

function plainFollower(stream: NodeJS.WriteStream, now: () => number): Follower {
  const follow: Follower["follow"] = (task) => {
    let told = now();
    return {
      update: (done, figures) => {
        task.update(done, figures);
        const { total, finished } = task.state();
        if (now() - told < PLAIN_EVERY || done >= total || finished) return; // its last line is written when it ends
        told = now();
        stream.write(`${plainLine(task.state())}\n`);
      },
      finish: () => {
        if (task.state().finished) return;
        task.finish();
        stream.write(`${plainLine(task.state())}\n`);
      },
    };
  };
  return {
    follow,
    above: (write) => {
      write();
    },
  };
}

function plainLine(state: TaskState): string {
  const figures = formatFigures(state.figures);
  return `${state.label}: ${state.done}/${state.total}, ${formatTimes(state)}${figures === "" ? "" : `, ${figures}`}`;
}

function barFollower(stream: NodeJS.WriteStream, now: () => number): Follower {
  const tasks = new Set<TrackedTask>();
  const sums = new Set<TrackedTask>();
  const redraw = liveLines(stream);
  let timer: NodeJS.Timeout | undefined;
  let drawn = 0;
  const draw = (ended: readonly TrackedTask[] = []): void => {
    const room = Math.max(1, (stream.rows > 0 ? stream.rows : ROWS) - sums.size - 2);
    const shown = [...tasks].slice(0, tasks.size > room ? room - 1 : room);
    const hidden = tasks.size > shown.length ? [`… and ${tasks.size - shown.length} more`] : [];
    const states = [...ended, ...shown, ...sums].map((task) => task.state());
    const lines = barLines(states, (stream.columns > 0 ? stream.columns : COLUMNS) - 1);
    lines.splice(ended.length + shown.length, 0, ...hidden);
    redraw(lines.slice(0, ended.length), lines.slice(ended.length));
    drawn = now();
  };
  const follow: Follower["follow"] = (task, sum) => {
    const own = sum ? sums : tasks;
    own.add(task);
    draw();
    // the times go on between two reports; it keeps no process alive that died between them
    timer ??= setInterval(draw, FRAME).unref();
    return {
      update: (done, figures) => {
        task.update(done, figures);
        if (now() - drawn >= FRAME) draw(); // long synchronous work starves the timer
      },
      finish: () => {
        task.finish();
        if (!own.delete(task)) return;
        if (tasks.size + sums.size === 0) {
          clearInterval(timer);
          timer = undefined;
        }
        draw([task]);
      },
    };
  };
  const above = (write: () => void): void => {
    const live = tasks.size + sums.size > 0;
    if (live) redraw([], []);
    write();
    if (live) draw();
  };
  return { follow, above };
}

/**
 * Lines that are written anew in place. The cursor waits on the line below them, where other programs' words and a prompt go, and no
 * mode of the terminal is changed: who changed one and was killed would leave it so.
 */
function liveLines(stream: NodeJS.WriteStream): (above: readonly string[], live: readonly string[]) => void {
  let before = 0;
  return (above, live) => {
    const up = before > 0 ? `\u001b[${before}A` : "";
    const lines = [...above, ...live].map((text) => `${text}\u001b[K\n`);
    // what stands below is wiped only where lines have gone: it may be a word of the main thread
    stream.write(`${up}\r${lines.join("")}${lines.length < before || live.length === 0 ? "\u001b[J" : ""}`);
    before = live.length;
  };
}

/**
 * Lines of the display, at most `room` characters long, their bars below each other. What tells most stays longest: the task's name
 * (shortened where it must be), steps and times; then the bar with its share; then as many figures as fit.
 */
export function barLines(states: readonly TaskState[], room: number): string[] {
  const factsOf = (state: TaskState): string => ` ${state.done}/${state.total}  ${formatTimes(state)}`;
  const left = room - Math.max(...states.map((state) => factsOf(state).length));
  const names = states.map(({ label }) => Math.min(LABEL.longest, label.length));
  const name = Math.max(LABEL.shortest, ...names);
  const cells = BARS.find((each) => name + BESIDE + each <= left);
  const width = Math.max(LABEL.shortest, Math.min(LABEL.longest, left - (cells === undefined ? 0 : BESIDE + cells)));
  return states.map((state) => {
    const bar = cells === undefined ? "" : ` ${drawBar(state, cells)}`;
    let line = shorten(state.label, width) + bar + factsOf(state);
    for (const text of figureTexts(state.figures)) {
      if (line.length + text.length + 2 > room) break;
      line += `  ${text}`;
    }
    return line.slice(0, Math.max(0, room));
  });
}

function drawBar({ done, total, finished }: TaskState, cells: number): string {
  const share = total > 0 ? Math.min(1, done / total) : finished ? 1 : 0;
  const full = Math.round(share * cells);
  return `${"█".repeat(full)}${"░".repeat(cells - full)} ${`${Math.floor(share * 100)}%`.padStart(4)}`;
}

function shorten(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text.padEnd(length);
}
