import { LabError } from "../../core/errors";
import type { RlProfile } from "../profile";

/** The same run in the epochs of a trainer whose epoch is the batches that one pass fills, what is left over not being one. */
export function wholeEpochs(steps: number, rows: number, promptsPerRollout: number): number {
  return Math.ceil(steps / Math.floor(rows / promptsPerRollout));
}

/**
 * Both trainers count the full batches of a pass over the data: with fewer questions than a batch has, verl divides by zero and the
 * released trainer has nothing to do.
 * @throws LabError where there are so few
 */
export function requireFullBatch(rows: number, { promptsPerRollout }: Pick<RlProfile, "promptsPerRollout">): void {
  if (rows >= promptsPerRollout) return;
  throw new LabError(
    `is ${promptsPerRollout}, and the data have ${rows} questions: this trainer takes full batches only`,
    `Set it to at most ${rows}, and rl.promptsPerUpdate to a divisor of it (--set), or take a larger dataset.`,
    { subject: "rl.promptsPerRollout" },
  );
}
