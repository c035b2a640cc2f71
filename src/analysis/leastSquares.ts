import { LabError } from "../core/errors";

/** A linear function of a point: weights · x + bias. */
export interface LinearFunction {
  /** shape [D] */
  readonly weights: Float64Array;
  readonly bias: number;
}

/**
 * Ridge regression: the linear function with the least mean of (f(x) − y)² plus λ·‖weights‖², the bias free.
 * @param points shape [N, D] @param targets shape [N] @param ridge λ as a share of the mean variance of a coordinate
 */
export function ridgeRegression(
  points: readonly ArrayLike<number>[],
  targets: readonly number[],
  ridge: number,
): LinearFunction {
  const n = points.length;
  const d = points[0]?.length ?? 0;
  if (n === 0 || d === 0 || targets.length !== n) {
    throw new RangeError(`ridgeRegression: ${n} points of ${d} numbers, ${targets.length} targets`);
  }
  const mean = Float64Array.from({ length: d }, (_, k) => points.reduce((sum, x) => sum + (x[k] ?? 0), 0) / n);
  const meanTarget = targets.reduce((a, b) => a + b, 0) / n;
  const moment = new Float64Array(d * d);
  const right = new Float64Array(d);
  points.forEach((point, row) => {
    const x = Float64Array.from(point, (value, k) => value - (mean[k] ?? 0));
    for (let i = 0; i < d; i++) {
      right[i] = (right[i] ?? 0) + (x[i] ?? 0) * ((targets[row] ?? 0) - meanTarget);
      for (let j = 0; j <= i; j++) moment[i * d + j] = (moment[i * d + j] ?? 0) + (x[i] ?? 0) * (x[j] ?? 0);
    }
  });
  let trace = 0;
  for (let i = 0; i < d; i++) trace += moment[i * d + i] ?? 0;
  for (let i = 0; i < d; i++) moment[i * d + i] = (moment[i * d + i] ?? 0) + (ridge * trace) / d;
  const weights = solvePositive(moment, right);
  return { weights, bias: meanTarget - weights.reduce((sum, w, k) => sum + w * (mean[k] ?? 0), 0) };
}

/** The value of a linear function at a point of shape [D]. */
export function valueAt({ weights, bias }: LinearFunction, point: ArrayLike<number>): number {
  return weights.reduce((sum, w, k) => sum + w * (point[k] ?? 0), bias);
}

/**
 * Solves A·x = b by Cholesky's decomposition. @param a D × D, symmetric, row-major; the lower half is read
 * @throws LabError when A is not positive definite: points that do not vary have no regression
 */
function solvePositive(a: Float64Array, b: Float64Array): Float64Array {
  const d = b.length;
  const l = new Float64Array(d * d);
  const at = (i: number, j: number): number => l[i * d + j] ?? 0;
  for (let i = 0; i < d; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i * d + j] ?? 0;
      for (let k = 0; k < j; k++) sum -= at(i, k) * at(j, k);
      if (i === j && sum <= 0) throw new LabError("the points do not vary", "Give points that differ from each other.");
      l[i * d + j] = i === j ? Math.sqrt(sum) : sum / at(j, j);
    }
  }
  const x = Float64Array.from(b);
  for (let i = 0; i < d; i++) {
    for (let k = 0; k < i; k++) x[i] = (x[i] ?? 0) - at(i, k) * (x[k] ?? 0);
    x[i] = (x[i] ?? 0) / at(i, i);
  }
  for (let i = d - 1; i >= 0; i--) {
    for (let k = i + 1; k < d; k++) x[i] = (x[i] ?? 0) - at(k, i) * (x[k] ?? 0);
    x[i] = (x[i] ?? 0) / at(i, i);
  }
  return x;
}
