import { powerOfTwo, unitOf } from "../core/vectors";
import { outOfReach, requireFinite, requirePoints } from "./points";

/** How far groups of points lie apart, as numbers: beside a picture of them, not in place of one (Fig. 4). */

/**
 * The silhouette coefficient (Rousseeuw, 1987): the mean over points of (b − a)/max(a, b), with a the mean Euclidean distance to the other
 * points of its group and b that to the nearest other group; 0 for a point that is alone in its group. In [−1, 1]; 0 where
 * groups lie in each other. The same at every scale.
 * @param points shape [N, D] @param labels shape [N], at least two different ones
 * @throws LabError for points that are not finite, or of several widths
 */
export function silhouette(points: readonly ArrayLike<number>[], labels: readonly (string | boolean)[]): number {
  const groups = [...new Set(labels)];
  if (labels.length !== points.length || groups.length < 2) {
    throw new RangeError(`silhouette: ${points.length} points, ${labels.length} labels, ${groups.length} groups`);
  }
  requirePoints(points, "silhouette");
  const sizes = new Map(groups.map((group) => [group, labels.filter((label) => label === group).length]));
  const widths = points.map((point, i) => {
    const own = labels[i];
    const sums = new Map(groups.map((group) => [group, 0]));
    points.forEach((other, j) => {
      const group = labels[j] ?? "";
      sums.set(group, (sums.get(group) ?? 0) + distance(point, other));
    });
    const size = (group: string | boolean): number => sizes.get(group) ?? 0;
    if (own === undefined || size(own) === 1) return 0;
    const within = (sums.get(own) ?? 0) / (size(own) - 1);
    const between = Math.min(...groups.filter((g) => g !== own).map((g) => (sums.get(g) ?? 0) / size(g)));
    const larger = Math.max(within, between);
    return larger === 0 ? 0 : (between - within) / larger;
  });
  const mean = widths.reduce((sum, width) => sum + width, 0) / points.length;
  if (Number.isNaN(mean)) throw outOfReach("silhouette"); // ∞ − ∞: distances that are not finite
  return mean;
}

function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let largest = 0;
  for (let k = 0; k < a.length; k++) largest = Math.max(largest, Math.abs((a[k] ?? 0) - (b[k] ?? 0)));
  const unit = powerOfTwo(largest);
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += (((a[k] ?? 0) - (b[k] ?? 0)) / unit) ** 2;
  return unit * Math.sqrt(sum);
}

/**
 * Fisher's ratio of two groups of numbers, such as points along a discriminant: (m₁ − m₂)²/(s₁² + s₂²), s² with ddof 1 (Fisher, 1936).
 * 0 where the means agree; the same at every scale. Two normal groups of one variance, cut half-way, are told apart with accuracy Φ(√(ratio/2)).
 * @param positive shape [N]: which group a value is of; each has at least two
 * @throws LabError for values that are not finite
 */
export function fisherRatio(values: readonly number[], positive: readonly boolean[]): number {
  if (values.length !== positive.length) {
    throw new RangeError(`fisherRatio: ${values.length} values, ${positive.length} groups of them`);
  }
  requireFinite(values, "Fisher's ratio", (index) => `value ${index} is not finite`);
  const unit = unitOf(values);
  const sides = [true, false].map((side) => values.filter((_, i) => positive[i] === side));
  const [first, second] = sides.map((side) => momentsOf(side.map((value) => value / unit)));
  if (first === undefined || second === undefined || !(Math.min(first.n, second.n) >= 2)) {
    throw new RangeError(`fisherRatio: ${first?.n ?? 0} and ${second?.n ?? 0} values`);
  }
  const between = (first.mean - second.mean) ** 2;
  return between === 0 ? 0 : between / (first.variance + second.variance); // ∞ where nothing varies within groups
}

function momentsOf(values: readonly number[]) {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  return { n, mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1) };
}
