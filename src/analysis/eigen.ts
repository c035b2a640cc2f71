/** Eigenvalues in falling order, with the eigenvector of each (unit length). */
export interface Eigen {
  readonly values: Float64Array;
  readonly vectors: readonly Float64Array[];
}

const SWEEPS = 60;

/**
 * All eigenvalues and eigenvectors of a symmetric matrix by cyclic Jacobi rotations (Golub & Van Loan, Matrix Computations,
 * §8.5): slow beside tridiagonal methods, exact to rounding, and short. Fine to a few hundred rows.
 * @param matrix N × N, row-major; not changed
 */
export function symmetricEigen(matrix: Float64Array, n: number): Eigen {
  if (matrix.length !== n * n)
    throw new RangeError(`symmetricEigen: ${matrix.length} numbers are no ${n} × ${n} matrix`);
  const a = Float64Array.from(matrix);
  const v = new Float64Array(n * n);
  for (let i = 0; i < n; i++) v[i * n + i] = 1;
  const tolerance = 1e-14 * norm(a);
  for (let sweep = 0; sweep < SWEEPS && offDiagonal(a, n) > tolerance; sweep++) {
    for (let p = 0; p < n - 1; p++) for (let q = p + 1; q < n; q++) rotate(a, v, n, p, q);
  }
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => at(a, j * n + j) - at(a, i * n + i));
  return {
    values: Float64Array.from(order, (i) => at(a, i * n + i)),
    vectors: order.map((i) => v.slice(i * n, (i + 1) * n)),
  };
}

/** Makes a[p, q] zero by a rotation in the plane of p and q, and turns the rows p and q of v, the eigenvectors, with it. */
function rotate(a: Float64Array, v: Float64Array, n: number, p: number, q: number): void {
  const apq = at(a, p * n + q);
  if (apq === 0) return;
  const theta = (at(a, q * n + q) - at(a, p * n + p)) / (2 * apq);
  const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.hypot(theta, 1));
  const c = 1 / Math.hypot(t, 1);
  const s = t * c;
  turnRows(a, n, p, q, c, s);
  for (let k = 0; k < n; k++) {
    const [left, right] = [at(a, k * n + p), at(a, k * n + q)];
    a[k * n + p] = c * left - s * right;
    a[k * n + q] = s * left + c * right;
  }
  turnRows(v, n, p, q, c, s);
}

function turnRows(m: Float64Array, n: number, p: number, q: number, c: number, s: number): void {
  for (let k = 0; k < n; k++) {
    const [upper, lower] = [at(m, p * n + k), at(m, q * n + k)];
    m[p * n + k] = c * upper - s * lower;
    m[q * n + k] = s * upper + c * lower;
  }
}

function norm(m: Float64Array): number {
  return Math.sqrt(m.reduce((sum, value) => sum + value * value, 0));
}

function offDiagonal(m: Float64Array, n: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) sum += 2 * at(m, i * n + j) ** 2;
  return Math.sqrt(sum);
}

function at(m: Float64Array, index: number): number {
  return m[index] ?? 0;
}
