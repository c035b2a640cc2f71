import * as tf from "@tensorflow/tfjs-core";
import { breathe } from "../../core/progress";
import { cutByCost, PASS_BYTES, passBytes } from "./batches";
import type { QwenConfig } from "./config";
import { notFinite } from "./generate";
import type { QwenNetwork } from "./network";
import { scoreCompletions, scoringBatch, type ScoredSequence, type ScoringBatch } from "./teacherForcing";

/**
 * Scores completions, those of like length together, in passes within the memory budget.
 * @returns [B][T_b] log π of each token. @throws LabError when one is not finite
 */
export async function scoreAll(network: QwenNetwork, sequences: readonly ScoredSequence[]): Promise<number[][]> {
  const { config } = network;
  const out: number[][] = sequences.map(() => []);
  for (const run of cutByCost(byLength(sequences), (rows) => scoringBytes(rows, sequences, config), PASS_BYTES)) {
    const members = run.map((index) => sequences[index] as ScoredSequence);
    const batch = scoringBatch(members, config);
    const values = valuesOf(network, batch);
    run.forEach((index, row) => {
      const start = row * batch.width;
      const own = [...values.subarray(start, start + (sequences[index]?.completion.length ?? 0))];
      const bad = own.findIndex((value) => !Number.isFinite(value));
      if (bad >= 0) throw notFinite(own[bad] as number, `token ${bad} of answer ${index}`);
      out[index] = own;
    });
    await breathe();
  }
  return out;
}

/** [N·T] The log-probs of a batch, which is freed whatever happens: a pass may run out of memory. */
function valuesOf(network: QwenNetwork, batch: ScoringBatch): Float32Array {
  try {
    return tf.tidy(() => scoreCompletions(network, batch).dataSync<"float32">());
  } finally {
    batch.dispose();
  }
}

/** Indices by prompt, then by length of the completion, so that a run pads little and shares its prompts. */
function byLength(sequences: readonly ScoredSequence[]): number[] {
  const firstUse = new Map<unknown, number>();
  sequences.forEach(({ prompt }, index) => firstUse.set(prompt, firstUse.get(prompt) ?? index));
  return sequences
    .map((sequence, index) => ({ ...sequence, index }))
    .sort(
      (a, b) =>
        a.prompt.ids.length - b.prompt.ids.length ||
        (firstUse.get(a.prompt) ?? 0) - (firstUse.get(b.prompt) ?? 0) ||
        a.completion.length - b.completion.length,
    )
    .map(({ index }) => index);
}

function scoringBytes(rows: readonly number[], sequences: readonly ScoredSequence[], config: QwenConfig): number {
  const members = rows.map((index) => sequences[index] as ScoredSequence);
  const width = Math.max(...members.map(({ completion }) => completion.length));
  const tokens = Math.max(...members.map(({ prompt }) => prompt.ids.length)) + width;
  return passBytes(rows.length, tokens, rows.length * width, config);
}
