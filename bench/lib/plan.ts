import * as path from "node:path";
import { z } from "zod";
import { ROOT } from "./options";
import type { SideProgram } from "./side";

const count = z.int().min(1);
const common = {
  /** Processes that share a step; 1 for none beside the side's own. */
  workers: count,
  /** "dapo" makes no negative pass and has no terms but the clipped one. */
  objective: z.enum(["tapo", "dapo"]),
};

export const stepPlanSchema = z.discriminatedUnion("kind", [
  /** The prompts and the model of a task that TRL runs, too. */
  z.strictObject({ kind: z.literal("task"), folder: z.string(), microBatchSize: count, ...common }),
  /** Stage 2 of a profile, from its own stage 1, with its own triplets and settings. */
  z.strictObject({ kind: z.literal("profile"), profile: z.string(), ...common }),
  /** A random model as large as the mini one but for its width, and answers of exactly `newTokens` tokens. */
  z.strictObject({
    kind: z.literal("random"),
    width: count,
    prompts: count,
    newTokens: count,
    /** Words of its tokenizer. */
    vocabulary: count,
    microBatchSize: count,
    ...common,
  }),
]);
/** What a step of ours is made of (bench/ours/step.ts). */
export type StepPlan = z.infer<typeof stepPlanSchema>;

/** The side that makes steps of a plan in this project. */
export function ourSteps(name: string, plan: StepPlan): SideProgram {
  const script = path.join(ROOT, ".setup", "bench-build", "bench", "ours", "step.js");
  return { name, command: process.execPath, args: [script, JSON.stringify(plan)], environment: oneThread() };
}

/** Every process of ours computes with one thread: more cores are used by more workers. */
export function oneThread(): Record<string, string> {
  return { TF_NUM_INTRAOP_THREADS: "1", TF_NUM_INTEROP_THREADS: "1", OMP_NUM_THREADS: "1" };
}
