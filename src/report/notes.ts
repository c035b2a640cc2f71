import type { ChoiceCheck } from "../eval/choice";

/** What stands under a table besides its numbers. */

/** Where a row's numbers come from, if not from the run that is shown: the mark of its method, and what the mark means. */
export const ORIGINS = {
  record: { mark: "†", meaning: "from results/, not made in this run" },
  earlier: { mark: "‡", meaning: "made by an earlier run with the same settings" },
} as const;

/** A method's closed answers by both measures: the released one, and the option chosen. */
export interface CheckedChoice extends ChoiceCheck {
  readonly title: string;
  /** Shares right by the option chosen, means over domains; null without items. */
  readonly seen: number | null;
  readonly unseen: number | null;
}

/** How often the released accuracy of closed questions counts another option than the truth as right; none without answers. */
export function choiceNote(checked: readonly CheckedChoice[]): string[] {
  const [first] = checked;
  if (first === undefined) return [];
  const total = (count: "items" | "differ" | "wrongCounted"): number =>
    checked.reduce((sum, choice) => sum + choice[count], 0);
  const percent = (share: number | null): string => (share === null ? "–" : (100 * share).toFixed(1));
  const strict = checked
    .filter(({ differ }) => differ > 0)
    .map(({ title, seen, unseen }) => `${title} ${percent(seen)} seen, ${percent(unseen)} unseen`);
  return [
    `Closed world, as released: right when the truth stands in the answer. Of ${total("items")} answers, ` +
      `${total("wrongCounted")} chose a wrong option and still count as right; by the option chosen, ` +
      `${total("differ")} count otherwise${strict.length === 0 ? "" : ` (${strict.join("; ")})`}. The truth stands ` +
      `inside another option in ${first.nested} of ${first.items} items.`,
  ];
}
