import { describe, expect, it } from "vitest";
import { ridgeRegression, valueAt } from "../../src/analysis/leastSquares";
import { fisherRatio, silhouette } from "../../src/analysis/scatter";
import { references } from "../reference/analysis/references";

const { x, y } = references.train;

describe("silhouette", () => {
  it("equals scikit-learn's, groups of one point included", () => {
    expect(silhouette(x, y.map(String))).toBeCloseTo(references.silhouette.mean, 12);
    const lonely = x.map((_, i) => `${Math.min(i, 2)}`);
    expect(silhouette(x, lonely)).toBeCloseTo(references.silhouette.lonely, 12);
  });

  it("is worked out by hand", () => {
    // 0 and 1 against 4: a = 1, b = 4 and 3, the last alone: ((4 − 1)/4 + (3 − 1)/3 + 0)/3
    expect(silhouette([[0], [1], [4]], [true, true, false])).toBeCloseTo((3 / 4 + 2 / 3) / 3, 14);
    const square = [true, true, false, false];
    expect(silhouette([[0], [0], [0], [0]], square)).toBe(0);
    expect(() => silhouette([[0], [1]], [true, true])).toThrow(RangeError);
  });

  it("refuses what is no point, and distances that are not finite", () => {
    const three = [true, false, true];
    expect(() => silhouette([[NaN], [1], [2]], three)).toThrow("silhouette: point 0 is not finite at 0");
    expect(() => silhouette([[1, 2], [1], [2, 5]], three)).toThrow("silhouette: point 1 has 1 dimensions, and not 2");
    expect(() => silhouette([[1e308], [0], [-1e308]], three)).toThrow("silhouette: the numbers are too large");
  });

  it.each([-1000, -700, 700, 1000])("is the same to the last digit at 2^%i of the size", (power) => {
    const labels = y.map(String);
    const points = x.map((point) => point.map(Math.fround));
    const scaled = points.map((point) => point.map((value) => value * 2 ** power));
    expect(silhouette(scaled, labels)).toBe(silhouette(points, labels));
  });

  it("tells near points apart beside far ones", () => {
    // 0 and 1 against 4 and 5, all of 1e-200, and 1, which is alone: a = 1, b = 9/2 or 7/2
    const points = [[0], [1e-200], [4e-200], [5e-200], [1]];
    const mean = (2 * (7 / 9 + 5 / 7)) / 5;
    expect(silhouette(points, ["a", "a", "b", "b", "far"])).toBeCloseTo(mean, 14);
  });
});

describe("fisherRatio", () => {
  it("is that of scikit-learn's discriminant, which the plane of least squares is, too", () => {
    const two = x.filter((_, i) => y[i]! < 2);
    const positive = y.filter((label) => label < 2).map((label) => label === 1);
    const plane = ridgeRegression(
      two,
      positive.map((side) => (side ? 1 : -1)),
      0,
    );
    const values = two.map((point) => valueAt(plane, point));
    expect(fisherRatio(values, positive)).toBeCloseTo(references.fisher, 10);
  });

  it("is worked out by hand, whatever the scale", () => {
    // means 1 and 5, variances 2 and 2 (ddof 1): 16/4
    const sides = [true, true, false, false];
    expect(fisherRatio([0, 2, 4, 6], sides)).toBeCloseTo(4, 14);
    expect(fisherRatio([10, -10, -30, -50], sides)).toBeCloseTo(4, 14);
    expect(fisherRatio([1, 1, 1, 1], sides)).toBe(0);
    expect(fisherRatio([1, 1, 2, 2], sides)).toBe(Infinity);
    expect(() => fisherRatio([1, 2, 3], [true, true, false])).toThrow(RangeError);
    expect(() => fisherRatio([1, 2, 3, 4, 5], sides)).toThrow("fisherRatio: 5 values, 4 groups of them");
    expect(() => fisherRatio([1, NaN, 3, 4], sides)).toThrow("Fisher's ratio: value 1 is not finite");
    for (const power of [-1000, -700, 700, 1000])
      expect(
        fisherRatio(
          [0, 2, 4, 6].map((value) => value * 2 ** power),
          sides,
        ),
      ).toBe(4);
    // means 1.5e200 and 1.5, variances 0.5e400 and 0.5
    expect(fisherRatio([1e200, 2e200, 1, 2], sides)).toBeCloseTo(4.5, 14);
  });
});
