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
 * (the mean over domains, each alike: the paper's "Avg.") and "items" (over all items of the split); then for split "all"
 * the mean of the splits' means (the paper's last column), and all items.
 * A split or domain in which no answer counts has no row.
 * @throws RangeError for answers of the other setting
 */
export function measure(answers: readonly Answer[], about: Measuring): Measurement[] {
  const { method, seed, dataset, setting, context } = about;
  const stranger = answers.find(({ options }) => (options === null) !== (setting === "open"));
  if (stranger !== undefined) throw new RangeError(`measure: ${stranger.id} was not asked in the ${setting} world`);
  const metrics = about.metrics.filter((metric) => metric.settings.includes(setting));
  return metrics.flatMap((metric) =>
    cellsOf(answers, metric, context).map(({ domain, split, score: { value, low, high, n } }): Measurement => ({
      ...{ method, seed, dataset, domain, split, setting },
      ...{ metric: metric.name, value, low, high, n },
    })),
  );
}

/** One metric over some answers: a share with Wilson's interval, a mean with the normal one; null where none counts. */
export function scoreOf(answers: readonly Answer[], metric: Metric, context: MetricContext): Score | null {
  const values = answers.map((answer) => metric.of(answer, context)).filter((value) => value !== null);
  if (values.length === 0) return null;
  const shares = values.filter((value) => typeof value === "boolean");
  if (shares.length === values.length) return wilson(shares.filter(Boolean).length, shares.length);
  return meanScore(values.map(Number));
}

interface Cell extends Pick<Measurement, "domain" | "split"> {
  readonly score: Score;
}

function cellsOf(answers: readonly Answer[], metric: Metric, context: MetricContext): Cell[] {
  const cells: Cell[] = [];
  const means: Score[] = [];
  const add = (split: Cell["split"], domain: string, score: Score | null): void => {
    if (score !== null) cells.push({ split, domain, score });
  };
  for (const split of ["seen", "unseen"] as const) {
    const own = answers.filter(({ seen }) => seen === (split === "seen"));
    const names = [...new Set(own.map(({ domain }) => domain))].sort();
    const scores = names.flatMap((name) => {
      const ofDomain = own.filter(({ domain }) => domain === name);
      const score = scoreOf(ofDomain, metric, context);
      add(split, name, score);
      return score ?? [];
    });
    if (scores.length === 0) continue;
    const mean = averageScore(scores);
    means.push(mean);
    add(split, "mean", mean);
    add(split, "items", scoreOf(own, metric, context));
  }
  if (means.length > 0) add("all", "mean", averageScore(means));
  add("all", "items", scoreOf(answers, metric, context));
  return cells;
}
