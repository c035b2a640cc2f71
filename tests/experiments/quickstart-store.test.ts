import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { TableScores } from "../../src/eval/aggregate";
import { LabError } from "../../src/core/errors";
import type { QuickstartRow, QuickstartRowName } from "../../src/experiments/quickstart";
import { mergeRows, readQuickstart, saveQuickstart, type StoredQuickstart } from "../../src/report/quickstart/store";

let file: string;
beforeEach(() => {
  file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "fine-r1-store-")), "rows.json");
});
afterEach(() => {
  fs.rmSync(path.dirname(file), { recursive: true });
});

const score = (value: number) => ({ value, low: value - 0.1, high: value + 0.1, n: 10 });
const table = (value: number): TableScores => ({
  metric: "accuracy",
  seen: { domains: new Map([["bird", score(value)], ["car", score(0.5)]]), average: score(value) }, // prettier-ignore
  unseen: null,
  average: score(value),
});
const row = (name: QuickstartRowName, value: number): QuickstartRow => ({
  name,
  closed: table(value),
  open: name === "siglip" ? null : table(value / 2),
  openSimilarity: null,
  wellFormed: name === "siglip" ? null : score(0.9),
  seenNames: null,
  checkpoint: name === "siglip" ? null : `key of ${name}`,
});
const chain = (method: string, right: number): StoredQuickstart["chainErrors"][number] =>
  ({ method, split: "seen", right }) as unknown as StoredQuickstart["chainErrors"][number];

describe("the stored quickstart", () => {
  it("comes back as it was saved, maps and nulls included", () => {
    const stored = { rows: [row("base", 0.4), row("siglip", 0.6)], chainErrors: [chain("base-think", 3)] };
    saveQuickstart(file, stored);
    expect(readQuickstart(file)).toEqual(stored);
  });

  it("is empty where nothing was saved", () => {
    expect(readQuickstart(file)).toEqual({ rows: [], chainErrors: [] });
  });

  it("names a file of another version or without sense", () => {
    fs.writeFileSync(file, '{"version": 99, "rows": []}');
    expect(() => readQuickstart(file)).toThrow(/rows\.json: is of version 99, not 1\. Remove it/);
    fs.writeFileSync(file, "{");
    expect(() => readQuickstart(file)).toThrow(LabError);
  });
});

describe("mergeRows", () => {
  it("keeps earlier rows, replaces those made again, and orders them as the table does", () => {
    const before = {
      rows: [row("base", 0.1), row("tapo", 0.2), row("siglip", 0.3)],
      chainErrors: [chain("tapo", 1), chain("cot-sft", 2)],
    };
    const made = { rows: [row("tapo", 0.9), row("cot-sft", 0.8)], chainErrors: [chain("tapo", 7)] };
    const all = mergeRows(before, made);
    expect(all.rows.map((r) => [r.name, r.closed.average.value])).toEqual([
      ["base", 0.1],
      ["cot-sft", 0.8],
      ["tapo", 0.9],
      ["siglip", 0.3],
    ]);
    expect(all.chainErrors).toEqual([chain("cot-sft", 2), chain("tapo", 7)]);
    expect(before.rows).toHaveLength(3); // untouched
  });
});
