import { cutEvenly, runAll, type Job, type Runner } from "../../workers/job";
import type { Completion, HiddenStateOptions, Prompt, SamplingOptions, Scored } from "../contract";

/**
 * A model's work cut into pieces that workers can share. The cut depends on what is asked alone, never on who works: a row's
 * last digits depend on the rows beside it.
 */

/** Rows of a piece that is scored, and of one whose hidden states are read, at most: more save little (docs/performance.md, "Share of …"). */
const ROWS = { score: 20, states: 32 } as const;

/**
 * Rows that are sampled together. More are cheaper for each, fewer leave work for more workers: a quarter of the call, but no
 * fewer than 10 and no more than 40.
 */
function sampledTogether(rows: number): number {
  return Math.min(40, Math.max(10, Math.ceil(rows / 4)));
}

/** Some samples of some prompts; the numbers say which, since their random numbers depend on it. */
export interface SamplePiece {
  readonly prompts: readonly Prompt[];
  /** The first prompt's number in the whole call, and the first sample's of each prompt. */
  readonly firstPrompt: number;
  readonly firstSample: number;
  readonly options: Omit<SamplingOptions, "signal">;
}

export interface StatesPiece {
  readonly prompts: readonly Prompt[];
  readonly options: HiddenStateOptions;
}

/** A model that does pieces in the process that it is in. */
export interface PieceWorker {
  samplePiece(piece: SamplePiece, signal?: AbortSignal): Promise<Completion[][]>;
  scorePiece(items: readonly Scored[]): Promise<number[][]>;
  statesPiece(piece: StatesPiece): Promise<Float32Array[]>;
}

const sample: Job<PieceWorker, SamplePiece, Completion[][]> = {
  name: "sample",
  run: (model, piece, signal) => model.samplePiece(piece, signal),
};
const score: Job<PieceWorker, readonly Scored[], number[][]> = {
  name: "score",
  run: (model, items) => model.scorePiece(items),
};
const states: Job<PieceWorker, StatesPiece, Float32Array[]> = {
  name: "hidden states",
  run: (model, piece) => model.statesPiece(piece),
};

/** What a worker must know to share the work. */
export const PIECE_JOBS: readonly Job<PieceWorker, never, unknown>[] = [sample, score, states];

/** @returns [B][G] */
export async function generateInPieces(
  runner: Runner<PieceWorker>,
  prompts: readonly Prompt[],
  { signal, ...options }: SamplingOptions,
): Promise<Completion[][]> {
  const out: Completion[][] = prompts.map(() => []);
  const pieces = samplePieces(prompts, options);
  const made = await runAll(runner, sample, pieces, signal);
  pieces.forEach(({ firstPrompt }, i) => {
    made[i]?.forEach((samples, b) => out[firstPrompt + b]?.push(...samples));
  });
  return out;
}

function samplePieces(prompts: readonly Prompt[], options: SamplePiece["options"]): SamplePiece[] {
  const { samples } = options;
  const together = sampledTogether(prompts.length * samples);
  const numbered = prompts.map((prompt, number) => ({ prompt, number }));
  if (samples <= together) {
    return cutEvenly(numbered, Math.floor(together / samples)).map((run) => ({
      prompts: run.map(({ prompt }) => prompt),
      firstPrompt: run[0]?.number ?? 0,
      firstSample: 0,
      options,
    }));
  }
  const all = Array.from({ length: samples }, (_, g) => g);
  return numbered.flatMap(({ prompt, number }) =>
    cutEvenly(all, together).map((run) => ({
      prompts: [prompt],
      firstPrompt: number,
      firstSample: run[0] ?? 0,
      options: { ...options, samples: run.length },
    })),
  );
}

/** @returns [B][T_b] */
export async function scoreInPieces(runner: Runner<PieceWorker>, items: readonly Scored[]): Promise<number[][]> {
  const plain = items.map(({ prompt, tokenIds }) => ({ prompt, tokenIds })); // callers' items hold more, which need not travel
  return (await runAll(runner, score, cutEvenly(plain, ROWS.score))).flat();
}

/** @returns [B] vectors */
export async function statesInPieces(
  runner: Runner<PieceWorker>,
  prompts: readonly Prompt[],
  options: HiddenStateOptions,
): Promise<Float32Array[]> {
  const pieces = cutEvenly(prompts, ROWS.states).map((run) => ({ prompts: run, options }));
  return (await runAll(runner, states, pieces)).flat();
}
