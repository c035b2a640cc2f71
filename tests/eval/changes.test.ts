import fc from "fast-check";
import { expect, it } from "vitest";
import { changeMeasurements, changeOf, CHANGES, countChanges } from "../../src/eval/changes";
import { mcnemar } from "../../src/eval/statistics";

it("what becomes of an answer tells right and wrong before and after", () => {
  expect(changeOf(false, true)).toBe("mended");
  expect(changeOf(true, false)).toBe("spoiled");
  expect(changeOf(true, true)).toBe("both right");
  expect(changeOf(false, false)).toBe("both wrong");
});

it("the counts are those of the answers, and their p McNemar's", () => {
  const pairs = fc.array(fc.tuple(fc.boolean(), fc.boolean()), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(pairs, (given) => {
      const [mended, spoiled] = [false, true].map((right) => given.filter(([first, last]) => first === right && last !== right)); // prettier-ignore
      const { counts, p } = countChanges(given.map(([first, last]) => changeOf(first, last)));
      expect([counts.mended, counts.spoiled, p]).toEqual([mended!.length, spoiled!.length, mcnemar(mended!.length, spoiled!.length)]); // prettier-ignore
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
