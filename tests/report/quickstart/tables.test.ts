import { describe, expect, it } from "vitest";
import type { ChainErrorRow } from "../../../src/analysis/chainErrors";
import { loadWorldConfig } from "../../../src/miniworld/config";
import { Random } from "../../../src/core/random";
import { writeChain } from "../../../src/miniworld/chain";
import { CHAIN_STAGES } from "../../../src/miniworld/chainMarks";
import { buildMiniWorld } from "../../../src/miniworld/world";
import { tableScores } from "../../../src/eval/aggregate";
import type { QuickstartRow, QuickstartRowName } from "../../../src/experiments/quickstart";
import { contrastTable } from "../../../src/report/quickstart/stepTables";
import { chainErrorTable, quickstartTable } from "../../../src/report/quickstart/tables";
import { record } from "../../eval/helpers";

const row = (name: QuickstartRowName, choice?: QuickstartRow["choice"]) => ({
  row: {
    name,
    closed: tableScores([record({ correct: true })], "accuracy"),
    open: null,
    openSimilarity: null,
    wellFormed: null,
    seenNames: null,
    checkpoint: null,
    ...(choice === undefined ? {} : { choice }),
  },
  origin: "run" as const,
});

describe("quickstartTable", () => {
  const note = (...rows: ReturnType<typeof row>[]): string | undefined => quickstartTable(rows, {}).notes[1];

  it("says under the table how often a wrong option counted as right, and what the strict measure gives", () => {
    const counts = { items: 20, nested: 4 };
    const same = row("base", { ...counts, wrongCounted: 0, differ: 0, seen: 1, unseen: 1 });
    const other = row("tapo", { ...counts, wrongCounted: 2, differ: 3, seen: 0.875, unseen: null });
    expect(note(same, other)).toBe(
      "Closed world, as released: right when the truth stands in the answer. Of 40 answers, 2 chose a wrong option and " +
        "still count as right; by the option chosen, 3 count otherwise (CoT SFT + TAPO 87.5 seen, – unseen). The truth " +
        "stands inside another option in 4 of 20 items.",
    );
    expect(note(same)).toContain("by the option chosen, 0 count otherwise. The truth");
  });

  it("says nothing about rows of an older version, which did not count it", () => {
    expect(note(row("base"))).toBeUndefined();
  });
});

describe("chainErrorTable", () => {
  it("gives the share of right answers whose chain is right, where there are right answers and it was counted", () => {
    const tally = (right: number) =>
      Object.fromEntries(CHAIN_STAGES.map((s) => [s, s === "right" ? right : 0])) as ChainErrorRow["counts"];
    const errors = (right: number, rightChains?: number): ChainErrorRow => ({
      method: "tapo",
      split: "seen",
      items: 10,
      counts: tally(right),
      shares: tally(right / 10),
      ...(rightChains === undefined ? {} : { rightChains }),
      analysisRight: 0,
      seenNames: 0,
    });
    const { rows } = chainErrorTable(
      [errors(8, 6), errors(0, 0), errors(8)].map((row) => ({ row, origin: "run" as const })),
      {},
    );
    expect(rows.map(({ faithful }) => faithful)).toEqual([0.75, null, null]); // 6 of 8
  });
});

describe("contrastTable", () => {
  it("tells a right answer from a right chain", () => {
    const world = buildMiniWorld(loadWorldConfig("configs/worlds/smoke.yaml"));
    const [item] = world.test("unseen");
    if (item === undefined) throw new Error("the smoke world has unseen items");
    const right = writeChain(world, item.image.subCategory, { random: new Random(3) });
    const wrong = right.replace("fits 5", "fits 3"); // the truth's own five values fit, whatever the chain says
    expect(wrong).not.toBe(right);
    const [before, after] = [record({ output: wrong }), record({ output: right })];
    const { rows } = contrastTable(world, { item, before, after }, ["before", "after"]);
    expect(rows.map(({ check }) => check)).toEqual(["right answer, wrong count", "right answer, right chain"]);
  });
});
