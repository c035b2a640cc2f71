import type { Measured } from "./measure";
import { mcnemar } from "./statistics";

/** What becomes of an answer from one model to another: mended is wrong → right, spoiled right → wrong. */
export const CHANGES = ["mended", "spoiled", "both right", "both wrong"] as const;
export type Change = (typeof CHANGES)[number];

export function changeOf(before: boolean, after: boolean): Change {
  if (before === after) return after ? "both right" : "both wrong";
  return after ? "mended" : "spoiled";
}

/** How many answers became what, and McNemar's exact p: how often chance alone would part mended and spoiled so far. Plain JSON. */
export interface ChangeCounts {
  readonly counts: Readonly<Record<Change, number>>;
  readonly p: number;
}

export function countChanges(changes: readonly Change[]): ChangeCounts {
  const count = (change: Change): number => changes.filter((one) => one === change).length;
  const [mended, spoiled] = [count("mended"), count("spoiled")];
  const counts = { mended, spoiled, "both right": count("both right"), "both wrong": count("both wrong") };
  return { counts, p: mcnemar(mended, spoiled) };
}

/** What became of the answers about seen and about unseen classes. */
export type Changes = Readonly<Record<"seen" | "unseen", ChangeCounts>>;

/** The setting of measurements of changes; each change is a metric. */
export const CHANGE_SETTING = "changes";
/** Beside the four changes: McNemar's exact p. */
export const MCNEMAR = "mcnemar";

/** Numbers of answers by what became of them, and McNemar's p, for each split. They have no interval. */
export function changeMeasurements(changes: Changes): Measured[] {
  return (["seen", "unseen"] as const).flatMap((split) => {
    const { counts, p } = changes[split];
    const n = CHANGES.reduce((sum, change) => sum + counts[change], 0);
    const values = [...CHANGES.map((change) => [change, counts[change]] as const), [MCNEMAR, p] as const];
    return values.map(([metric, value]) => ({
      ...{ domain: "items", split, setting: CHANGE_SETTING, metric },
      ...{ value, low: value, high: value, n },
    }));
  });
}
