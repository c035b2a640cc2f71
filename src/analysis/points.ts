import { LabError } from "../core/errors";

type Points = readonly ArrayLike<number>[];

/**
 * The one check of points that all analyses share: a NaN, or a missing number that counts as 0, would otherwise come out as a result.
 * @param points shape [N, D], N ≥ 1 @param subject which analysis they are for
 * @param options.nameOf how an error calls the point of an index @param options.width D, where it is not the first point's to say
 * @returns D
 * @throws LabError unless all are finite and of one width, of at least one column
 */
export function requirePoints(
  points: Points,
  subject: string,
  options: { readonly nameOf?: (index: number) => string; readonly width?: number } = {},
): number {
  const { nameOf = (index: number) => `point ${index}`, width = points[0]?.length ?? 0 } = options;
  if (points.length === 0) throw unusable(subject, "there are no points");
  if (width === 0) throw unusable(subject, "the points have no columns");
  points.forEach((point, index) => {
    if (point.length !== width) {
      throw unusable(subject, `${nameOf(index)} has ${point.length} dimensions, and not ${width}`);
    }
    requireFinite(point, subject, (k) => `${nameOf(index)} is not finite at ${k}`);
  });
  return width;
}

/** The same for a list of numbers. @param sayOf the reason, for the index of one that is not finite */
export function requireFinite(numbers: ArrayLike<number>, subject: string, sayOf: (index: number) => string): void {
  for (let k = 0; k < numbers.length; k++) if (!Number.isFinite(numbers[k])) throw unusable(subject, sayOf(k));
}

/** Whether any point differs from the first. Sums cannot tell: the mean of equal points may differ from them in its last digit. */
export function doVary(points: Points): boolean {
  const first = points[0] ?? [];
  return points.some((point) => Array.from(point).some((value, k) => value !== first[k]));
}

/** The error of finite points whose squares or products are not: what they would give is no number, or a wrong one. */
export function outOfReach(subject: string): LabError {
  const reason = "the numbers are too large, or too small, for double precision to square and sum";
  return new LabError(reason, "Scale them, for example to a variance of about 1.", { subject });
}

function unusable(subject: string, reason: string): LabError {
  return new LabError(reason, "Give finite numbers, and points of one width.", { subject });
}
