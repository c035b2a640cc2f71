import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cellOf, tableColumns, tableScores } from "../../src/eval/aggregate";
import { firstPositionBias, seenNameShare } from "../../src/eval/diagnostics";
import { averageScore, meanScore, wilson } from "../../src/eval/intervals";
import { record } from "./helpers";

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

describe("tables", () => {
  test("Avg. is the mean over datasets, and the last column the mean of the two: the paper's row of CLIP-L", () => {
    // Table 1, CLIP-L: seen 77.10, unseen 67.98, average 72.54; entries to 0.01 % as shares of 10,000 items.
    const seen = { aircraft: 4795, bird: 7396, car: 8050, dog: 7712, flower: 8759, pet: 9545 };
    const unseen = { aircraft: 4568, bird: 6235, car: 7981, dog: 7358, flower: 5724, pet: 8922 };
    const rows = [
      [seen, true],
      [unseen, false],
    ] as const;
    const records = rows.flatMap(([shares, isSeen]) =>
      Object.entries(shares).flatMap(([domain, hits]) =>
        Array.from({ length: 10_000 }, (_, i) => record({ domain, seen: isSeen, correct: i < hits })),
      ),
    );
    const table = tableScores(records, "accuracy");
    expect((100 * table.seen!.average.value).toFixed(2)).toBe("77.09"); // 77.095 before the paper's rounding
    expect((100 * table.unseen!.average.value).toFixed(2)).toBe("67.98");
    expect((100 * table.average.value).toFixed(2)).toBe("72.54");
    const columns = tableColumns([table]);
    expect(columns.map((c) => `${c.split} ${c.domain}`)).toEqual([
      ...[...Object.keys(seen), "average"].map((d) => `seen ${d}`),
      ...[...Object.keys(unseen), "average"].map((d) => `unseen ${d}`),
      "all average",
    ]);
    expect(columns.map((c) => cellOf(table, c)!.value).slice(0, 2)).toEqual([0.4795, 0.7396]);
  });

  test("datasets of different sizes count alike", () => {
    const records = [record({ domain: "car", correct: true }), ...Array.from({ length: 9 }, () => record({}))];
    const table = tableScores(records, "accuracy");
    expect(table.average.value).toBe(0.5);
    expect(table.unseen).toBeNull();
    expect(tableColumns([table]).length).toBe(4);
  });

  test("other metrics; a missing similarity is an error", () => {
    const records = [record({ similarity: 0.25, exact: true, wellFormed: false }), record({ similarity: 0.75 })];
    expect(tableScores(records, "similarity").average.value).toBe(0.5);
    expect(tableScores(records, "exact").average.value).toBe(0.5);
    expect(tableScores(records, "wellFormed").average.value).toBe(0.5);
    expect(() => tableScores([record({})], "similarity")).toThrow(/similarity/u);
    expect(() => tableScores([], "accuracy")).toThrow(RangeError);
  });
});

test("share of seen names among the answers to unseen images", () => {
  const classes = [
    { name: "auklet", seen: true },
    { name: "least auklet", seen: false },
    { name: "gray_gull", seen: true },
  ];
  const unseen = ["Gray Gull", "it is an auklet", "least auklet", "owl", null].map((answer) =>
    record({ seen: false, answer }),
  );
  // 2 of 5: "least auklet" names the longer, unseen class, not "auklet".
  expect(seenNameShare([...unseen, record({ answer: "auklet" })], classes)).toMatchObject({ value: 0.4, n: 5 });
  expect(seenNameShare([record({})], classes)).toBeNull();
});

test("first-position bias counts answers that are no option", () => {
  const options = ["least auklet", "a", "b", "c"];
  const records = [0, 0, 1, null].map((position) => record({ options, position }));
  expect(firstPositionBias(records)).toMatchObject({ truthFirst: 1, bias: -0.5, noOption: 0.25 });
});
