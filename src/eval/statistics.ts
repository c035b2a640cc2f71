import { LabError } from "../core/errors";
import type { Answer } from "./answers";
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

/** 97.5 % quantiles of Student's t with 1, 2, … 30 degrees of freedom. */
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
  const n = values.length;
  if (n < 2) throw new RangeError("meanOverSeeds: one seed says nothing about others");
  const value = values.reduce((a, b) => a + b, 0) / n;
  const variance = values.reduce((sum, x) => sum + (x - value) ** 2, 0) / (n - 1);
  const half = (T[n - 2] ?? T[T.length - 1] ?? 0) * Math.sqrt(variance / n);
  return { value, low: value - half, high: value + half, n };
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
 * weights; what another seed would give, `differenceOverSeeds` says.
 * @throws LabError where the two have no question in common
 */
export function compareAnswers(metric: Metric, first: Judged, second: Judged): PairedAnswers {
  const [ours, theirs] = [outcomes(metric, first), outcomes(metric, second)];
  const common = [...ours.keys()].filter((id) => theirs.has(id));
  if (common.length === 0) {
    throw new LabError("the two methods answered no question in common", "Compare answers to the same dataset.");
  }
  const alone = (these: ReadonlyMap<string, boolean>, those: ReadonlyMap<string, boolean>): number =>
    common.filter((id) => these.get(id) === true && those.get(id) === false).length;
  const [onlyFirst, onlySecond] = [alone(ours, theirs), alone(theirs, ours)];
  return { n: common.length, onlyFirst, onlySecond, p: mcnemar(onlyFirst, onlySecond) };
}

function outcomes(metric: Metric, { answers, context }: Judged): Map<string, boolean> {
  return new Map(
    answers.flatMap((answer) => {
      const value = metric.of(answer, context);
      if (typeof value === "number") throw new RangeError(`compareAnswers: ${metric.name} counts no right and wrong`);
      return value === null ? [] : [[answer.id, value] as const];
    }),
  );
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
