import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { scoreOf } from "../../src/eval/aggregate";
import { choiceCheck } from "../../src/eval/choice";
import { evaluate } from "../../src/eval/evaluate";
import type { BenchmarkItem } from "../../src/data/types";
import { record, ruleModel, someItems } from "./helpers";

/** Items of the released shape, with options as the release has them for this flower. */
const OPTIONS = ["petunia", "mexican petunia", "tree mallow", "sword lily"];
const FLOWERS: readonly BenchmarkItem[] = someItems(5).map((item) => ({
  ...item,
  options: OPTIONS,
  groundTruth: "petunia",
}));
const ANSWERS = ["petunia", "Mexican Petunia", "it is a mexican petunia", "petunia or mexican petunia", "sword lily"];

describe("the released closed world beside the choice of an option", () => {
  test("the same answers, by both measures", async () => {
    const answers = [...ANSWERS];
    const model = ruleModel(() => `<think>x</think><answer>${answers.shift() ?? ""}</answer>`);
    const records = await evaluate(model, FLOWERS, { world: "closed", thinking: true, promptSet: "released" });
    // Released: the truth stands in the answer. Strict: one option named, and it is the truth.
    expect(records.map(({ correct }) => correct)).toEqual([true, true, true, true, false]);
    expect(records.map((one) => scoreOf([one], "choice").value)).toEqual([1, 0, 0, 0, 0]);
    expect(scoreOf(records, "accuracy").value).toBe(0.8);
    // The second and the third chose the wrong option; the fourth named two and chose none.
    expect(choiceCheck(records)).toEqual({ items: 5, nested: 5, wrongCounted: 2, differ: 3 });
  });

  test("a truth is nested only in a longer option, and open-world records are left out", () => {
    const options = ["petunia", "mexican petunia"];
    const records = [
      record({ options, truth: "Petunia", correct: true, position: 0 }),
      record({ options, truth: "mexican_petunia", correct: true, position: 1 }),
      record({ options: null, truth: "petunia", correct: true }),
    ];
    expect(choiceCheck(records)).toEqual({ items: 2, nested: 1, wrongCounted: 0, differ: 0 });
    expect(choiceCheck([])).toEqual({ items: 0, nested: 0, wrongCounted: 0, differ: 0 });
  });

  test("without nested names the two measures agree on every answer that is an option", async () => {
    const items = someItems(40);
    await fc.assert(
      fc.asyncProperty(fc.infiniteStream(fc.nat(3)), async (stream) => {
        const model = ruleModel((text) => {
          const shown = items[0]!.options.filter((name) => text.includes(name));
          return `<answer>${shown[stream.next().value as number] ?? ""}</answer>`;
        });
        const records = await evaluate(model, items, { world: "closed", thinking: false, promptSet: "released" });
        expect(choiceCheck(records)).toEqual({ items: 40, nested: 0, wrongCounted: 0, differ: 0 });
        expect(scoreOf(records, "choice")).toEqual(scoreOf(records, "accuracy"));
      }),
      { numRuns: 20 },
    );
  });
});
