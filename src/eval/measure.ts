import { LabError } from "../core/errors";
import type { Answer } from "./answers";
import { averageScore, meanScore, wilson, type Score } from "./intervals";
import type { Measurement } from "./measurements";
import type { Metric, MetricContext, Setting } from "./metrics";

/** What is measured, and what the rows say of it. */
export interface Measuring extends Pick<Measurement, "method" | "seed" | "dataset"> {
  readonly setting: Setting;
  /** Those that are not about this setting give no rows. */
  readonly metrics: readonly Metric[];
  readonly context: MetricContext;
}

/**
 * Measures the answers of one method, seed and setting. Per metric and split: every domain in alphabetical order, "mean"
 * (over domains, each alike: the paper's "Avg.") and "items" (all items of the split alike); then for split "all" the
 * mean of the splits' means (the paper's last column), and all items alike. Where no answer counts there is no row.
 * @throws RangeError for answers of the other setting
 */
export function measure(answers: readonly Answer[], about: Measuring): Measurement[] {
  const { method, seed, dataset, setting, context } = about;
  const stranger = answers.find(({ options }) => (options === null) !== (setting === "open"));
  if (stranger !== undefined) throw new RangeError(`measure: ${stranger.id} was not asked in the ${setting} world`);
  const metrics = about.metrics.filter((metric) => metric.settings.includes(setting));
  return metrics.flatMap((metric) =>
    measureItems(countedOf(answers, metric, context), { setting, metric: metric.name }).map((one): Measurement => ({
      method,
      seed,
      dataset,
      ...one,
    })),
  );
}

/** A measurement before it is said whose it is. */
export type Measured = Omit<Measurement, "method" | "seed" | "dataset">;

/**
 * What counted items come to, in the cells that `measure` describes; none where there is no item. Items about no class count in split "all"
 * alone, as a split of their own.
 */
export function measureItems(
  counted: readonly Counted[],
  { setting, metric }: Pick<Measurement, "setting" | "metric">,
): Measured[] {
  return cellsOf(counted).map(({ domain, split, score: { value, low, high, n } }) => {
    return { domain, split, setting, metric, value, low, high, n };
  });
}

/** One metric over all answers alike. @throws RangeError where no answer counts */
export function scoreOf(answers: readonly Answer[], metric: Metric, context: MetricContext): Score {
  return score(countedOf(answers, metric, context));
}

/** What a metric says of an answer that counts, or an analysis of another item; `seen` is null where it is about no class. */
export interface Counted extends Pick<Answer, "domain"> {
  readonly seen: boolean | null;
  /** Right or wrong, or a number in [0, 1]. */
  readonly value: boolean | number;
}

function countedOf(answers: readonly Answer[], metric: Metric, context: MetricContext): Counted[] {
  return answers.flatMap((answer) => {
    const value = metric.of(answer, context);
    if (typeof value === "number" && !Number.isFinite(value)) throw notANumber(metric, answer);
    return value === null ? [] : [{ domain: answer.domain, seen: answer.seen, value }];
  });
}

/** A share with Wilson's interval, or a mean with the normal one. */
function score(counted: readonly Counted[]): Score {
  const values = counted.map(({ value }) => value);
  if (values.some((value) => typeof value === "number")) return meanScore(values.map(Number));
  return wilson(values.filter(Boolean).length, values.length);
}

/** One metric over the answers of a domain and a split. */
interface Cell extends Pick<Measurement, "domain" | "split"> {
  readonly score: Score;
}

function cellsOf(counted: readonly Counted[]): Cell[] {
  if (counted.length === 0) return [];
  const splits = (["seen", "unseen", "all"] as const).flatMap((split) => {
    const own = counted.filter(({ seen }) => seen === (split === "all" ? null : split === "seen"));
    if (own.length === 0) return [];
    const domains = [...new Set(own.map(({ domain }) => domain))].sort().map((domain): Cell => ({
      ...{ split, domain },
      score: score(own.filter((one) => one.domain === domain)),
    }));
    const mean = averageScore(domains.map((cell) => cell.score));
    const together: Cell[] = [
      { split, domain: "mean", score: mean },
      { split, domain: "items", score: score(own) },
    ];
    return [{ mean, cells: split === "all" ? domains : [...domains, ...together] }];
  });
  return [
    ...splits.flatMap(({ cells }) => cells),
    { split: "all", domain: "mean", score: averageScore(splits.map(({ mean }) => mean)) },
    { split: "all", domain: "items", score: score(counted) },
  ];
}

function notANumber({ name }: Metric, { id }: Answer): LabError {
  const remedy = "Correct the metric: it gives true, false, a number, or null where an answer does not count.";
  return new LabError("gives no number for this answer", remedy, { subject: `metric ${name}, ${id}` });
}
