import { canonicalName } from "../core/answer";
import { wilson, type Score } from "./intervals";
import type { EvaluationRecord } from "./records";

/** How much the order of the options decides [docs/paper-index.md, 17]. */
export interface FirstPositionBias {
  /** Share of closed-world items whose answer is the option shown first. */
  readonly chosenFirst: Score;
  /** Share of items whose true option was shown first: what an unbiased, faultless model would choose. */
  readonly truthFirst: number;
  /** chosenFirst − truthFirst. */
  readonly bias: number;
  /** Share of items with an answer that is none of the options. */
  readonly noOption: number;
}

/** @throws RangeError without closed-world records */
export function firstPositionBias(records: readonly EvaluationRecord[]): FirstPositionBias {
  const closed = records.filter((record) => record.options !== null);
  const count = (test: (record: EvaluationRecord) => boolean): number => closed.filter(test).length;
  const chosenFirst = wilson(
    count((record) => record.position === 0),
    closed.length,
  );
  const truthFirst =
    count((record) => canonicalName(record.options?.[0] ?? "") === canonicalName(record.truth)) / closed.length;
  const noOption = count((record) => record.position === null) / closed.length;
  return { chosenFirst, truthFirst, bias: chosenFirst.value - truthFirst, noOption };
}

/**
 * The share of unseen items that were answered with the name of a seen class: how far training has narrowed a model's
 * answers to the classes it was trained on. Null without unseen items.
 * @param classes every class that may be named, seen or not
 */
export function seenNameShare(
  records: readonly EvaluationRecord[],
  classes: readonly { readonly name: string; readonly seen: boolean }[],
): Score | null {
  const unseen = records.filter((record) => !record.seen);
  if (unseen.length === 0) return null;
  const seenNames = new Map(classes.map(({ name, seen }) => [canonicalName(name), seen]));
  const byLength = [...seenNames.keys()].sort((a, b) => b.length - a.length);
  const named = unseen.filter((record) => {
    const name = namedClass(record.answer ?? "", byLength);
    return name !== undefined && seenNames.get(name) === true;
  });
  return wilson(named.length, unseen.length);
}

/** The class an answer names: the one it is, else the longest name it contains. @param names longest first */
function namedClass(answer: string, names: readonly string[]): string | undefined {
  const said = canonicalName(answer);
  return names.find((name) => name === said) ?? names.find((name) => said.includes(name));
}
