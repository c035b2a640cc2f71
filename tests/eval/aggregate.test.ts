import { describe, expect, test } from "vitest";
import { cellOf, tableColumns, tableScores } from "../../src/eval/aggregate";
import { firstPositionBias, seenNameShare } from "../../src/eval/diagnostics";
import { record } from "./helpers";

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
