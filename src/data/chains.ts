import { firstAnswer, isExactName } from "../core/answer";
import type { SubCategory } from "./types";

/** A step of a chain of thought as it was written, and what is wrong with it. */
export interface MarkedStep {
  readonly kind: string;
  readonly text: string;
  /** The reason in words; null when the step is right. */
  readonly wrong: string | null;
}

/** Where a chain breaks: "right" nowhere, "malformed" it is no chain at all, else the kind of its first wrong step. */
export interface ChainCheck {
  /** The first wrong step, whatever the answer. */
  readonly stage: string;
  /** Whether the name in `<answer>`, as the reward reads it, is the true one: a wrong step may be mended later. */
  readonly answerRight: boolean;
  /** "right" when the answer is, else the first wrong step: the columns of the table "where the chains break". */
  readonly verdict: string;
}

/** Whether a chain answers by what it says itself, right or wrong; null where that does not tell. */
export interface ChainUse {
  /** Whether it answers with the candidate whose values agree best with its analysis, both as it wrote them; null where several do. */
  readonly follows: boolean | null;
  /** Whether it answers with the class that its analysis describes, value for value; null where no class is like that. */
  readonly described: boolean | null;
}

/** Judges chains of thought about a dataset whose every step can be checked. */
export interface ChainJudge {
  /** The kinds of steps, in the order in which a chain is judged; the one that names the class is called "last". */
  readonly steps: readonly string[];
  /** Every step with its mark, in the order of the chain; `undefined` when the text is no chain. */
  mark(text: string, truth: SubCategory, options?: readonly string[]): readonly MarkedStep[] | undefined;
  /** Whether its answer goes by what it says; `undefined` when the text is no chain. Absent where a dataset's chains do not tell. */
  use?(text: string, truth: SubCategory, options?: readonly string[]): ChainUse | undefined;
}

/** What a chain can come to, in order: "right", "malformed", then the kinds of steps. */
export function chainOutcomes(judge: ChainJudge): string[] {
  return ["right", "malformed", ...judge.steps];
}

/**
 * Looks for the first wrong step of a chain about a picture of class `truth`.
 * @param options those of a closed question
 */
export function checkChain(
  judge: ChainJudge,
  text: string,
  truth: SubCategory,
  options?: readonly string[],
): ChainCheck {
  const marked = judge.mark(text, truth, options);
  const wrong = judge.steps.find((kind) => marked?.some((step) => step.kind === kind && step.wrong !== null));
  const stage = marked === undefined ? "malformed" : (wrong ?? "right");
  const answerRight = isExactName(firstAnswer(text), truth.name);
  return { stage, answerRight, verdict: answerRight ? "right" : stage };
}

/** The answer and the first wrong step in words: a right answer may come with a wrong chain ("right answer, wrong count"). */
export function checkInWords({ stage, answerRight }: Pick<ChainCheck, "stage" | "answerRight">): string {
  const step = stage === "last" ? "last step" : stage;
  const chain = stage === "right" ? "right chain" : stage === "malformed" ? "no chain" : `wrong ${step}`;
  return `${answerRight ? "right" : "wrong"} answer, ${chain}`;
}
