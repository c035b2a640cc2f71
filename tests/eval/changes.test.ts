import fc from "fast-check";
import { expect, it } from "vitest";
import { changeMeasurements, changeOf, CHANGES, countChanges } from "../../src/eval/changes";
import { accuracy } from "../../src/eval/metrics";
import { compareAnswers } from "../../src/eval/statistics";
import { answer, DIRECT } from "./helpers";

it("what becomes of an answer tells right and wrong before and after", () => {
  expect(changeOf(false, true)).toBe("mended");
  expect(changeOf(true, false)).toBe("spoiled");
  expect(changeOf(true, true)).toBe("both right");
  expect(changeOf(false, false)).toBe("both wrong");
});

it("the counts are those of McNemar's test on the same answers", () => {
  const pairs = fc.array(fc.tuple(fc.boolean(), fc.boolean()), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(pairs, (given) => {
      const said = (right: boolean, i: number) => answer({ id: String(i), output: right ? "least auklet" : "gull" });
      const [before, after] = [0, 1].map((side) => given.map((pair, i) => said(pair[side]!, i)));
      const context = { answers: before!, context: DIRECT };
      const test = compareAnswers(accuracy, { answers: after!, context: DIRECT }, context);
      const { counts, p } = countChanges(given.map(([first, last]) => changeOf(first, last)));
      expect([counts.mended, counts.spoiled, p]).toEqual([test.onlyFirst, test.onlySecond, test.p]);
      expect(CHANGES.reduce((sum, change) => sum + counts[change], 0)).toBe(given.length);
    }),
  );
});

it("measurements are the numbers of each split, all over items and without an interval", () => {
  const seen = countChanges(["mended", "mended", "spoiled", "both right"]);
  const rows = changeMeasurements({ seen, unseen: countChanges([]) });
  const found = rows.filter(({ split }) => split === "seen").map(({ metric, value, n }) => [metric, value, n]);
  // McNemar's p of 2 against 1: min(1, 2 · (C(3, 0) + C(3, 1)) / 2³) = 1
  expect(found).toEqual([["mended", 2, 4], ["spoiled", 1, 4], ["both right", 1, 4], ["both wrong", 0, 4], ["mcnemar", 1, 4]]); // prettier-ignore
  for (const { low, value, high, domain, setting } of rows)
    expect([low, high, domain, setting]).toEqual([value, value, "items", "changes"]);
});
