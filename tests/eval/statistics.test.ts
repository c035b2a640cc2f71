import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { meanOverSeeds } from "../../src/eval/statistics";

describe("meanOverSeeds", () => {
  it("is the mean with Student's interval", () => {
    // s = 1 and t(0.975; 2) = 4.303: 2 ± 4.303/√3
    const { value, low, high, n } = meanOverSeeds([1, 2, 3]);
    expect([value, n]).toEqual([2, 3]);
    expect(high - value).toBeCloseTo(4.303 / Math.sqrt(3), 10);
    expect(value - low).toBeCloseTo(4.303 / Math.sqrt(3), 10);
  });

  it("has no width where all seeds agree, moves with the values, and may leave [0, 1]: differences do", () => {
    const values = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 2, maxLength: 60 });
    fc.assert(
      fc.property(values, fc.double({ min: -3, max: 3, noNaN: true }), (given, shift) => {
        const plain = meanOverSeeds(given);
        const moved = meanOverSeeds(given.map((x) => x + shift));
        expect(moved.value).toBeCloseTo(plain.value + shift, 9);
        expect(moved.high - moved.low).toBeCloseTo(plain.high - plain.low, 7);
        expect(plain.low).toBeLessThanOrEqual(plain.value);
      }),
    );
    expect(meanOverSeeds([0.25, 0.25])).toEqual({ value: 0.25, low: 0.25, high: 0.25, n: 2 });
    expect(meanOverSeeds([-0.5, 0.5]).high).toBeGreaterThan(1);
  });

  it("refuses one seed", () => {
    expect(() => meanOverSeeds([0.5])).toThrow(RangeError);
  });
});
