import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ridgeRegression, valueAt } from "../../src/analysis/leastSquares";

const points = fc.integer({ min: 1, max: 4 }).chain((d) =>
  fc.array(fc.array(fc.integer({ min: -9, max: 9 }), { minLength: d, maxLength: d }), {
    minLength: 6,
    maxLength: 12,
  }),
);

describe("ridgeRegression", () => {
  it("finds a line that goes through all points", () => {
    // y = 2a − 3b + 1
    const x = [
      [0, 0],
      [1, 0],
      [0, 1],
      [2, 5],
    ];
    const plane = ridgeRegression(
      x,
      x.map(([a = 0, b = 0]) => 2 * a - 3 * b + 1),
      0,
    );
    expect(plane.weights[0]).toBeCloseTo(2, 10);
    expect(plane.weights[1]).toBeCloseTo(-3, 10);
    expect(plane.bias).toBeCloseTo(1, 10);
    expect(valueAt(plane, [10, 1])).toBeCloseTo(18, 9);
  });

  it("shrinks the slope as λ grows", () => {
    // x = −1, 0, 1 and y = −2, 0, 2: Σx² = 2, Σxy = 4, so the slope is 4 / (2 + 2λ)
    const x = [[-1], [0], [1]];
    for (const ridge of [0, 0.5, 1, 3]) {
      expect(ridgeRegression(x, [-2, 0, 2], ridge).weights[0]).toBeCloseTo(4 / (2 + 2 * ridge), 12);
    }
  });

  it("is a minimum: no other weights have a smaller loss", () => {
    fc.assert(
      fc.property(points, fc.integer(), fc.double({ min: 0.01, max: 2, noNaN: true }), (x, salt, ridge) => {
        const d = x[0]!.length;
        const mean = x[0]!.map((_, k) => x.reduce((sum, row) => sum + row[k]!, 0) / x.length);
        const trace = x.reduce((sum, row) => sum + row.reduce((s, v, k) => s + (v - mean[k]!) ** 2, 0), 0);
        fc.pre(trace > 0);
        const y = x.map((row, i) => ((row[0]! * 7 + i * 13 + salt) % 11) - 5);
        const lambda = (ridge * trace) / d;
        const loss = (f: { weights: Float64Array; bias: number }): number =>
          x.reduce((sum, row, i) => sum + (valueAt(f, row) - y[i]!) ** 2, 0) +
          lambda * f.weights.reduce((sum, w) => sum + w * w, 0);
        const found = ridgeRegression(x, y, ridge);
        const least = loss(found);
        for (let k = 0; k <= d; k++) {
          for (const step of [-1e-3, 1e-3]) {
            const weights = Float64Array.from(found.weights, (w, i) => (i === k ? w + step : w));
            const moved = { weights, bias: found.bias + (k === d ? step : 0) };
            expect(loss(moved)).toBeGreaterThanOrEqual(least * (1 - 1e-12));
          }
        }
      }),
    );
  });

  it("refuses points that do not vary", () => {
    expect(() =>
      ridgeRegression(
        [
          [1, 2],
          [1, 2],
        ],
        [1, -1],
        0.1,
      ),
    ).toThrow(/do not vary/);
    expect(() => ridgeRegression([[1]], [1, 2], 0.1)).toThrow(RangeError);
    // three times 0.1, divided by three, is not 0.1: the rounding looked like a spread, and gave a weight of −5.28
    expect(() => ridgeRegression([[0.1], [0.1], [0.1]], [1, -1, 1], 0.01)).toThrow(/do not vary/);
  });

  it.each([
    ["NaN", [[NaN], [1]], [1, -1], 0.1, "ridge regression: point 0 is not finite at 0"],
    ["ragged points", [[1, 2], [2]], [1, -1], 0.1, "ridge regression: point 1 has 1 dimensions, and not 2"],
    ["no points", [], [], 0.1, "ridge regression: there are no points"],
    ["points without columns", [[], []], [1, -1], 0.1, "ridge regression: the points have no columns"],
    ["a target that is none", [[1], [2]], [1, Infinity], 0.1, "ridge regression: target 1 is not finite"],
    ["a negative λ", [[1], [2]], [1, -1], -0.1, "ridgeRegression: λ is -0.1"],
    ["λ = NaN", [[1], [2]], [1, -1], NaN, "ridgeRegression: λ is NaN"],
    ["squares that overflow", [[1e200], [2e200]], [1, -1], 0.1, "ridge regression: the numbers are too large, or too"],
    [
      "squares that underflow",
      [[1e-200], [2e-200]],
      [1, -1],
      0.1,
      "ridge regression: the numbers are too large, or to",
    ],
  ])("refuses %s", (_, x, y, ridge, message) => {
    expect(() => ridgeRegression(x, y, ridge)).toThrow(message);
  });
});
