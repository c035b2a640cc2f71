/** The middle value, or the mean of the two middle values. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The q-quantile by linear interpolation between order statistics (NumPy's default). */
export function quantile(values: readonly number[], q: number): number {
  if (values.length === 0) throw new RangeError("quantile: there are no values");
  const sorted = [...values].sort((a, b) => a - b);
  const place = (sorted.length - 1) * q;
  const below = sorted[Math.floor(place)] as number;
  const above = sorted[Math.ceil(place)] as number;
  return Math.min(above, below + (above - below) * (place - Math.floor(place)));
}

/** A median with its quartiles. */
export interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

export function spread(values: readonly number[]): Spread {
  return { median: median(values), low: quantile(values, 0.25), high: quantile(values, 0.75) };
}

/** a ÷ b turn by turn, so that what slowed a whole round down slows both. @throws RangeError unless there are as many of each */
export function pairedRatio(a: readonly number[], b: readonly number[]): Spread {
  if (a.length !== b.length) throw new RangeError(`pairedRatio: ${a.length} values beside ${b.length}`);
  return spread(a.map((value, i) => value / (b[i] as number)));
}

/**
 * How a time grows: the exponent between neighbouring points, ln(t₂/t₁) ÷ ln(x₂/x₁). 0 where the time does not depend on x, 1 where
 * it is proportional to it. @returns one fewer than there are points
 */
export function localExponents(x: readonly number[], time: readonly number[]): number[] {
  return x.slice(1).map((to, i) => {
    const [from, before, after] = [x[i] as number, time[i] as number, time[i + 1] as number];
    return Math.log(after / before) / Math.log(to / from);
  });
}

/** Where a curve bends. */
export interface Bends {
  /** From here on the time grows with x (exponent of at least ½); before, it is mostly fixed cost. */
  readonly growsFrom: number | undefined;
  /** From here on it grows faster than x (exponent above 1.15). */
  readonly steeperFrom: number | undefined;
}

/** @returns the lower ends of the first intervals of that kind that only intervals of that kind follow */
export function bends(x: readonly number[], time: readonly number[]): Bends {
  const exponents = localExponents(x, time);
  const from = (limit: number): number | undefined => {
    const last = exponents.map((exponent) => exponent >= limit).lastIndexOf(false);
    return last === exponents.length - 1 ? undefined : x[last + 1];
  };
  return { growsFrom: from(0.5), steeperFrom: from(1.15) };
}

/** Least squares of t = fixed + slope · x, relative errors counting alike. */
export function straightLine(x: readonly number[], time: readonly number[]): { fixed: number; slope: number } {
  // Weighted normal equations with weights 1/t²: the residuals (fixed + slope·x − t)/t.
  let [a, b, c, p, q] = [0, 0, 0, 0, 0];
  x.forEach((value, i) => {
    const t = time[i] as number;
    const weight = 1 / t ** 2;
    a += weight;
    b += weight * value;
    c += weight * value ** 2;
    p += weight * t;
    q += weight * value * t;
  });
  const determinant = a * c - b * b;
  return { fixed: (p * c - q * b) / determinant, slope: (a * q - b * p) / determinant };
}
