import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bends, localExponents, median, pairedRatio, quantile, straightLine } from "../../bench/lib/statistics";

describe("quantile", () => {
  it("interpolates between order statistics, as NumPy does", () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    // numpy.quantile([1, 2, 3, 4], 0.25) = 1 + 3·0.25 = 1.75
    expect(quantile([4, 3, 2, 1], 0.25)).toBe(1.75);
    expect(() => quantile([], 0.5)).toThrow(RangeError);
  });

  it("lies between the extremes and does not depend on the order", () => {
    const values = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1 });
    fc.assert(
      fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), (list, q) => {
        const value = quantile(list, q);
        expect(value).toBeGreaterThanOrEqual(Math.min(...list));
        expect(value).toBeLessThanOrEqual(Math.max(...list));
        expect(quantile([...list].reverse(), q)).toBe(value);
      }),
    );
  });
});

describe("pairedRatio", () => {
  it("divides turn by turn", () => {
    // The second round was slow for both: the ratio does not show it.
    expect(pairedRatio([1, 10, 1], [2, 20, 2])).toEqual({ median: 0.5, low: 0.5, high: 0.5 });
    expect(() => pairedRatio([1], [])).toThrow(RangeError);
  });
});

describe("how a time grows", () => {
  const x = [20, 40, 80, 160, 320];

  it("finds the exponent of a power law and the line of a straight one", () => {
    const square = localExponents(
      x,
      x.map((v) => v ** 2),
    );
    square.forEach((exponent) => {
      expect(exponent).toBeCloseTo(2, 12);
    });
    fc.assert(
      fc.property(
        fc.double({ min: 0.1, max: 100, noNaN: true }),
        fc.double({ min: 0.1, max: 100, noNaN: true }),
        (a, b) => {
          const { fixed, slope } = straightLine(
            x,
            x.map((v) => a + b * v),
          );
          expect(fixed).toBeCloseTo(a, 5);
          expect(slope).toBeCloseTo(b, 7);
        },
      ),
    );
  });

  it("says where fixed cost ends and where the growth becomes steep", () => {
    // t = 100 + x: exponents ln(140/120)/ln 2 = 0.22, 0.36, 0.53, 0.69.
    expect(
      bends(
        x,
        x.map((v) => 100 + v),
      ),
    ).toEqual({ growsFrom: 80, steeperFrom: undefined });
    // t = x + x²/160: exponents 1.15…: ln(50/22.5)/ln 2 = 1.152, 1.26, 1.41, 1.58.
    expect(
      bends(
        x,
        x.map((v) => v + v ** 2 / 160),
      ),
    ).toEqual({ growsFrom: 20, steeperFrom: 20 });
    expect(bends(x, [5, 5, 5, 5, 5])).toEqual({ growsFrom: undefined, steeperFrom: undefined });
    // One interval that falls back does not count as the beginning of a growth that goes on.
    expect(bends([1, 2, 4], [1, 2, 2])).toEqual({ growsFrom: undefined, steeperFrom: undefined });
  });
});
