import { unitOf } from "../core/vectors";
import { studentQuantile, studentTwoSided } from "./distributions";

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
  const half = (T[n - 2] ?? studentQuantile(0.975, n - 1)) * standardError(values);
  return { value, low: value - half, high: value + half, n };
}

/** s/√n, at every scale: squares of very small differences would be 0, and any mean of them no chance. */
function standardError(values: readonly number[]): number {
  const unit = unitOf(values);
  return unit * Math.sqrt(variance(values.map((value) => value / unit)) / values.length);
}

function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}

/** With ddof 1. */
export function variance(values: readonly number[]): number {
  const centre = mean(values);
  return values.reduce((sum, x) => sum + (x - centre) ** 2, 0) / (values.length - 1);
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
  return tTest(mean(differences), standardError(differences), n - 1);
}

/**
 * Student's t test of two independent lists, with one variance for both: s² = ((n₁ − 1)s₁² + (n₂ − 1)s₂²)/df, df = n₁ + n₂ − 2.
 * @throws RangeError for a list of fewer than two numbers
 */
export function independentTTest(first: readonly number[], second: readonly number[]): TTest {
  const [n1, n2] = [first.length, second.length];
  if (n1 < 2 || n2 < 2) throw new RangeError(`independentTTest: ${n1} numbers and ${n2}`);
  const df = n1 + n2 - 2;
  const unit = unitOf([...first, ...second]);
  const [v1 = NaN, v2 = NaN] = [first, second].map((values) => variance(values.map((value) => value / unit)));
  const pooled = ((n1 - 1) * v1 + (n2 - 1) * v2) / df;
  return tTest(mean(first) - mean(second), unit * Math.sqrt(pooled * (1 / n1 + 1 / n2)), df);
}

function tTest(difference: number, error: number, df: number): TTest {
  const t = difference === 0 ? 0 : difference / error;
  return { difference, t, df, p: studentTwoSided(t, df) };
}

/** What parts two methods on one question: the metric's value for the first less that for the second. */
export interface ItemDifference {
  /** The answer's id. */
  readonly item: string;
  readonly domain: string;
  readonly difference: number;
}

/**
 * Two-sided p of McNemar's exact test (McNemar, 1947): with n = b + c questions on which two methods differ, each as likely to
 * fall to either, p = min(1, 2 · Σ C(n, i) / 2ⁿ), i = 0 … min(b, c).
 * @param b questions right by the first method alone; @param c by the second alone
 * @throws RangeError for what is no count, such as a share
 */
export function mcnemar(b: number, c: number): number {
  if (![b, c].every((count) => Number.isInteger(count) && count >= 0)) throw new RangeError(`mcnemar: ${b} and ${c}`);
  const n = b + c;
  let logTerm = -n * Math.LN2; // ln (C(n, 0) / 2ⁿ)
  let sum = Math.exp(logTerm);
  for (let i = 1; i <= Math.min(b, c); i++) {
    logTerm += Math.log((n - i + 1) / i);
    sum += Math.exp(logTerm);
  }
  return Math.min(1, 2 * sum);
}
