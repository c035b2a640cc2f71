import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LabError } from "../../../src/core/errors";
import {
  beginReport,
  finishReport,
  readQuickstart,
  readReport,
  saveQuickstart,
} from "../../../src/report/quickstart/store";
import { chainRow, row, writeReport } from "./fixtures";

let folder: string;
let file: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "fine-r1-store-"));
  file = path.join(folder, "rows.json");
});
afterEach(() => {
  fs.rmSync(folder, { recursive: true });
});

describe("the stored quickstart", () => {
  it("comes back as it was saved, maps and nulls included", () => {
    const choice = { items: 9, nested: 1, wrongCounted: 1, differ: 2, seen: 0.5, unseen: null };
    const stored = {
      rows: [{ ...row("base", 0.4), choice }, row("siglip", 0.6)],
      chainErrors: [chainRow("base-think", 3)],
    };
    saveQuickstart(file, stored);
    expect(readQuickstart(file)).toEqual(stored);
  });

  it.each([
    ["of another version", '{"version": 99, "rows": [], "chainErrors": []}', /is no file of a quickstart's rows \(key version must be one of 1, but is 99/],
    ["without rows", '{"version": 1}', /key rows is missing; it must be a list/],
    ["null", "null", /the whole file must be a group of keys, but is null/],
    ["with a row of another kind", '{"version": 1, "rows": [{"name": "grpo"}], "chainErrors": []}', /rows\.0\.name must be one of "base"/],
    ["cut off", "{", /is not valid JSON/],
  ])("refuses a file %s, in one sentence with the remedy", (_, text, reason) => {
    fs.writeFileSync(file, text);
    expect(() => readQuickstart(file)).toThrow(LabError);
    expect(() => readQuickstart(file)).toThrow(reason);
    expect(() => readQuickstart(file)).toThrow(/rows\.json: .*[Rr]e(move|pair)/);
    expect(() => readQuickstart(file)).not.toThrow(/\n/);
  }); // prettier-ignore
});

describe("a report", () => {
  it("is there once its run record is, and is no longer when another one is begun", () => {
    expect(readReport(folder)).toBeUndefined();
    beginReport(folder, { rows: [row("base", 0.4)], chainErrors: [] });
    expect(readReport(folder)).toBeUndefined();
    writeReport(folder, [row("base", 0.4)]);
    expect(readReport(folder)?.rows).toEqual([row("base", 0.4)]);
    expect(readReport(folder)?.run.machine.processor).toBe("Recorded CPU");
    beginReport(folder, { rows: [row("base", 0.9)], chainErrors: [] });
    expect(readReport(folder)).toBeUndefined();
    finishReport(folder, {
      config: {},
      seeds: {},
      inputs: [],
      machine: {},
      numerics: { mode: "portable", digest: "d" },
    });
    expect(readReport(folder)?.run.numerics).toEqual({ mode: "portable", digest: "d" });
  });

  it("with a run record of another form is refused by name", () => {
    writeReport(folder, []);
    fs.writeFileSync(path.join(folder, "run.json"), "{}");
    expect(() => readReport(folder)).toThrow(/run\.json: is no record of a run \(key config is missing.*Remove it/);
  });
});
