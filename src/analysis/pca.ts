import { LabError } from "../core/errors";
import { symmetricEigen, type Eigen } from "./eigen";
import { doVary, outOfReach, requirePoints } from "./points";

/** Principal components of N points in D dimensions; K ≤ min(N − 1, D) of them. */
export interface Pca {
  /** shape [D] */
  readonly mean: Float64Array;
  /** shape [K, D], orthonormal; in each, the entry that is largest by magnitude is positive. */
  readonly components: readonly Float64Array[];
  /** shape [K]: the variance along each component (divisor N − 1). */
  readonly variances: Float64Array;
  /** shape [K]: shares of the total variance, in [0, 1]. */
  readonly explained: Float64Array;
}

const SUBJECT = "principal components";
/**
 * The total variance, times N − 1, between which the eigenvectors can be trusted: they come from squares of products, which beyond it are
 * infinite or 0 and would leave the axes as they are. States in single precision never come near.
 */
const REACH = { least: 1e-140, most: 1e150 };
const NO_EIGEN: Eigen = { values: new Float64Array(), vectors: [] };

/**
 * Exact principal component analysis (H3: hidden states of right and wrong answers). The eigenvectors come from the smaller
 * of the covariance (D × D) and the Gram matrix (N × N), which share their eigenvalues.
 * @param points shape [N, D], N ≥ 2 @param count at most this many components; those without variance are left out
 * @throws LabError for points that are not finite, of several widths, or beyond the reach of double precision
 */
export function pca(points: readonly ArrayLike<number>[], count = Infinity): Pca {
  const d = requirePoints(points, SUBJECT);
  if (points.length < 2) {
    throw new LabError("one point has no variance", "Give at least two points.", { subject: SUBJECT });
  }
  if (count !== Infinity && !(Number.isInteger(count) && count >= 0)) throw new RangeError(`pca: ${count} components`);
  const mean = meanOf(points, d);
  const rows = points.map((point) => Float64Array.from(point, (value, k) => value - (mean[k] ?? 0)));
  const dual = rows.length < d;
  const n = dual ? rows.length : d;
  const varied = doVary(points);
  const { values, vectors } = varied
    ? symmetricEigen(dual ? products(rows) : products(transpose(rows, d)), n)
    : NO_EIGEN;
  const total = values.reduce((sum, value) => sum + Math.max(0, value), 0);
  if (varied && !(total > REACH.least && total < REACH.most)) throw outOfReach(SUBJECT);
  const kept = [...values].filter((value) => value > 1e-12 * total).length;
  const size = Math.min(count, kept, rows.length - 1);
  const components = vectors.slice(0, size).map((vector) => orient(dual ? combine(rows, vector, d) : vector));
  const used = values.slice(0, size);
  return {
    mean,
    components,
    variances: used.map((value) => value / (rows.length - 1)),
    explained: used.map((value) => value / total),
  };
}

/** Coordinates of points along the components: shape [N, D] → [N, K]. */
export function project(model: Pca, points: readonly ArrayLike<number>[]): Float64Array[] {
  requirePoints(points, SUBJECT, { width: model.mean.length });
  return points.map((point) => {
    const centred = Float64Array.from(point, (value, k) => value - (model.mean[k] ?? 0));
    return Float64Array.from(model.components, (component) => dot(centred, component));
  });
}

function meanOf(points: readonly ArrayLike<number>[], d: number): Float64Array {
  const mean = new Float64Array(d);
  for (const point of points) addScaled(mean, point, 1 / points.length);
  return mean;
}

/** All dot products of the rows: shape [N, D] → [N, N], row-major. */
function products(rows: readonly Float64Array[]): Float64Array {
  const n = rows.length;
  const out = new Float64Array(n * n);
  rows.forEach((row, i) => {
    for (let j = 0; j <= i; j++) out[i * n + j] = out[j * n + i] = dot(row, rows[j] ?? row);
  });
  return out;
}

function transpose(rows: readonly Float64Array[], d: number): Float64Array[] {
  return Array.from({ length: d }, (_, k) => Float64Array.from(rows, (row) => row[k] ?? 0));
}

/** The component that belongs to an eigenvector u of the Gram matrix: Xᵀu, at unit length. */
function combine(rows: readonly Float64Array[], weights: Float64Array, d: number): Float64Array {
  const out = new Float64Array(d);
  rows.forEach((row, i) => {
    addScaled(out, row, weights[i] ?? 0);
  });
  const length = Math.sqrt(dot(out, out));
  return out.map((value) => value / length);
}

/** Eigenvectors have no sign of their own; ours has its largest entry positive. */
function orient(vector: Float64Array): Float64Array {
  const largest = vector.reduce((best, value) => (Math.abs(value) > Math.abs(best) + 1e-12 ? value : best), 0);
  return largest < 0 ? vector.map((value) => -value) : vector;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += (a[k] ?? 0) * (b[k] ?? 0);
  return sum;
}

function addScaled(into: Float64Array, row: ArrayLike<number>, scale: number): void {
  for (let k = 0; k < into.length; k++) into[k] = (into[k] ?? 0) + scale * (row[k] ?? 0);
}
