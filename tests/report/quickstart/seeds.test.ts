import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { QuickstartRowName } from "../../../src/experiments/quickstart";
import { readSeedRuns, seedTable } from "../../../src/report/quickstart/seeds";
import { settingsOf } from "../../../src/lab/settings";
import { row, writeReport } from "./fixtures";

let root: string;
beforeEach(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), "fine-r1-seeds-"));
});
afterEach(() => {
  fs.rmSync(root, { recursive: true });
});

type Scores = Partial<Record<QuickstartRowName, number>>;
const rowsOf = (scores: Scores) =>
  Object.entries(scores).map(([method, value]) => row(method as QuickstartRowName, value));
const config = (seed: number, rate = 0.1) => ({
  seed,
  sftCot: { learningRate: rate, seed },
  evaluation: { seed: 42 },
});

/** A folder as `run quickstart --seed --record` leaves it. */
function run(name: string, seed: number, scores: Scores, rate = 0.1): void {
  const folder = path.join(root, "results", name);
  fs.mkdirSync(folder, { recursive: true });
  writeReport(folder, rowsOf(scores), { name, ...config(seed, rate) }, seed);
}

/** A folder as `run quickstart --seed` leaves it. */
function ownRun(name: string, seed: number, scores: Scores, rate = 0.1): void {
  const folder = path.join(root, "runs", name, "report");
  fs.mkdirSync(folder, { recursive: true });
  writeReport(folder, rowsOf(scores), { name, ...config(seed, rate) }, seed);
}

const settings = settingsOf({ config: config(1), inputs: [{ path: "base", sha256: "00" }] });
const places = () => ({ record: path.join(root, "results"), own: path.join(root, "runs") });
const read = () => readSeedRuns(places(), "mini", settings);

describe("seeds", () => {
  it("are found beside the profile's folder; other variants are not seeds", () => {
    run("mini", 1, { tapo: 0.5 });
    run("mini-seed10", 10, { tapo: 0.5 });
    run("mini-seed2", 2, { tapo: 0.5 });
    run("mini-seed2-set-abc", 2, { tapo: 0.9 }, 0.7);
    run("minimal-seed3", 3, { tapo: 0.9 });
    expect(read().runs.map(({ seed }) => seed)).toEqual([1, 2, 10]);
  });

  it("give means and paired differences; a method of one seed only has no row", () => {
    run("mini", 1, { base: 0.3, "cot-sft": 0.4, dapo: 0.5, tapo: 0.6, "sft-labels": 0.9 });
    run("mini-seed2", 2, { "cot-sft": 0.6, dapo: 0.7, tapo: 0.8 });
    const { rows } = seedTable(read(), {});
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

  it("count once: two folders of one seed are one seed", () => {
    run("mini", 1, { "cot-sft": 0.4 });
    run("mini-seed1", 1, { "cot-sft": 0.4 });
    run("mini-seed2", 2, { "cot-sft": 0.6 });
    const table = seedTable(read(), {});
    expect(table.rows.map((r) => r["seeds"])).toEqual([2]);
    expect(table.provenance["seeds"]).toBe("1 2");
    expect(table.notes).toContain("All rows are from results/.");
  });

  it("made here go before recorded ones, method by method, and the table says whose is what", () => {
    run("mini", 1, { "cot-sft": 0.4, tapo: 0.5, dapo: 0.5 });
    run("mini-seed2", 2, { "cot-sft": 0.4, tapo: 0.5, dapo: 0.5 });
    ownRun("mini", 1, { "cot-sft": 0.6, tapo: 0.9 });
    const { rows, notes } = seedTable(read(), {});
    expect(rows.slice(0, 3).map((r) => (r["closed_seen"] as { value: number }).value)).toEqual([0.5, 0.5, 0.7]);
    expect(notes).toContain("Made here: seed 1: CoT SFT, CoT SFT + TAPO. All else is from results/.");
    const recorded = readSeedRuns({ record: places().record }, "mini", settings);
    expect(seedTable(recorded, {}).rows[2]?.["closed_seen"]).toMatchObject({ value: 0.5 });
    ownRun("mini", 1, { "cot-sft": 0.6 });
    ownRun("mini-seed2", 2, { "cot-sft": 0.6 });
    const own = readSeedRuns({ ...places(), record: path.join(root, "none") }, "mini", settings);
    expect(seedTable(own, {}).notes).toContain("All rows were made here.");
  });

  it("are left out by name when they differ from the profile in more than the seed", () => {
    run("mini", 1, { tapo: 0.5 });
    run("mini-seed2", 2, { tapo: 0.5 });
    run("mini-seed3", 3, { tapo: 0.5 }, 0.2);
    const { rows, notes } = seedTable(read(), {});
    expect(rows[0]?.["seeds"]).toBe(2);
    expect(notes.at(-1)).toMatch(/^Left out: .*mini-seed3, made with other settings \(sftCot\.learningRate\)\.$/);
  });

  it("are refused when they are fewer than two, with the command that makes another", () => {
    run("mini", 1, { tapo: 0.5 });
    expect(() => seedTable(read(), {}, "npx fine-r1 run quickstart -p smoke --seed 2")).toThrow(
      /not two seeds.*-p smoke --seed 2/,
    );
  });
});
