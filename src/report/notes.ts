import { select, type Measurement } from "../eval/measurements";
import type { MethodTitle } from "./pivot";

/** What stands under tables besides their numbers. */

/** Where a method's numbers come from, if not from the run that is shown: the mark of its row, and what the mark means. */
export const ORIGINS = {
  record: { mark: "†", meaning: "from results/, not made in this run" },
  earlier: { mark: "‡", meaning: "made by an earlier run with the same settings" },
} as const;

/** The marks of the methods that are shown, and what each means. */
export function originMarks(methods: readonly MethodTitle[]): Record<string, string> {
  const used = Object.values(ORIGINS).filter(({ mark }) => methods.some((method) => method.mark === mark));
  return Object.fromEntries(used.map(({ mark, meaning }) => [mark, meaning]));
}

/** Under a table of `chainColumns`. */
export const CHAIN_NOTE =
  "An item counts as right when its answer is right; else it counts where its chain first goes wrong. Faithful: of the right answers, % whose chain is right in every step.";

/**
 * How often the released accuracy of closed questions counts another option than the truth as right, by the metrics "nested",
 * "wrongCounted", "differ" and "choice" of one seed; none where they were not measured.
 */
export function choiceNote(all: readonly Measurement[], methods: readonly MethodTitle[]): string[] {
  const checked = methods.flatMap(({ name, title }) => {
    const own = select(all, { method: name, setting: "closed" });
    const items = (metric: string) => select(own, { metric, split: "all", domain: "items" })[0];
    const count = (metric: string): number => Math.round((items(metric)?.value ?? 0) * (items(metric)?.n ?? 0));
    const share = (split: "seen" | "unseen"): string => {
      const found = select(own, { metric: "choice", split, domain: "mean" })[0];
      return found === undefined ? "–" : (100 * found.value).toFixed(1);
    };
    const { n } = items("differ") ?? { n: 0 };
    const counts = { nested: count("nested"), wrongCounted: count("wrongCounted"), differ: count("differ") };
    return n === 0 ? [] : [{ title, n, ...counts, strict: `${share("seen")} seen, ${share("unseen")} unseen` }];
  });
  const [first] = checked;
  if (first === undefined) return [];
  const total = (of: "n" | "wrongCounted" | "differ"): number => checked.reduce((sum, one) => sum + one[of], 0);
  const changed = checked.filter(({ differ }) => differ > 0).map(({ title, strict }) => `${title} ${strict}`);
  return [
    `Closed world, as released: right when the truth stands in the answer. Of ${total("n")} answers, ` +
      `${total("wrongCounted")} chose a wrong option and still count as right; by the option chosen, ` +
      `${total("differ")} count otherwise${changed.length === 0 ? "" : ` (${changed.join("; ")})`}. The truth stands ` +
      `inside another option in ${first.nested} of ${first.n} items.`,
  ];
}
