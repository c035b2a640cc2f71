import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { averageScore, meanScore, wilson } from "../../src/eval/intervals";

describe("intervals", () => {
  test("Wilson, against published values", () => {
    // Newcombe (1998), Table I: 81/263 → 0.2553 to 0.3662; 0/20 → 0 to 0.1611; 29/29 → 0.8830 to 1.
    for (const [r, n, low, high] of [
      [81, 263, 0.2553, 0.3662],
      [0, 20, 0, 0.1611],
      [29, 29, 0.883, 1],
    ] as const) {
      expect(wilson(r, n).low).toBeCloseTo(low, 4);
      expect(wilson(r, n).high).toBeCloseTo(high, 4);
    }
  });

  test("the mean of 0.4, 0.5, 0.6: 0.5 ± 1.96·0.1/√3", () => {
    const score = meanScore([0.4, 0.5, 0.6]);
    expect(score.high - 0.5).toBeCloseTo((1.959964 * 0.1) / Math.sqrt(3), 5);
    expect(meanScore([0.3])).toEqual({ value: 0.3, low: 0, high: 1, n: 1 });
  });

  test("an average of one is itself; of equals it narrows by √K; it always contains its value", () => {
    const share = fc
      .integer({ min: 1, max: 50 })
      .chain((n) => fc.tuple(fc.integer({ min: 0, max: n }), fc.constant(n)));
    fc.assert(
      fc.property(fc.array(share, { minLength: 1, maxLength: 6 }), (shares) => {
        const scores = shares.map(([k, n]) => wilson(k, n));
        const one = averageScore([scores[0]!]);
        expect(one.low).toBeCloseTo(scores[0]!.low, 12);
        const four = averageScore([scores[0]!, scores[0]!, scores[0]!, scores[0]!]);
        expect(four.high - four.value).toBeCloseTo((one.high - one.value) / 2, 12);
        const all = averageScore(scores);
        expect(all.low <= all.value && all.value <= all.high).toBe(true);
      }),
    );
  });
});
