import type { QwenConfig } from "./config";
import type { TokenSequence } from "./sequences";

/** What one pass may take in tensors that grow with the batch, unless a single row needs more. */
export const PASS_BYTES = 1.5e9;

/** Cuts a list into runs whose summed cost stays within the budget; the cost of a run may depend on its members. */
export function cutByCost<T>(items: readonly T[], costOf: (run: readonly T[]) => number, budget: number): T[][] {
  const runs: T[][] = [];
  let run: T[] = [];
  for (const item of items) {
    const longer = [...run, item];
    if (run.length > 0 && costOf(longer) > budget) {
      runs.push(run);
      run = [item];
    } else run = longer;
  }
  if (run.length > 0) runs.push(run);
  return runs;
}

/** Bytes of float32 that a pass over `rows` sequences of `tokens` each holds at once, without gradients. */
export function passBytes(rows: number, tokens: number, logitRows: number, { text }: QwenConfig): number {
  const { hiddenSize, intermediateSize, heads, kvHeads, headDim, vocabSize, layers } = text;
  const perToken = 6 * hiddenSize + 4 * intermediateSize + 6 * (heads + 2 * kvHeads) * headDim;
  const scores = 3 * heads * tokens * tokens;
  const cache = 2 * layers * kvHeads * headDim * tokens;
  return 4 * (rows * (tokens * perToken + scores + cache) + 2 * logitRows * vocabSize);
}

/** Bytes of a decoding row: its cache, twice while it grows, and its share of the prompts' computation. */
export function rolloutBytes({ ids }: TokenSequence, steps: number, config: QwenConfig): number {
  const { layers, kvHeads, headDim } = config.text;
  const cache = 2 * layers * kvHeads * headDim * (ids.length + steps);
  return 8 * cache + passBytes(1, ids.length, 1, config);
}
