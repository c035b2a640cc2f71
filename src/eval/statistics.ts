import { LabError } from "../core/errors";
import type { Answer } from "./answers";
import { studentQuantile, studentTwoSided } from "./distributions";
import type { Measurement } from "./measurements";
import type { Metric, MetricContext } from "./metrics";

/** A mean over seeds with its 95 % interval. */
export interface SeedMean {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  /** Seeds behind it. */
  readonly n: number;
}

/** 97.5 % quantiles of Student's t with 1, 2, … 30 degrees of freedom, to the digits that the recorded tables were made with. */
const T = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131, 2.12, 2.11,
  2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042,
] as const;

/**
 * The mean of one number per seed, or of one difference per seed (paired), with Student's interval m ± t·s/√n, s with ddof 1.
 * It is about what another seed would give; the intervals over items (`wilson`) are about other items.
 * @throws RangeError for fewer than two values
 */
export function meanOverSeeds(values: readonly number[]): SeedMean {
  if (values.length < 2) throw new RangeError("meanOverSeeds: one seed says nothing about others");
  return studentMean(values);
}

/** The mean of independent numbers with the same interval. @throws RangeError for fewer than two values */
export function studentMean(values: readonly number[]): SeedMean {
  const n = values.length;
  if (n < 2) throw new RangeError(`studentMean: of ${n} numbers`);
  const value = mean(values);
  const half = (T[n - 2] ?? studentQuantile(0.975, n - 1)) * Math.sqrt(variance(values) / n);
  return { value, low: value - half, high: value + half, n };
}

function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}

/** With ddof 1. */
export function variance(values: readonly number[]): number {
  const centre = mean(values);
  return values.reduce((sum, x) => sum + (x - centre) ** 2, 0) / (values.length - 1);
}

/**
 * How far the first of two methods lies above the second, paired: the mean over seeds of their difference under the same
 * seed. Seeds that only one of them has are left out.
 * @throws RangeError for fewer than two common seeds, or where a seed has two values
 */
export function differenceOverSeeds(
  first: readonly Pick<Measurement, "seed" | "value">[],
  second: readonly Pick<Measurement, "seed" | "value">[],
): SeedMean {
  const [ours, theirs] = [first, second].map((rows) => new Map(rows.map(({ seed, value }) => [seed, value])));
  if (ours?.size !== first.length || theirs?.size !== second.length) {
    throw new RangeError("differenceOverSeeds: a seed has two values");
  }
  return meanOverSeeds(
    first.flatMap(({ seed, value }) => {
      const other = theirs.get(seed);
      return other === undefined ? [] : value - other;
    }),
  );
}

/** A t test of two lists of numbers. Plain JSON. */
export interface TTest {
  /** Mean of the first less mean of the second. */
  readonly difference: number;
  /** The difference in units of its standard error; 0 where nothing varies and nothing differs. */
  readonly t: number;
  /** Degrees of freedom. */
  readonly df: number;
  /** Two-sided: how often chance alone would give a t as far from 0. */
  readonly p: number;
}

/**
 * Student's paired t test: t = m/(s/√n) of the n differences, df = n − 1. For numbers that belong together one by one.
 * @throws RangeError for lists of different lengths or of fewer than two numbers
 */
export function pairedTTest(first: readonly number[], second: readonly number[]): TTest {
  const n = first.length;
  if (n < 2 || second.length !== n) throw new RangeError(`pairedTTest: ${n} numbers beside ${second.length}`);
  const differences = first.map((value, i) => value - (second[i] ?? NaN));
  return tTest(mean(differences), variance(differences) / n, n - 1);
}

/**
 * Student's t test of two independent lists, with one variance for both: s² = ((n₁ − 1)s₁² + (n₂ − 1)s₂²)/df, df = n₁ + n₂ − 2.
 * @throws RangeError for a list of fewer than two numbers
 */
export function independentTTest(first: readonly number[], second: readonly number[]): TTest {
  const [n1, n2] = [first.length, second.length];
  if (n1 < 2 || n2 < 2) throw new RangeError(`independentTTest: ${n1} numbers and ${n2}`);
  const df = n1 + n2 - 2;
  const pooled = ((n1 - 1) * variance(first) + (n2 - 1) * variance(second)) / df;
  return tTest(mean(first) - mean(second), pooled * (1 / n1 + 1 / n2), df);
}

function tTest(difference: number, squaredError: number, df: number): TTest {
  const t = difference === 0 ? 0 : difference / Math.sqrt(squaredError);
  return { difference, t, df, p: studentTwoSided(t, df) };
}

/** Two methods' answers to the same questions, held against each other. */
export interface PairedAnswers {
  /** Questions that count for both. */
  readonly n: number;
  /** Right by the first method alone, and by the second alone: the others say nothing about the difference. */
  readonly onlyFirst: number;
  readonly onlySecond: number;
  /** Two-sided p of McNemar's exact test: how often chance alone would part the two so far. */
  readonly p: number;
}

/** One method's answers with what its metric has to know. */
export interface Judged {
  readonly answers: readonly Answer[];
  readonly context: MetricContext;
}

/**
 * McNemar's exact test of two methods by a metric that counts right and wrong. It is about other items, under these very
 * weights; what another seed would give, `differenceOverSeeds` says, and `pairedBootstrap` what both would.
 * @throws LabError where the two have no question in common
 */
export function compareAnswers(metric: Metric, first: Judged, second: Judged): PairedAnswers {
  const pairs = commonValues(metric, first, second);
  if (pairs.some(({ values }) => values.some((value) => typeof value === "number"))) {
    throw new RangeError(`compareAnswers: ${metric.name} counts no right and wrong`);
  }
  const onlyFirst = pairs.filter(({ values: [ours, theirs] }) => ours && !theirs).length;
  const onlySecond = pairs.filter(({ values: [ours, theirs] }) => theirs && !ours).length;
  return { n: pairs.length, onlyFirst, onlySecond, p: mcnemar(onlyFirst, onlySecond) };
}

/** What parts two methods on one question: the metric's value for the first less that for the second. */
export interface ItemDifference {
  /** The answer's id. */
  readonly item: string;
  readonly domain: string;
  readonly difference: number;
}

type Value = number | boolean;

/** The values of both methods on the questions that count for both. */
function commonValues(metric: Metric, first: Judged, second: Judged) {
  const theirs = new Map(second.answers.map((answer) => [answer.id, metric.of(answer, second.context)]));
  const common = first.answers.flatMap((answer) => {
    const [one, other] = [metric.of(answer, first.context), theirs.get(answer.id) ?? null];
    if (one === null || other === null) return [];
    const values: readonly [Value, Value] = [one, other];
    return [{ id: answer.id, domain: answer.domain, values }];
  });
  if (common.length > 0) return common;
  throw new LabError("the two methods answered no question in common", "Compare answers to the same dataset.");
}

/**
 * Two-sided p of McNemar's exact test (McNemar, 1947): with n = b + c questions on which two methods differ, each as likely to
 * fall to either, p = min(1, 2 · Σ C(n, i) / 2ⁿ), i = 0 … min(b, c).
 * @param b questions right by the first method alone; @param c by the second alone
 */
export function mcnemar(b: number, c: number): number {
  const n = b + c;
  let logTerm = -n * Math.LN2; // ln (C(n, 0) / 2ⁿ)
  let sum = Math.exp(logTerm);
  for (let i = 1; i <= Math.min(b, c); i++) {
    logTerm += Math.log((n - i + 1) / i);
    sum += Math.exp(logTerm);
  }
  return Math.min(1, 2 * sum);
}
