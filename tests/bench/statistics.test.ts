import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { median, quantile } from "../../bench/lib/statistics";

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
