import { isExactName } from "../core/answer";
import { isInsideOption } from "./judge";
import type { EvaluationRecord } from "./records";

/**
 * How far the released accuracy of the closed world ("the truth stands in the answer") lies from the choice of an
 * option. The two part where one option's name stands inside another's: an answer "mexican petunia" counts as right for
 * "petunia", and the released items have such pairs.
 */
export interface ChoiceCheck {
  /** Closed-world items. */
  readonly items: number;
  /** Items whose truth stands inside another of their options. */
  readonly nested: number;
  /** Answers that chose another option and count as right all the same. */
  readonly wrongCounted: number;
  /** Answers that one measure counts as right and the other does not: those, and answers that name no or several options. */
  readonly differ: number;
}

/** The strict measure of the closed world: exactly one option was chosen, and it is the truth. */
export function choseTruth({ options, position, truth }: EvaluationRecord): boolean {
  return position !== null && isExactName(options?.[position] ?? null, truth);
}

/** Holds the released accuracy against the strict one; open-world records are left out. */
export function choiceCheck(records: readonly EvaluationRecord[]): ChoiceCheck {
  const closed = records.filter((record) => record.options !== null);
  const count = (test: (record: EvaluationRecord) => boolean): number => closed.filter(test).length;
  return {
    items: closed.length,
    nested: count(({ truth, options }) => isInsideOption(truth, options ?? [])),
    wrongCounted: count((record) => record.correct && record.position !== null && !choseTruth(record)),
    differ: count((record) => record.correct !== choseTruth(record)),
  };
}
