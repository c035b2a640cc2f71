import type { Progress, ProgressTask } from "../../core/progress";
import { trackTask, type TrackedTask } from "./pace";

/** Several pieces of work told as one: the tasks of each, and below them all a line that sums up. */
export interface Whole {
  /** Begins a piece. @returns where it reports its tasks */
  begin(piece: number): Progress;
  /** @param seconds that it took, or had taken when it was made earlier */
  end(piece: number, seconds: number): void;
  /** A piece will not be made. */
  drop(piece: number): void;
  /** Nothing more will be reported. */
  finish(): void;
}

/** How far a piece is; times are in milliseconds. */
export interface PieceState {
  /** Pieces of one kind are expected to take equally long. */
  readonly kind: string;
  readonly state: "waiting" | "running" | "done" | "dropped";
  /** Since it began; of a piece that is done, how long it took. */
  readonly elapsed: number;
  /** Of a running one, where its pace tells it. */
  readonly left?: number | undefined;
}

/**
 * Milliseconds left of the whole: what is left of the pieces that run and what the waiting ones are expected to take, divided
 * by how many run at once. A waiting piece takes the mean of its kind, else of all that is known. `undefined` while nothing is known.
 */
export function timeLeft(pieces: readonly PieceState[]): number | undefined {
  const known = pieces.flatMap(({ kind, state, elapsed, left }) => {
    if (state === "done") return [{ kind, took: elapsed }];
    return left === undefined ? [] : [{ kind, took: elapsed + left }];
  });
  const all = mean(known.map(({ took }) => took));
  if (all === undefined) return undefined;
  const expected = (kind: string): number =>
    mean(known.filter((one) => one.kind === kind).map(({ took }) => took)) ?? all;
  const running = pieces
    .filter(({ state }) => state === "running")
    .map(({ kind, elapsed, left }) => left ?? Math.max(0, expected(kind) - elapsed));
  const waiting = pieces.filter(({ state }) => state === "waiting").map(({ kind }) => expected(kind));
  const work = [...running, ...waiting].reduce((sum, each) => sum + each, 0);
  return Math.max(0, ...running, work / Math.max(1, running.length));
}

function mean(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length;
}

interface Tracked {
  state: PieceState["state"];
  begun: number;
  took: number;
  task: TrackedTask | undefined;
}

/**
 * Follows pieces of work of these kinds. The line that sums up begins with the first task, and where more than one piece is not done
 * by then: nothing is shown of what was made earlier, and nothing twice.
 */
export function asWhole(
  progress: Progress,
  label: string,
  kinds: readonly string[],
  now: () => number = () => performance.now(),
): Whole {
  const pieces = kinds.map((): Tracked => ({ state: "waiting", begun: 0, took: 0, task: undefined }));
  let sum: ProgressTask | undefined;
  const left = (): number | undefined =>
    timeLeft(
      pieces.map(({ state, begun, took, task }, i) => ({
        kind: kinds[i] ?? "",
        state,
        elapsed: state === "done" ? took : now() - begun,
        left: state === "running" ? task?.state().left : undefined,
      })),
    );
  const done = (): number => pieces.filter(({ state }) => state === "done").length;
  const tell = (): void => sum?.update(done());
  const pieceAt = (index: number): Tracked => {
    const piece = pieces[index];
    if (piece === undefined) throw new RangeError(`asWhole: there is no piece ${index}`);
    return piece;
  };
  return {
    begin: (index) => {
      const piece = pieceAt(index);
      Object.assign(piece, { state: "running", begun: now() });
      return {
        start: (task, total, before) => {
          if (sum === undefined && pieces.length - done() > 1) {
            sum = progress.sumUp?.(label, pieces.length, left);
            tell();
          }
          const [shown, own] = [progress.start(task, total, before), trackTask(task, total, now, before)];
          piece.task = own;
          return {
            update: (steps, figures) => {
              own.update(steps);
              shown.update(steps, figures);
            },
            finish: () => {
              own.finish();
              if (piece.task === own) piece.task = undefined;
              shown.finish();
            },
          };
        },
      };
    },
    end: (index, seconds) => {
      Object.assign(pieceAt(index), { state: "done", took: seconds * 1000 });
      tell();
    },
    drop: (index) => void (pieceAt(index).state = "dropped"),
    finish: () => sum?.finish(),
  };
}
