import { describe, expect, it } from "vitest";
import type { Measurement } from "../../src/eval/measurements";
import { choiceNote } from "../../src/report/notes";
import { measured, METHODS } from "./recorded/recorded";

/** Closed answers to 20 items; the counts are of items. */
function closed(method: string, counts: Readonly<Record<string, number>>, choice: readonly number[]): Measurement[] {
  const about = { method, setting: "closed", low: 0, high: 1 };
  const shares = Object.entries(counts).map(([metric, count]) =>
    measured({ ...about, metric, domain: "items", split: "all", value: count / 20, n: 20 }),
  );
  const strict = choice.map((value, i) =>
    measured({ ...about, metric: "choice", split: i === 0 ? "seen" : "unseen", value }),
  );
  return [...shares, ...strict];
}

describe("choiceNote", () => {
  const same = closed("base", { nested: 4, wrongCounted: 0, differ: 0 }, [1, 1]);
  const other = closed("tapo", { nested: 4, wrongCounted: 2, differ: 3 }, [0.875]);

  it("says how often a wrong option counted as right, and what the strict measure gives", () => {
    expect(choiceNote([...same, ...other], METHODS)).toEqual([
      "Closed world, as released: right when the truth stands in the answer. Of 40 answers, 2 chose a wrong option and " +
        "still count as right; by the option chosen, 3 count otherwise (CoT SFT + TAPO 87.5 seen, – unseen). The truth " +
        "stands inside another option in 4 of 20 items.",
    ]);
    expect(choiceNote(same, METHODS)[0]).toContain("by the option chosen, 0 count otherwise. The truth");
  });

  it("says nothing where it was not measured", () => {
    expect(choiceNote([measured({ setting: "closed" })], METHODS)).toEqual([]);
  });
});
