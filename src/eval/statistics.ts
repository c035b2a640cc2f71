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
