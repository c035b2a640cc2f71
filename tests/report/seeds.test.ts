import { STANDARD_COLUMNS } from "../../src/report/standard";
import { describe, expect, it } from "vitest";
import type { Measurement } from "../../src/eval/measurements";
import { seedTable, type SeedLayout } from "../../src/report/seeds";
import { toCsv } from "../../src/report/table/csv";
import { toMarkdown } from "../../src/report/table/markdown";
import { measured, METHODS, recorded, recordedText } from "./recorded/recorded";

const SEEDED = METHODS.filter(({ name }) => ["sft-labels", "cot-sft", "dapo", "tapo"].includes(name));
const LAYOUT: SeedLayout = {
  caption: "over seeds",
  methods: SEEDED,
  compared: [
    ["dapo", "cot-sft"],
    ["tapo", "cot-sft"],
    ["tapo", "dapo"],
  ],
  shortTitles: { dapo: "DAPO", tapo: "TAPO" },
  columns: STANDARD_COLUMNS,
  more: "run again with --seed 2",
};

/** Scores by method, the same in every column but the similarity, which was not measured. */
const seed = (number: number, scores: Readonly<Record<string, number>>): Measurement[] =>
  Object.entries(scores).flatMap(([method, value]) =>
    (["closed", "open"] as const).flatMap((setting) =>
      (["seen", "unseen"] as const).map((split) => measured({ method, seed: number, setting, split, value })),
    ),
  );
const here = (...runs: readonly Measurement[][]) => seedTable({ here: runs.flat(), recorded: [] }, LAYOUT);

describe("seedTable", () => {
  it("makes the recorded table over five seeds; what that table dropped in silence, a note names", () => {
    const { notes, ...table } = seedTable(
      { here: [], recorded: recorded() },
      {
        ...LAYOUT,
        caption: "Quickstart over seeds: accuracy in %",
        scope: "One world and one base.",
        provenance: { experiment: "quickstart", profile: "mini", world: "test" },
      },
    );
    const single = "One seed only, so no mean: SFT on labels (seed 1).";
    expect(notes).toContain(single);
    const before = { ...table, notes: notes.filter((note) => note !== single) };
    expect(toMarkdown(before)).toBe(recordedText("seeds.md.txt"));
    expect(toCsv(before)).toBe(recordedText("seeds.csv"));
  });

  it("gives means and paired differences", () => {
    const { rows } = here(
      seed(1, { "cot-sft": 0.4, dapo: 0.5, tapo: 0.6, "sft-labels": 0.9, base: 0.3 }),
      seed(2, { "cot-sft": 0.6, dapo: 0.7, tapo: 0.8 }),
    );
    expect(rows.map((r) => [r["method"], r["seeds"]])).toEqual([
      ["CoT SFT", 2],
      ["CoT SFT + DAPO", 2],
      ["CoT SFT + TAPO", 2],
      ["DAPO minus CoT SFT", 2],
      ["TAPO minus CoT SFT", 2],
      ["TAPO minus DAPO", 2],
    ]);
    // means 0.5 and 0.6; each seed's difference is 0.1, so that its interval has no width although the means' have
    const cell = (i: number) => rows[i]?.["closed_seen"] as { value: number; low: number; high: number };
    expect(cell(0).value).toBeCloseTo(0.5, 12);
    // s = 0.1·√2 and t(0.975; 1) = 12.706: half 12.706 · 0.1
    expect(cell(0).high - cell(0).value).toBeCloseTo(1.2706, 10);
    expect(cell(5).value).toBeCloseTo(0.1, 12);
    expect(cell(5).high - cell(5).low).toBeCloseTo(0, 12);
    expect(rows[0]?.["similarity_seen"]).toBeNull();
  });

  it("pairs a difference by the seeds that both have, and leaves it out where that is one", () => {
    const scores = [
      seed(1, { "cot-sft": 0.4, tapo: 0.6 }),
      seed(2, { "cot-sft": 0.9 }),
      seed(3, { tapo: 0.1 }),
      seed(4, { "cot-sft": 0.5, tapo: 0.8 }),
    ];
    const { rows } = here(...scores);
    expect(rows.at(-1)).toMatchObject({ method: "TAPO minus CoT SFT", seeds: 2 });
    expect((rows.at(-1)?.["open_seen"] as { value: number }).value).toBeCloseTo(0.25, 12); // (0.2 + 0.3) / 2
    expect(here(...scores.slice(0, 3)).rows.map(({ method }) => method)).toEqual(["CoT SFT", "CoT SFT + TAPO"]);
  });

  it("holds what no seed changes beside every seed, in differences alone", () => {
    const runs = { here: [...seed(1, { tapo: 0.6 }), ...seed(2, { tapo: 0.8 })], recorded: [], given: [...seed(1, { base: 0.3 }), measured({ method: "encoder", seed: 1, setting: "another" })] }; // prettier-ignore
    // base minus base needs no seed; the encoder was asked nothing that the table shows
    const compared = [["tapo", "base"], ["base", "base"], ["tapo", "encoder"]] as const; // prettier-ignore
    const { rows, notes } = seedTable(runs, { ...LAYOUT, compared, shortTitles: { tapo: "TAPO", base: "Base" } });
    expect(rows.map((r) => [r["method"], r["seeds"]])).toEqual([
      ["CoT SFT + TAPO", 2],
      ["TAPO minus Base", 2],
    ]);
    expect(rows[1]?.["closed_seen"]).toMatchObject({ value: expect.closeTo(0.4, 12) as number }); // 0.7 − 0.3
    expect(notes).toContain("Not trained, and the same beside every seed: Base.");
  });

  it("warns of intervals over two or three seeds, not of those over four", () => {
    const one = (number: number) => seed(number, { tapo: number / 10 });
    const warning = /rest on 2 or 3 seeds/;
    expect(here(one(1), one(2)).notes.find((note) => warning.test(note))).toMatch(/^Intervals here/);
    expect(here(one(1), one(2), one(3), one(4)).notes.join()).not.toMatch(warning);
    const mixed = here(one(1), one(2), seed(3, { tapo: 0.3, dapo: 0.5 }), seed(4, { tapo: 0.3, dapo: 0.5 }));
    expect(mixed.notes.find((note) => warning.test(note))).toMatch(/^Where a row has 2 or 3/);
  });

  it("marks a number that fewer seeds than its row have", () => {
    const newer = seed(3, { tapo: 0.3 }).filter(({ setting }) => setting === "open");
    const { rows, marks } = here(seed(1, { tapo: 0.1 }), seed(2, { tapo: 0.2 }), newer);
    expect(rows[0]).toMatchObject({ seeds: 3, closed_seen: { mark: "*" } });
    expect(rows[0]?.["open_seen"]).not.toHaveProperty("mark");
    expect(marks["*"]).toBe("over fewer seeds than the row counts");
  });

  it("counts what was made here before what is recorded, method by method, and says whose is what", () => {
    const all = { "cot-sft": 0.4, tapo: 0.5, dapo: 0.5 };
    const old = [...seed(1, all), ...seed(2, all)];
    const mixed = seedTable({ here: seed(1, { "cot-sft": 0.6, tapo: 0.9 }), recorded: old }, LAYOUT);
    const values = mixed.rows.map((r) => (r["closed_seen"] as { value: number }).value);
    expect(values.slice(0, 3)).toEqual([0.5, 0.5, 0.7]);
    expect(mixed.notes).toContain("Made here: seed 1: CoT SFT, CoT SFT + TAPO. All else is from results/.");
    expect(seedTable({ here: [], recorded: old }, LAYOUT).notes).toContain("All rows are from results/.");
    expect(seedTable({ here: old, recorded: old }, LAYOUT).notes).toContain("All rows are of this run.");
    expect(mixed.provenance["seeds"]).toBe("1 2");
  });

  it("tells what an earlier run made from what this one did", () => {
    const [first, second, third] = [1, 2, 3].map((number) => seed(number, { "cot-sft": 0.4, tapo: 0.5 }));
    const note = (measured: Parameters<typeof seedTable>[0]) => seedTable(measured, LAYOUT).notes.at(-1);
    expect(note({ here: second!, earlier: first!, recorded: first! })).toBe(
      "Made here: seed 2: CoT SFT, CoT SFT + TAPO. Made by an earlier run with the same settings: seed 1: CoT SFT, CoT SFT + TAPO.",
    );
    expect(note({ here: second!, earlier: first!, recorded: third! })).toMatch(
      /seed 1: \D+\. All else is from results\/\.$/,
    );
    expect(note({ here: [], earlier: first!, recorded: second! })).toMatch(
      /^Made by an earlier run .* All else is from/,
    );
    const both = [...first!, ...second!];
    expect(note({ here: [], earlier: both, recorded: [] })).toBe(
      "All rows are of earlier runs with the same settings.",
    );
    expect(note({ here: both, earlier: both, recorded: both })).toBe("All rows are of this run.");
    const dearer = seed(1, { tapo: 0.1 });
    const { rows } = seedTable({ here: second!, earlier: first!, recorded: dearer }, LAYOUT);
    expect((rows[1]!["closed_seen"] as { value: number }).value).toBe(0.5); // the earlier run's before the record's
  });

  it("says which columns are means over domains and which over items, and what was left out", () => {
    const items = {
      setting: "open",
      metric: "accuracy",
      domain: "items",
      title: "all items",
      splits: ["seen"] as const,
    };
    const layout = { ...LAYOUT, columns: [...STANDARD_COLUMNS, items] };
    const both = [...seed(1, { tapo: 1, dapo: 1 }), ...seed(2, { tapo: 1 })];
    const { notes } = seedTable({ here: both, recorded: [] }, layout);
    expect(notes.some((note) => note.endsWith("Over all items alike: all items."))).toBe(true);
    expect(notes).toContain("One seed only, so no mean: CoT SFT + DAPO (seed 1).");
  });

  it("refuses fewer than two seeds, with the command that makes another", () => {
    expect(() => here(seed(1, { tapo: 0.5 }))).toThrow(/not two seeds.*--seed 2/);
  });
});
