import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Answer } from "../../src/eval/answers";
import { metricNamed } from "../../src/eval/metrics";
import {
  compareAnswers,
  differenceOverSeeds,
  independentTTest,
  mcnemar,
  meanOverSeeds,
  pairedTTest,
} from "../../src/eval/statistics";
import { references } from "../reference/analysis/references";
import { answer, DIRECT } from "./helpers";

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

describe("differenceOverSeeds", () => {
  const rows = (values: Readonly<Record<number, number>>) =>
    Object.entries(values).map(([seed, value]) => ({ seed: Number(seed), value }));

  it("pairs by seed: what a seed does to both methods alike cancels", () => {
    // Seeds move both by 0.3, the difference is 0.1 and 0.2: 0.15 ± 12.706·(0.1/√2)/√2; seed 7 has no partner.
    const found = differenceOverSeeds(rows({ 1: 0.5, 2: 0.9, 7: 1 }), rows({ 2: 0.7, 1: 0.4, 5: 0 }));
    expect(found.value).toBeCloseTo(0.15, 12);
    expect(found.high - found.value).toBeCloseTo(12.706 * 0.05, 10);
    expect(found.n).toBe(2);
  });

  it("is the other way round with its sign changed, and nothing against itself", () => {
    const seeds = fc.uniqueArray(
      fc.tuple(fc.nat(20), fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true })),
      { selector: ([seed]) => seed, minLength: 2 },
    );
    fc.assert(
      fc.property(seeds, (given) => {
        const [a, b] = [
          given.map(([seed, value]) => ({ seed, value })),
          given.map(([seed, , value]) => ({ seed, value })),
        ];
        const [there, back] = [differenceOverSeeds(a, b), differenceOverSeeds(b, a)];
        expect(there.value).toBeCloseTo(-back.value, 12);
        expect(there.low).toBeCloseTo(-back.high, 12);
        expect(differenceOverSeeds(a, a)).toMatchObject({ value: 0, low: 0, high: 0 });
      }),
    );
  });

  it("refuses one common seed, and two values of one seed", () => {
    expect(() => differenceOverSeeds(rows({ 1: 0, 2: 0 }), rows({ 2: 1, 3: 1 }))).toThrow(/one seed/u);
    const twice = [...rows({ 1: 0, 2: 0 }), { seed: 1, value: 1 }];
    expect(() => differenceOverSeeds(twice, rows({ 1: 0, 2: 0 }))).toThrow(/two values/u);
    expect(() => differenceOverSeeds(rows({ 1: 0, 2: 0 }), twice)).toThrow(/two values/u);
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

  it("holds for as many questions as there are", () => {
    expect(mcnemar(5000, 5000)).toBeCloseTo(1, 10);
    // The normal approximation with continuity: (|b − c| − 1)/√n = 1.99 for b = 4900, c = 5100: p = 0.0466.
    expect(mcnemar(4900, 5100)).toBeCloseTo(0.0466, 4);
    expect(mcnemar(0, 2000)).toBe(0);
  });
});

describe("compareAnswers", () => {
  const exact = metricNamed("exact");
  const judged = (outputs: readonly string[]) => ({
    answers: outputs.map((output, i): Answer => answer({ id: `${i}`, output, truth: "owl" })),
    context: DIRECT,
  });

  it("counts the questions on which two methods part", () => {
    const [first, second] = [
      judged(["owl", "owl", "owl", "gull", "gull"]),
      judged(["owl", "gull", "gull", "owl", "gull"]),
    ];
    expect(compareAnswers(exact, first, second)).toEqual({ n: 5, onlyFirst: 2, onlySecond: 1, p: 1 });
    expect(compareAnswers(exact, second, first)).toMatchObject({ onlyFirst: 1, onlySecond: 2 });
  });

  it("pairs by question, whatever the order, and leaves out what only one of them was asked", () => {
    const first = judged(["owl", "owl", "gull"]);
    const reordered = { ...first, answers: [...first.answers].reverse() };
    expect(compareAnswers(exact, first, reordered)).toEqual({ n: 3, onlyFirst: 0, onlySecond: 0, p: 1 });
    expect(compareAnswers(exact, first, judged(["gull"]))).toEqual({ n: 1, onlyFirst: 1, onlySecond: 0, p: 1 });
    expect(() => compareAnswers(exact, first, judged([]))).toThrow(/no question in common/u);
  });

  it("asks each method by its own prompt's form, and refuses a metric that is no right or wrong", () => {
    const thinking = { ...judged(["<think>x</think><answer>owl</answer>"]), context: { ...DIRECT, thinking: true } };
    expect(compareAnswers(exact, judged(["owl"]), thinking)).toMatchObject({ n: 1, onlyFirst: 0, onlySecond: 0 });
    const similarity = { ...exact, name: "similarity", of: () => 0.5 };
    expect(() => compareAnswers(similarity, thinking, thinking)).toThrow(/similarity counts no right and wrong/u);
  });
});
