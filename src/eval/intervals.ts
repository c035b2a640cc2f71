/** A measured share or mean with its 95 % interval; all within [0, 1]. */
export interface Score {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  /** Items behind it. */
  readonly n: number;
}

/** The 97.5 % quantile of the standard normal distribution. */
export const Z = 1.959963984540054;

/**
 * A share with Wilson's score interval (Wilson, 1927): (p + z²/2n ± z·√(p(1 − p)/n + z²/4n²)) / (1 + z²/n), z = 1.96.
 * It stays inside [0, 1] and keeps a width at 0 and 100 %.
 */
export function wilson(successes: number, n: number): Score {
  if (n === 0) throw new RangeError("wilson: no items");
  const p = successes / n;
  const scale = 1 + Z ** 2 / n;
  const centre = (p + Z ** 2 / (2 * n)) / scale;
  const half = (Z * Math.sqrt((p * (1 - p)) / n + Z ** 2 / (4 * n ** 2))) / scale;
  return { value: p, low: Math.max(0, Math.min(p, centre - half)), high: Math.min(1, Math.max(p, centre + half)), n };
}

/**
 * The mean of values in [0, 1] with the normal interval: m ± z·s/√n, s with ddof 1, z = 1.96, cut to [0, 1]. One value
 * says nothing about its spread: its interval is [0, 1].
 */
export function meanScore(values: readonly number[]): Score {
  const n = values.length;
  if (n === 0) throw new RangeError("meanScore: no items");
  const mean = values.reduce((a, b) => a + b, 0) / n;
  if (n === 1) return { value: mean, low: 0, high: 1, n };
  const variance = values.reduce((a, v) => a + (v - mean) ** 2, 0) / (n - 1);
  const half = Z * Math.sqrt(variance / n);
  return { value: mean, low: Math.max(0, mean - half), high: Math.min(1, mean + half), n };
}

/**
 * The mean of independent scores, each counting alike whatever its number of items (the tables' "Avg."). Its interval
 * is put together from theirs (MOVER; Zou & Donner, 2008): m − √Σ(vᵢ − lᵢ)²/K to m + √Σ(hᵢ − vᵢ)²/K.
 */
export function averageScore(scores: readonly Score[]): Score {
  const count = scores.length;
  if (count === 0) throw new RangeError("averageScore: no scores");
  const sum = (f: (score: Score) => number): number => scores.reduce((total, score) => total + f(score), 0);
  const value = sum((s) => s.value) / count;
  const below = Math.sqrt(sum((s) => (s.value - s.low) ** 2)) / count;
  const above = Math.sqrt(sum((s) => (s.high - s.value) ** 2)) / count;
  return { value, low: Math.max(0, value - below), high: Math.min(1, value + above), n: sum((s) => s.n) };
}
