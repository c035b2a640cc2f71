import { LabError } from "../core/errors";
import { doVary, outOfReach, requireFinite, requirePoints } from "./points";

/** A linear function of a point: weights · x + bias. */
export interface LinearFunction {
  /** shape [D] */
  readonly weights: Float64Array;
  readonly bias: number;
}

const SUBJECT = "ridge regression";

/**
 * Ridge regression: the linear function with the least mean of (f(x) − y)² plus λ·‖weights‖², the bias free.
 * @param points shape [N, D] @param targets shape [N] @param ridge λ as a share of the mean variance of a coordinate; 0 or more
 * @throws LabError for points that do not vary, are not finite, or are of several widths
 */
export function ridgeRegression(
  points: readonly ArrayLike<number>[],
  targets: readonly number[],
  ridge: number,
): LinearFunction {
  const n = points.length;
  const d = requireProblem(points, targets, ridge);
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
  if (!(trace > 0 && trace < Infinity)) throw outOfReach(SUBJECT); // they vary, and the squares do not tell how much
  for (let i = 0; i < d; i++) moment[i * d + i] = (moment[i * d + i] ?? 0) + (ridge * trace) / d;
  const weights = solvePositive(moment, right);
  const bias = meanTarget - weights.reduce((sum, w, k) => sum + w * (mean[k] ?? 0), 0);
  if (![...weights, bias].every(Number.isFinite)) throw outOfReach(SUBJECT);
  return { weights, bias };
}

/** @returns D @throws where no plane can be fitted: see `ridgeRegression` */
function requireProblem(points: readonly ArrayLike<number>[], targets: readonly number[], ridge: number): number {
  if (targets.length !== points.length) {
    throw new RangeError(`ridgeRegression: ${points.length} points, ${targets.length} targets`);
  }
  if (!(ridge >= 0 && ridge < Infinity)) throw new RangeError(`ridgeRegression: λ is ${ridge}`);
  const d = requirePoints(points, SUBJECT);
  requireFinite(targets, SUBJECT, (index) => `target ${index} is not finite`);
  if (!doVary(points)) throw doNotVary();
  return d;
}

function doNotVary(): LabError {
  return new LabError("the points do not vary", "Give points that differ from each other.");
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
      if (i === j && sum <= 0) throw doNotVary();
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
