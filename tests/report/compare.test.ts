import { STANDARD_COLUMNS } from "../../src/report/standard";
import { describe, expect, it } from "vitest";
import type { Measurement } from "../../src/eval/measurements";
import { compareMeasurements } from "../../src/report/compare";
import { measured, METHODS } from "./recorded/recorded";

const same = { here: "CPU A", recorded: "CPU A" };

/** A method that scores the same everywhere, give or take a tenth, in each column and in the domain "bird". */
const method = (name: string, value: number): Measurement[] =>
  STANDARD_COLUMNS.flatMap(({ setting, metric, splits = [] }) =>
    splits.flatMap((split) =>
      ["mean", "bird"].map((domain) =>
        measured({ method: name, setting, metric, split, domain, value, low: value - 0.1, high: value + 0.1 }),
      ),
    ),
  );

const compare = (ours: readonly Measurement[], recorded: readonly Measurement[], processors = same) =>
  compareMeasurements(ours, recorded, { methods: METHODS, columns: STANDARD_COLUMNS, processors });

/** A method's lines of the comparison: which, one score, verdict. */
const lines = (ours: readonly Measurement[], recorded: readonly Measurement[]) =>
  compare(ours, recorded)?.table.rows.map((line) => [line["which"], line["closed_unseen"], line["verdict"]]);

describe("compareMeasurements", () => {
  it("gives ours, the recorded, the difference and a verdict", () => {
    expect(lines(method("tapo", 0.5), method("tapo", 0.5))).toEqual([
      ["ours", 0.5, "identical"],
      ["recorded", 0.5, "identical"],
      ["difference", 0, "identical"],
    ]);
    // the recorded interval is 0.25 ± 0.1
    const [within, outside] = [0.3125, 0.375].map((value) => lines(method("tapo", value), method("tapo", 0.25)));
    expect(within?.at(-1)).toEqual(["difference", 0.0625, "within the interval"]);
    expect(outside?.at(-1)).toEqual(["difference", 0.125, "different"]);
  });

  it.each(["value", "low", "high", "n"] as const)(
    "calls a method identical only when every %s is, of domains too",
    (key) => {
      const theirs = method("tapo", 0.5);
      const ours = theirs.map((one) => (one.domain === "bird" && one.split === "seen" ? { ...one, [key]: 0.45 } : one));
      expect(lines(ours, theirs)?.[0]?.[2]).toBe("within the interval");
    },
  );

  it("passes over a metric that only one of the two has, but not a column of the table", () => {
    const theirs = method("tapo", 0.5);
    expect(lines([...theirs, measured({ metric: "new" })], theirs)?.[0]?.[2]).toBe("identical");
    const without = theirs.filter(({ metric }) => metric !== "similarity");
    expect(lines(without, theirs)?.[0]?.[2]).toBe("different");
  });

  it("judges what both measured where the table shows none of it: a run that differs is not within the interval", () => {
    const gap = (value: number) => [measured({ method: "tapo", setting: "last layer", metric: "separability", domain: "items", value, low: value - 0.1, high: value + 0.1 })]; // prettier-ignore
    const verdict = (ours: number, columns = STANDARD_COLUMNS) =>
      compareMeasurements(gap(ours), gap(0.25), { methods: METHODS, columns, processors: same })?.table.rows[0]?.[
        "verdict"
      ];
    expect([0.25, 0.3125, 0.375].map((ours) => verdict(ours))).toEqual(["identical", "within the interval", "different"]); // prettier-ignore
    expect(verdict(0.375, [])).toBe("different");
  });

  it("leaves out what only one of the two has; with nothing in common there is no comparison", () => {
    const recorded = [...method("tapo", 0.5), ...method("dapo", 0.5)];
    expect(lines([...method("base", 0.1), ...method("tapo", 0.5)], recorded)).toHaveLength(3);
    expect(compare(method("base", 0.1), recorded)).toBeUndefined();
    const otherSeed = recorded.map((one) => ({ ...one, seed: 2 }));
    expect(compare(method("tapo", 0.5), otherSeed)).toBeUndefined();
    const otherDataset = recorded.map((one) => ({ ...one, dataset: "another" }));
    expect(compare(method("tapo", 0.5), otherDataset)).toBeUndefined();
  });

  it("says in a sentence how the methods compare and which processors made them", () => {
    const made = [...method("base", 0.5), ...method("cot-sft", 0.3), ...method("tapo", 0.9)];
    const recorded = [...method("base", 0.5), ...method("cot-sft", 0.25), ...method("tapo", 0.25)];
    expect(compare(made, recorded, { here: "CPU B", recorded: "CPU A" })?.sentence).toBe(
      "Against results/: identical to the last digit (Base, direct); not identical, but within the recorded intervals (CoT SFT); different (CoT SFT + TAPO). This run was made on CPU B, the record on CPU A.",
    );
    expect(compare(method("base", 0.5), recorded)?.sentence).toMatch(/ Both were made on CPU A\.$/);
    const unknown = { methods: METHODS, columns: STANDARD_COLUMNS, processors: { here: "CPU A", recorded: undefined } };
    expect(compareMeasurements(made, recorded, unknown)?.sentence).not.toMatch(/made on/);
  });
});
