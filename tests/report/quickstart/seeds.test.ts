import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { TableScores } from "../../../src/eval/aggregate";
import type { QuickstartRow, QuickstartRowName } from "../../../src/experiments/quickstart";
import { readSeedRuns, seedTable } from "../../../src/report/quickstart/seeds";
import { saveQuickstart } from "../../../src/report/quickstart/store";

let root: string;
beforeEach(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), "fine-r1-seeds-"));
});
afterEach(() => {
  fs.rmSync(root, { recursive: true });
});

const score = (value: number) => ({ value, low: value, high: value, n: 10 });
const table = (value: number): TableScores => {
  const split = { domains: new Map([["bird", score(value)]]), average: score(value) };
  return { metric: "accuracy", seen: split, unseen: null, average: score(value) };
};
const row = (name: QuickstartRowName, value: number): QuickstartRow => ({
  name,
  closed: table(value),
  open: null,
  openSimilarity: null,
  wellFormed: null,
  seenNames: null,
  checkpoint: name,
});

/** A folder as `run quickstart --seed` leaves it. */
function run(name: string, seed: number, scores: Partial<Record<QuickstartRowName, number>>, rate = 0.1): void {
  const folder = path.join(root, name);
  const rows = Object.entries(scores).map(([method, value]) => row(method as QuickstartRowName, value));
  saveQuickstart(path.join(folder, "rows.json"), { rows, chainErrors: [] });
  const config = { name, seed, sftCot: { learningRate: rate, seed }, evaluation: { seed: 42 } };
  const inputs = [{ path: "base", sha256: "00" }];
  fs.writeFileSync(path.join(folder, "run.json"), JSON.stringify({ seeds: { seed }, config, inputs }));
}

const read = () => readSeedRuns(path.join(root, "mini"));

describe("seeds", () => {
  it("are found beside the profile's folder; other variants are not seeds", () => {
    run("mini", 1, { tapo: 0.5 });
    run("mini-seed10", 10, { tapo: 0.5 });
    run("mini-seed2", 2, { tapo: 0.5 });
    run("mini-seed2-set-abc", 2, { tapo: 0.9 }, 0.7);
    run("minimal-seed3", 3, { tapo: 0.9 });
    expect(read().map(({ seed }) => seed)).toEqual([1, 2, 10]);
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
    expect(rows[0]?.["open_seen"]).toBeNull();
  });

  it("are refused when they differ in more than the seed, or are fewer than two", () => {
    run("mini", 1, { tapo: 0.5 });
    expect(() => seedTable(read(), {})).toThrow(/not two seeds.*--seed 2/);
    run("mini-seed2", 2, { tapo: 0.5 }, 0.2);
    expect(read).toThrow(/mini-seed2: was made with other settings.*Run that seed again/);
    fs.writeFileSync(path.join(root, "mini-seed2", "run.json"), "{}");
    expect(read).toThrow(/run\.json: is no record of a run/);
  });
});
