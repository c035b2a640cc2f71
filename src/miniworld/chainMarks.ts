import type { MarkedStep } from "../data/chains";
import { attributeWords } from "./attributes";
import { dueVerdict, type ParsedChain, type WrittenComparison } from "./chain";
import type { WorldClass } from "./classes";
import type { MiniWorld } from "./types";

/** The kinds of steps, in the order in which a chain is judged (`chainJudge`). */
export const STEP_KINDS = ["analysis", "candidates", "recall", "count", "last"] as const;

/** What a chain is judged against. */
export interface ChainCase {
  readonly world: Pick<MiniWorld, "config" | "classNamed">;
  readonly truth: WorldClass;
  /** Those of a closed question. */
  readonly options?: readonly string[] | undefined;
}

/** Every step of a chain with its mark, as it was written: a recall and a count for each candidate. */
export function markSteps(chain: ParsedChain, given: ChainCase): MarkedStep[] {
  return [
    markAnalysis(chain, given),
    { kind: "candidates", text: chain.candidates.join(", "), wrong: wrongCandidates(chain.candidates, given) },
    ...chain.comparison.flatMap((comparison, i) => [
      markRecall(comparison, chain.candidates[i] ?? "", given),
      markCount(comparison, chain.analysis, given),
    ]),
    markLast(chain, given),
  ];
}

function markAnalysis({ analysis }: ParsedChain, { truth }: ChainCase): MarkedStep {
  const due = attributeWords(truth.attributes).join(" ");
  const text = analysis.join(" ");
  return { kind: "analysis", text, wrong: text === due ? null : `the picture shows ${due}` };
}

function wrongCandidates(names: readonly string[], { world, truth, options }: ChainCase): string | null {
  if (new Set(names).size < names.length) return "one name stands twice";
  const foreign = names.find((name) =>
    options ? !options.includes(name) : world.classNamed(truth.superCategory, name) === undefined,
  );
  if (foreign !== undefined) return `${foreign} is ${options ? "not among the options" : `no ${truth.superCategory}`}`;
  return names.includes(truth.name) ? null : `${truth.name} is not among them`;
}

function markRecall({ name, values }: WrittenComparison, candidate: string, { world, truth }: ChainCase): MarkedStep {
  const text = `${name}: ${values.join(" ")}`;
  if (name !== candidate) return { kind: "recall", text, wrong: `${candidate} is the candidate to compare` };
  const compared = world.classNamed(truth.superCategory, name);
  if (compared === undefined) return { kind: "recall", text, wrong: `${name} is no ${truth.superCategory}` };
  const due = attributeWords(compared.attributes).join(" ");
  return { kind: "recall", text, wrong: values.join(" ") === due ? null : `${name} is ${due}` };
}

function markCount({ values, verdict }: WrittenComparison, analysis: readonly string[], given: ChainCase): MarkedStep {
  const form = given.world.config.chain.verdict;
  const due = dueVerdict(values, analysis, form).join(" ");
  const text = form === "count" ? `fits ${verdict.join(" ")}` : verdict.join(" ");
  const matching = due === "1" ? "1 value matches" : `${due} values match`;
  const reason = form === "count" ? matching : `the marks are ${due}`;
  return { kind: "count", text, wrong: verdict.join(" ") === due ? null : reason };
}

function markLast({ prediction, answer }: ParsedChain, { truth }: ChainCase): MarkedStep {
  const right = prediction === truth.name && answer === truth.name;
  const text = prediction === answer ? prediction : `${prediction}, but answered ${answer}`;
  return { kind: "last", text, wrong: right ? null : `it is ${truth.name}` };
}
