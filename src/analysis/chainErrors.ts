import { LabError, required } from "../core/errors";
import { CHAIN_STAGES, checkChain, type ChainStage } from "../data/miniworld/chainCheck";
import type { MiniWorld } from "../data/miniworld/world";
import type { SubCategory } from "../data/types";
import type { EvaluationRecord } from "../eval/records";

/** A recorded answer about a picture of the mini-world. */
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
  readonly counts: Readonly<Record<ChainStage, number>>;
  /** The counts as shares of the items; 0 without items. */
  readonly shares: Readonly<Record<ChainStage, number>>;
  /** Right answers whose chain is right in every step too; absent in rows that an older version wrote. */
  readonly rightChains?: number;
  /** Chains whose own analysis is right, whatever they answer: whether the chain is still used. */
  readonly analysisRight: number;
  /** Answers that name a seen class of the right domain: on unseen items each of them is an error. */
  readonly seenNames: number;
}

/** The chains that an evaluation recorded. @throws LabError for a record about another world */
export function chainAnswers(
  world: MiniWorld,
  records: readonly Pick<EvaluationRecord, "id" | "domain" | "truth" | "options" | "output">[],
): ChainAnswer[] {
  return records.map(({ id, domain, truth, options, output }) => {
    const named = required(world.classNamed(domain, truth), () => {
      const remedy = "Give the records of an evaluation on this world.";
      return new LabError(`is about "${truth}", which is no class of ${world.name}`, remedy, { subject: id });
    });
    return { text: output, truth: named, ...(options === null ? {} : { options }) };
  });
}

/** Checks every recorded chain of one method step by step. @returns the seen row, then the unseen one */
export function chainErrorRows(world: MiniWorld, method: string, answers: readonly ChainAnswer[]): ChainErrorRow[] {
  return (["seen", "unseen"] as const).map((split) => {
    const own = answers.filter(({ truth }) => world.classOf(truth).seen === (split === "seen"));
    const checks = own.map(({ text, truth, options }) => checkChain(world, text, truth, options));
    const counts = tally((stage) => checks.filter(({ verdict }) => verdict === stage).length);
    return {
      method,
      split,
      items: own.length,
      counts,
      shares: tally((stage) => (own.length === 0 ? 0 : counts[stage] / own.length)),
      rightChains: checks.filter(({ stage }) => stage === "right").length,
      analysisRight: checks.filter(({ stage }) => stage !== "malformed" && stage !== "analysis").length,
      seenNames: own.filter((answer) => namesSeenClass(world, answer)).length,
    };
  });
}

function tally(of: (stage: ChainStage) => number): Record<ChainStage, number> {
  return Object.fromEntries(CHAIN_STAGES.map((stage) => [stage, of(stage)])) as Record<ChainStage, number>;
}

function namesSeenClass(world: MiniWorld, { text, truth }: ChainAnswer): boolean {
  const answer = /<answer>([^<]*)<\/answer>/u.exec(text)?.[1]?.trim().replace(/\s+/gu, " ") ?? "";
  return world.classNamed(world.classOf(truth).superCategory, answer)?.seen === true;
}
