import { describe, expect, it } from "vitest";
import type { QuickstartRow } from "../../../src/experiments/quickstart";
import { compareRows } from "../../../src/report/quickstart/compare";
import { row, score, scores } from "./fixtures";

const same = { here: "CPU A", recorded: "CPU A" };

/** A method's lines of the comparison: which, one score, verdict. */
function lines(made: readonly QuickstartRow[], recorded: readonly QuickstartRow[]) {
  const { table } = compareRows(made, recorded, same) ?? { table: { rows: [] } };
  return table.rows.map((line) => [line["which"], line["closed_unseen"], line["verdict"]]);
}

describe("compareRows", () => {
  it("gives ours, the recorded, the difference and a verdict", () => {
    expect(lines([row("tapo", 0.5)], [row("tapo", 0.5)])).toEqual([
      ["ours", 0.5, "identical"],
      ["recorded", 0.5, "identical"],
      ["difference", 0, "identical"],
    ]);
    // the recorded interval is 0.25 ± 0.1
    expect(lines([row("tapo", 0.3125)], [row("tapo", 0.25)]).at(-1)).toEqual([
      "difference",
      0.0625,
      "within the interval",
    ]);
    expect(lines([row("tapo", 0.375)], [row("tapo", 0.25)]).at(-1)).toEqual(["difference", 0.125, "different"]);
  });

  it("calls a row identical only when every number is, those of the domains included", () => {
    const theirs = row("tapo", 0.5);
    const average = theirs.closed.average;
    const split = { domains: new Map([["bird", score(0.51)]]), average };
    const ours = { ...theirs, closed: { ...scores(0.5), seen: split } };
    expect(lines([ours], [theirs]).map(([, , verdict]) => verdict)).toEqual(Array(3).fill("within the interval"));
    const choice = { items: 9, nested: 1, wrongCounted: 1, differ: 2, seen: 0.5, unseen: null };
    expect(lines([{ ...theirs, choice }], [theirs])[0]?.[2]).toBe("identical"); // an older record has no such numbers
    expect(lines([{ ...theirs, checkpoint: "a key of another version" }], [theirs])[0]?.[2]).toBe("identical");
  });

  it("leaves out what only one of the two has; with nothing in common there is no comparison", () => {
    expect(lines([row("base", 0.1), row("tapo", 0.5)], [row("tapo", 0.5), row("dapo", 0.5)])).toHaveLength(3);
    expect(compareRows([row("base", 0.1)], [row("dapo", 0.1)], same)).toBeUndefined();
  });

  it("says in a sentence how the rows compare and which processors made them", () => {
    const made = [row("base", 0.5), row("cot-sft", 0.3), row("tapo", 0.9)];
    const recorded = [row("base", 0.5), row("cot-sft", 0.25), row("tapo", 0.25)];
    expect(compareRows(made, recorded, { here: "CPU B", recorded: "CPU A" })?.sentence).toBe(
      "Against results/: identical to the last digit (Base, direct); not identical, but within the recorded intervals (CoT SFT); different (CoT SFT + TAPO). This run was made on CPU B, the record on CPU A.",
    );
    expect(compareRows([row("base", 0.5)], recorded, same)?.sentence).toMatch(/ Both were made on CPU A\.$/);
    expect(compareRows([row("base", 0.5)], recorded, { ...same, recorded: undefined })?.sentence).not.toMatch(
      /made on/,
    );
  });
});
