import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { independentTTest, mcnemar, meanOverSeeds, pairedTTest } from "../../src/eval/statistics";
import { references } from "../reference/analysis/references";

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

describe("t tests", () => {
  const { a, b, paired, independent } = references.tTests;
  it("are SciPy's", () => {
    for (const [found, expected] of [
      [pairedTTest(a, b), paired],
      [independentTTest(a, b.slice(0, 9)), independent],
    ] as const) {
      expect(found.df).toBe(expected.df);
      expect(found.t).toBeCloseTo(expected.t, 11);
      expect(found.p).toBeCloseTo(expected.p, 12);
    }
  });

  it.each([-700, 700])("and intervals of means do not depend on the scale: 2^%i of it", (power) => {
    const scale = (values: readonly number[]): number[] => values.map((value) => value * 2 ** power);
    for (const test of [pairedTTest, independentTTest]) {
      const { difference, ...rest } = test(a, b);
      expect(test(scale(a), scale(b))).toEqual({ difference: difference * 2 ** power, ...rest });
    }
    const { value, low, high, n } = meanOverSeeds(a);
    const [v, l, h] = scale([value, low, high]);
    expect(meanOverSeeds(scale(a))).toEqual({ value: v, low: l, high: h, n });
  });

  it("find nothing where nothing differs, and refuse lists that do not match", () => {
    expect(pairedTTest([1, 2], [1, 2])).toEqual({ difference: 0, t: 0, df: 1, p: 1 });
    expect(pairedTTest([2, 3], [1, 2])).toMatchObject({ t: Infinity, p: 0 });
    expect(() => pairedTTest([1, 2], [1])).toThrow(RangeError);
    expect(() => independentTTest([1, 2], [1])).toThrow(RangeError);
  });
});

describe("mcnemar", () => {
  it("is twice the smaller tail of ten throws of a coin", () => {
    expect(mcnemar(1, 9)).toBeCloseTo((2 * (1 + 10)) / 2 ** 10, 14); // C(10, 0) + C(10, 1)
    expect(mcnemar(0, 5)).toBeCloseTo(2 / 2 ** 5, 14);
    expect(mcnemar(3, 7)).toBeCloseTo((2 * (1 + 10 + 45 + 120)) / 2 ** 10, 14);
    expect([mcnemar(0, 0), mcnemar(1, 0), mcnemar(5, 5), mcnemar(4, 5)]).toEqual([1, 1, 1, 1]);
  });

  it("agrees with whole numbers, is the same both ways, and falls as the two part", () => {
    const exact = (b: number, c: number): number => {
      let [term, sum] = [1n, 1n]; // C(n, i), and their sum
      for (let i = 1; i <= Math.min(b, c); i++) sum += term = (term * BigInt(b + c - i + 1)) / BigInt(i);
      return Math.min(1, Number((2n * sum * 10n ** 18n) / 2n ** BigInt(b + c)) / 1e18);
    };
    fc.assert(
      fc.property(fc.nat(60), fc.nat(60), (b, c) => {
        expect(mcnemar(b, c)).toBeCloseTo(exact(b, c), 12);
        expect(mcnemar(b, c)).toBe(mcnemar(c, b));
        if (b >= c) expect(mcnemar(b + 1, c)).toBeLessThanOrEqual(mcnemar(b, c));
      }),
    );
  });

  it("refuses what is no count", () => {
    for (const share of [0.4, -1, NaN]) expect(() => mcnemar(share, 3)).toThrow(RangeError);
  });

  it("holds for as many questions as there are", () => {
    expect(mcnemar(5000, 5000)).toBeCloseTo(1, 10);
    // The normal approximation with continuity: (|b − c| − 1)/√n = 1.99 for b = 4900, c = 5100: p = 0.0466.
    expect(mcnemar(4900, 5100)).toBeCloseTo(0.0466, 4);
    expect(mcnemar(0, 2000)).toBe(0);
  });
});
