import type { SubCategory } from "../types";
import { markSteps, STEP_KINDS, type MarkedStep } from "./chainMarks";
import { parseChain } from "./chainParser";
import type { WorldClass } from "./classes";
import { CANDIDATES, type MiniWorld } from "./world";

/**
 * The first step of a chain that is wrong, or "right" when none is.
 * - malformed: not a chain at all
 * - analysis: a value was seen wrongly
 * - candidates: not different classes of the domain, not the options that were offered, or the truth is not among them
 * - recall: a comparison is of another candidate, or gives it values it does not have
 * - count: a verdict does not follow from the written values
 * - last: all was right, but another name was predicted or answered
 */
export const CHAIN_STAGES = ["right", "malformed", ...STEP_KINDS] as const;
export type ChainStage = (typeof CHAIN_STAGES)[number];

export interface ChainCheck {
  /** The first wrong step, whatever the answer. */
  readonly stage: ChainStage;
  /** Whether the name in `<answer>` is the true one: a wrong step may be mended later. */
  readonly answerRight: boolean;
  /** "right" when the answer is, else the first wrong step: the rows of the table "where the chains break". */
  readonly verdict: ChainStage;
}

const STEP_IN_WORDS: Readonly<Record<ChainStage, string>> = {
  right: "right chain",
  malformed: "no chain",
  analysis: "wrong analysis",
  candidates: "wrong candidates",
  recall: "wrong recall",
  count: "wrong count",
  last: "wrong last step",
};

/** The answer and the first wrong step in words: a right answer may come with a wrong chain ("right answer, wrong count"). */
export function checkInWords({ stage, answerRight }: ChainCheck): string {
  return `${answerRight ? "right" : "wrong"} answer, ${STEP_IN_WORDS[stage]}`;
}

/** Checks a chain about a picture of class `truth` step by step. `options`: those of a closed question. */
export function checkChain(
  world: MiniWorld,
  text: string,
  truth: SubCategory,
  options?: readonly string[],
): ChainCheck {
  const steps = markChain(world, text, truth, options);
  const wrong = STEP_KINDS.find((kind) => steps?.some((step) => step.kind === kind && step.wrong !== null));
  const stage = steps === undefined ? "malformed" : (wrong ?? "right");
  const answer = /<answer>([^<]*)<\/answer>/u.exec(text)?.[1]?.trim().replace(/\s+/gu, " ");
  const answerRight = answer === world.classOf(truth).name;
  return { stage, answerRight, verdict: answerRight ? "right" : stage };
}

/** Every step of a chain, each with its own mark; `undefined` when it is malformed. See `checkChain`. */
export function markChain(
  world: MiniWorld,
  text: string,
  truth: SubCategory,
  options?: readonly string[],
): MarkedStep[] | undefined {
  const known = world.classOf(truth);
  const parsed = parseChain(world.config, text, candidateCount(world, known, options));
  return parsed && markSteps(parsed, { world, truth: known, options });
}

function candidateCount(world: MiniWorld, truth: WorldClass, options: readonly string[] | undefined): number {
  return options?.length ?? Math.min(CANDIDATES, world.lookalikes(truth).length);
}
