import { z } from "zod";

/** What stands for the super-category of a measurement over all of them. */
export const TOGETHER: readonly string[] = ["mean", "items"];

/**
 * One number of a table: what a method scored, on which seed, dataset, domain and split, asked how, by which metric. Tables are
 * pivots of these rows, figures read them, and comparisons (over seeds, with a record, ours beside the paper's) are functions
 * of them.
 */
export interface Measurement {
  /** The method's name, such as "tapo". */
  readonly method: string;
  readonly seed: number;
  readonly dataset: string;
  /** A super-category; "mean" is the mean over the super-categories, each alike (as in the paper); "items" is over all items. */
  readonly domain: string;
  /** "all": the mean of both splits. */
  readonly split: "seen" | "unseen" | "all";
  /** How it was asked: "closed" (four options), "open" (none), or what the measurement was made on, such as "states". */
  readonly setting: string;
  /** The metric's name, such as "accuracy" (eval/metrics). */
  readonly metric: string;
  /** A share or a mean in [0, 1] unless the metric says otherwise. */
  readonly value: number;
  /** Bounds of the 95 % interval over items. */
  readonly low: number;
  readonly high: number;
  /** Items behind it. */
  readonly n: number;
}

/** Where the paper's three measures of recognition stand: among candidates, and without them by text inclusion and by Eq. 5. */
export const CLOSED_ACCURACY = { setting: "closed", metric: "accuracy" } as const;
export const TEXT_INCLUSION = { setting: "open", metric: "accuracy" } as const;
export const SS_RELATIVE = { setting: "open", metric: "similarity" } as const;

export const measurementSchema: z.ZodType<Measurement> = z.strictObject({
  method: z.string(),
  seed: z.int(),
  dataset: z.string(),
  domain: z.string(),
  split: z.enum(["seen", "unseen", "all"]),
  setting: z.string(),
  metric: z.string(),
  value: z.number(),
  low: z.number(),
  high: z.number(),
  n: z.int().min(0),
});

/** The measurements that agree with every key given. */
export function select(all: readonly Measurement[], where: Partial<Measurement>): Measurement[] {
  const keys = Object.entries(where);
  return all.filter((one) => keys.every(([key, value]) => one[key as keyof Measurement] === value));
}
