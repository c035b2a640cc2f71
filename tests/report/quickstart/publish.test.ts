import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { summariseOutcomes } from "../../../src/cot/outcomes";
import { loadProfile } from "../../../src/lab/profile";
import { startRun } from "../../../src/lab/provenance";
import type { QuickstartResult, QuickstartRow } from "../../../src/experiments/quickstart";
import {
  publishQuickstart,
  quickstartFolder,
  quickstartSpec,
  quickstartTables,
  type QuickstartTables,
} from "../../../src/report/quickstart/publish";
import { beginReport, finishReport, readReport } from "../../../src/report/quickstart/store";
import { bareValue, markOf } from "../../../src/report/table/table";
import { row } from "./fixtures";

let root = "";
beforeEach(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), "fine-r1-publish-"));
  vi.stubEnv("FINE_R1_RUNS", path.join(root, "runs"));
  vi.stubEnv("FINE_R1_RESULTS", path.join(root, "results"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  fs.rmSync(root, { recursive: true });
});

const profile = loadProfile("smoke");
const other = loadProfile("smoke", { "sftCot.epochs": 1 });
const resultOf = (...rows: QuickstartRow[]): QuickstartResult => ({
  rows,
  chainErrors: [],
  curation: summariseOutcomes("nobody", 1, []),
  stages: {},
  checkpoints: {},
});

async function publish(rows: readonly QuickstartRow[], destination: "report" | "record" = "report") {
  return publishQuickstart(profile, resultOf(...rows), startRun(quickstartSpec(profile)), destination);
}

/** What a run with these rows leaves, without the tables and figures. */
async function leave(rows: readonly QuickstartRow[], destination: "report" | "record", of = profile): Promise<void> {
  const folder = quickstartFolder(profile, destination);
  beginReport(folder, { rows, chainErrors: [] });
  finishReport(folder, await startRun(quickstartSpec(of)).finish([]));
}
const marked = ({ table }: QuickstartTables) =>
  table.rows.map((line) => `${String(bareValue(line["method"] ?? null))}${markOf(line["method"] ?? null)}`);
const contents = (folder: string): [string, string][] =>
  fs.readdirSync(folder).map((name) => [name, fs.readFileSync(path.join(folder, name), "latin1")]);

describe("publishQuickstart", () => {
  it("leaves results/ as it was, down to the byte, and keeps only its own rows beside the work", async () => {
    await leave([row("base", 0.1), row("cot-sft", 0.25)], "record");
    const record = quickstartFolder(profile, "record");
    const before = contents(record);
    expect(before.map(([name]) => name)).toEqual(["rows.json", "run.json"]);
    await leave([row("dapo", 0.5)], "report");
    const { files } = await publish([row("cot-sft", 0.75)]);
    expect(contents(record)).toEqual(before);
    const folder = path.join(root, "runs", "quickstart", "smoke", "report");
    expect(new Set(files.map((file) => path.dirname(file)))).toEqual(new Set([folder]));
    for (const name of ["table.csv", "comparison.md", "open-world.svg", "run.json"]) {
      expect(files).toContain(path.join(folder, name));
    }
    expect(readReport(folder)?.rows.map(({ name }) => name)).toEqual(["cot-sft", "dapo"]);
  });

  it("adds to a record of the same settings where one is asked for, and takes nothing of one's own runs into it", async () => {
    await leave([row("base", 0.1)], "record");
    await leave([row("dapo", 0.5)], "report");
    expect(marked(await publish([row("tapo", 0.7)], "record"))).toEqual(["Base, direct†", "CoT SFT + TAPO"]);
    const kept = readReport(quickstartFolder(profile, "record"));
    expect(kept?.rows.map(({ name }) => name)).toEqual(["base", "tapo"]);
  });
});

describe("quickstartTables", () => {
  const tables = (...rows: QuickstartRow[]) => quickstartTables(profile, resultOf(...rows));

  it("writes nothing", async () => {
    await tables(row("tapo", 0.7));
    expect(fs.readdirSync(root)).toEqual([]);
  });

  it("shows rows that were not made from an earlier run, else from the record, marked", async () => {
    await leave([row("base", 0.1), row("cot-sft", 0.25), row("dapo", 0.5)], "record");
    await leave([row("cot-sft", 0.3), row("tapo", 0.4)], "report");
    const shown = await tables(row("tapo", 0.7));
    expect(marked(shown)).toEqual(["Base, direct†", "CoT SFT‡", "CoT SFT + DAPO†", "CoT SFT + TAPO"]);
    const values = [0.1, 0.3, 0.5, 0.7].map((value) => ({ value }));
    expect(shown.table.rows.map((line) => line["closed_seen"])).toMatchObject(values);
  });

  it("never shows rows of other settings: it names them and the keys that differ", async () => {
    await leave([row("base", 0.1)], "record", other);
    await leave([row("cot-sft", 0.5)], "report", other);
    const { table, comparison, sentences } = await tables(row("base", 0.2));
    expect(table.rows).toHaveLength(1);
    expect(comparison).toBeUndefined();
    expect(sentences.slice(1)).toEqual([
      expect.stringMatching(/^Left out: the rows of .*report, made with other settings \(sftCot\.epochs\)\.$/),
      expect.stringMatching(/^Left out: the rows of .*results.*, made with other settings \(sftCot\.epochs\)\.$/),
    ]);
  });

  it("says in sentences what came out and how it compares with the record", async () => {
    await leave([row("cot-sft", 0.5), row("tapo", 0.5)], "record");
    const { sentences } = await tables(row("cot-sft", 0.5), row("tapo", 0.591));
    expect(sentences[0]).toBe("TAPO − CoT SFT = +9.1 points on unseen classes, open world (one seed).");
    expect(sentences[1]).toMatch(
      /^Against results\/: identical .*\(CoT SFT\); not identical, .*TAPO\)\. Both were made on /,
    );
    expect((await tables(row("tapo", 0.4))).sentences[0]).toBe(
      "TAPO − CoT SFT = −10.0 points on unseen classes, open world (one seed); CoT SFT from results/.",
    );
    expect((await tables(row("dapo", 0.7))).sentences[0]).toBe(
      "CoT SFT + DAPO: 70.0 % on unseen classes, open world (one seed).",
    );
    expect((await tables(row("siglip", 0.7))).sentences).toEqual([]);
  });
});
