import { printable } from "../core/printable";
import { checkChain, checkInWords, type ChainJudge, type MarkedStep } from "../data/chains";
import type { SubCategory } from "../data/types";
import { saidIn, type Answer } from "../eval/answers";
import { accuracy, type MetricContext } from "../eval/metrics";

/** What a model said to a question, judged for a reader. Its texts are printable. */
export interface MarkedAnswer {
  readonly answer: string | null;
  readonly right: boolean;
  /** "right answer, wrong count"; where no chain was asked for or can be judged "right answer". */
  readonly verdict: string;
  /** What its chain comes to: "right", "malformed", or the kind of its first wrong step; null without a chain to judge. */
  readonly firstWrong: string | null;
  /** The chain, a line per thought (`chainLines`); null where there is none to read. */
  readonly lines: readonly (readonly MarkedStep[])[] | null;
  /** The output as it was written, where `lines` does not tell it. */
  readonly output: string | null;
}

/**
 * Judges an answer about a picture of class `truth`.
 * @param chains judges its chain; left out where the dataset has no such judge
 */
export function markAnswer(
  answer: Answer,
  truth: SubCategory,
  context: MetricContext,
  chains?: ChainJudge,
): MarkedAnswer {
  const right = accuracy.of(answer, context) === true;
  const said = saidIn(answer, context);
  const output = printable(answer.output);
  const given = { answer: said === null ? null : printable(said), right };
  if (!context.thinking || chains === undefined) {
    const bare = !context.thinking && output.replace(/<\/?answer>/gu, "").trim() === given.answer;
    const verdict = right ? "right answer" : "wrong answer";
    return { ...given, verdict, firstWrong: null, lines: null, output: bare ? null : output };
  }
  const options = answer.options ?? undefined;
  const { stage } = checkChain(chains, answer.output, truth, options);
  const steps = chains.mark(answer.output, truth, options);
  return {
    ...given,
    verdict: checkInWords({ stage, answerRight: right }),
    firstWrong: stage,
    lines: steps === undefined ? null : chainLines(steps),
    output: steps === undefined ? output : null,
  };
}

/**
 * The steps of a chain in lines: kinds that come again and again (what is recalled of a candidate, and how much of it fits) share
 * a line for each round, every other step has its own.
 */
export function chainLines(steps: readonly MarkedStep[]): MarkedStep[][] {
  const repeated = (kind: string): boolean => steps.filter((step) => step.kind === kind).length > 1;
  const lines: MarkedStep[][] = [];
  for (const { kind, text, wrong } of steps) {
    const step = { kind, text: printable(text), wrong: wrong === null ? null : printable(wrong) };
    const last = lines.at(-1);
    const goesOn = last?.every((other) => repeated(other.kind) && other.kind !== kind) === true && repeated(kind);
    if (goesOn) last.push(step);
    else lines.push([step]);
  }
  return lines;
}
