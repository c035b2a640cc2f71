import { LabError, required } from "../core/errors";
import { chainOutcomes, checkChain, type ChainJudge } from "../data/chains";
import type { Dataset } from "../data/dataset";
import type { SubCategory } from "../data/types";
import type { EvaluationRecord } from "../eval/records";

/** A recorded answer about a picture of a class. */
export interface ChainAnswer {
  readonly text: string;
  readonly truth: SubCategory;
  /** The options that were offered, when the question was a closed one. */
  readonly options?: readonly string[];
}

/** One row of the table "where the chains break": a method on the seen or the unseen classes. */
export interface ChainErrorRow {
  readonly method: string;
  readonly split: "seen" | "unseen";
  readonly items: number;
  /** Items by the first wrong step, "right" where the answer is right; they add up to `items`. */
  readonly counts: Readonly<Record<string, number>>;
  /** The counts as shares of the items; 0 without items. */
  readonly shares: Readonly<Record<string, number>>;
  /** Right answers whose chain is right in every step too; absent in rows that an older version wrote. */
  readonly rightChains?: number;
  /** Chains whose own first step is right, whatever they answer: whether the chain is still used. */
  readonly analysisRight: number;
  /** Answers that name a seen class of the right domain: on unseen items each of them is an error. */
  readonly seenNames: number;
}

/** The chains that an evaluation recorded. @throws LabError for a record about another dataset */
export function chainAnswers(
  { name, subCategories }: Pick<Dataset, "name" | "subCategories">,
  records: readonly Pick<EvaluationRecord, "id" | "domain" | "truth" | "options" | "output">[],
): ChainAnswer[] {
  const known = new Map(subCategories.map((c) => [`${c.superCategory}/${c.name}`, c]));
  return records.map(({ id, domain, truth, options, output }) => {
    const named = required(known.get(`${domain}/${truth}`), () => {
      const remedy = "Give the records of an evaluation on this dataset.";
      return new LabError(`is about "${truth}", which is no class of ${name}`, remedy, { subject: id });
    });
    return { text: output, truth: named, ...(options === null ? {} : { options }) };
  });
}

/** Checks every recorded chain of one method step by step. @returns the seen row, then the unseen one */
export function chainErrorRows(
  { subCategories, chains }: { subCategories: readonly SubCategory[]; chains: ChainJudge },
  method: string,
  answers: readonly ChainAnswer[],
): ChainErrorRow[] {
  const seenNames = new Set(subCategories.flatMap((c) => (c.seen ? [`${c.superCategory}/${c.name}`] : [])));
  const namesSeen = ({ text, truth }: ChainAnswer): boolean => {
    const answer = /<answer>([^<]*)<\/answer>/u.exec(text)?.[1]?.trim().replace(/\s+/gu, " ") ?? "";
    return seenNames.has(`${truth.superCategory}/${answer}`);
  };
  return (["seen", "unseen"] as const).map((split) => {
    const own = answers.filter(({ truth }) => truth.seen === (split === "seen"));
    const checks = own.map(({ text, truth, options }) => checkChain(chains, text, truth, options));
    const count = (stage: string): number => checks.filter(({ verdict }) => verdict === stage).length;
    const tally = (of: (stage: string) => number) =>
      Object.fromEntries(chainOutcomes(chains).map((stage) => [stage, of(stage)]));
    return {
      method,
      split,
      items: own.length,
      counts: tally(count),
      shares: tally((stage) => (own.length === 0 ? 0 : count(stage) / own.length)),
      rightChains: checks.filter(({ stage }) => stage === "right").length,
      analysisRight: checks.filter(({ stage }) => stage !== "malformed" && stage !== chains.steps[0]).length,
      seenNames: own.filter(namesSeen).length,
    };
  });
}
