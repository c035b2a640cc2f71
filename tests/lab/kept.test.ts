import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { silent } from "../../src/core/progress";
import type { Measurement } from "../../src/eval/measurements";
import { quickstart } from "../../src/experiments";
import { layOut } from "../../src/lab/findings";
import { gather, keptFolder, partKey, readKept, settingsOf, writeKept, type MadeBy, type Origin } from "../../src/lab/kept"; // prettier-ignore
import { labOf, type Lab } from "../../src/lab/lab";
import { loadProfile } from "../../src/lab/profile";
import { dueKeys } from "../../src/lab/run";
import { fileFacts } from "../../src/store/facts";

let folder = "";
let lab: Lab;
beforeEach(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "fine-r1-kept-"));
  vi.stubEnv("FINE_R1_RUNS", path.join(folder, "runs"));
  vi.stubEnv("FINE_R1_RESULTS", path.join(folder, "results"));
  lab = await labOf(loadProfile("smoke"), { progress: silent });
});
afterEach(() => {
  vi.unstubAllEnvs();
  fs.rmSync(folder, { recursive: true });
});

const by = (method: string, keys: readonly string[]): MadeBy => ({
  ...{ method, seed: 1, at: "2026-01-01T00:00:00.000Z", processor: "p", numerics: "n", keys },
});
const row = (method: string): Measurement => ({
  ...{ method, seed: 1, dataset: "d", domain: "mean", split: "seen", setting: "open", metric: "accuracy" },
  ...{ value: 0.5, low: 0.4, high: 0.6, n: 10 },
});
const due = () => dueKeys(lab, quickstart);
const gathered = () => gather("quickstart", lab, { made: [], measurements: [], outcomes: [] }, "report", due());

describe("rows that were kept", () => {
  it("stand in a table while they are what today's code and settings would make, and else are named as left out", () => {
    const own = due()({ method: "cot-sft", seed: 1 })!;
    expect(own).toHaveLength(3); // closed, open and its SS_rel
    const place = keptFolder("quickstart", "smoke", "report");
    const made = [by("cot-sft", own), by("tapo", ["of another version"]), by("a variant", ["k"])];
    writeKept(place, {
      settings: settingsOf(lab),
      made,
      measurements: made.map(({ method }) => row(method)),
      outcomes: [],
    });
    const { parts, leftOut } = gathered();
    expect([...parts.keys()]).toEqual(["1 cot-sft", "1 a variant"]);
    expect(leftOut).toEqual([expect.stringMatching(/^Left out: tapo of .*smoke, made by another version of the code/)]);
  });

  it("stay beside a run that lacks their similarity, and beside one that has another, but for those whose SS_rel it told", async () => {
    const { profile } = lab;
    const own = path.join(folder, "own-encoder");
    fs.cpSync(profile.encoder, own, { recursive: true });
    fs.appendFileSync(path.join(own, "config.json"), "\n"); // another file, and so another model
    const withSimilarity = (similarity: string) => labOf({ ...profile, similarity }, { progress: silent, models: "there" }); // prettier-ignore
    lab = await withSimilarity(own);
    const made = [by("cot-sft", due()({ method: "cot-sft", seed: 1 })!), by("a variant", ["k"])];
    const measurements = made.map(({ method }) => row(method));
    writeKept(keptFolder("quickstart", "smoke", "report"), {
      ...{ settings: settingsOf(lab), made, measurements, outcomes: [] },
    });
    lab = await withSimilarity(path.join(folder, "nowhere"));
    expect(gathered().leftOut).toEqual([]); // nothing can be said of cot-sft's keys
    lab = await withSimilarity(profile.encoder);
    expect([...gathered().parts.keys()]).toEqual(["1 a variant"]);
    expect(gathered().leftOut).toEqual([expect.stringMatching(/^Left out: cot-sft of .*from other inputs/)]);
  });

  it("of an earlier run are not called this run's in the table over seeds", () => {
    const part = (seed: number, origin: Origin) => {
      const own = { ...by("tapo", []), seed };
      return [partKey(own), { by: own, measurements: [{ ...row("tapo"), seed }], outcomes: [], origin }] as const;
    };
    const notes = (...origins: readonly Origin[]) => {
      const parts = new Map(origins.map((origin, at) => part(at + 1, origin)));
      const findings = layOut(lab, quickstart, [], { settings: {}, parts, recorded: undefined, leftOut: [] }, {});
      return findings.tables.get("seeds")?.notes.join(" ");
    };
    const title = "CoT SFT \\+ TAPO";
    expect(notes("run", "run")).toContain("All rows are of this run.");
    expect(notes("earlier", "run")).toMatch(new RegExp(`Made here: seed 2: ${title}\\. Made by an earlier run .*: seed 1: ${title}\\.$`)); // prettier-ignore
    expect(notes("record", "run")).toMatch(new RegExp(`Made here: seed 2: ${title}\\. All else is from results/\\.$`));
  });

  it("are not taken once the file has changed since its run wrote it", () => {
    const place = keptFolder("quickstart", "smoke", "record");
    const [file = ""] = writeKept(place, { settings: settingsOf(lab), made: [], measurements: [], outcomes: [] });
    const outputs = [{ path: "results/quickstart/smoke/measurements.json", bytes: 1, sha256: "0".repeat(64) }];
    fs.writeFileSync(path.join(place, "run.json"), JSON.stringify({ outputs }));
    expect(() => readKept(place)).toThrow(`${file}: has changed since the run wrote it`);
  });

  it("are taken without those whose outcomes a killed run did not come to write, and not at all where a record lost its outcomes", () => {
    const place = keptFolder("quickstart", "smoke", "record");
    const made = [1, 2].map((seed) => ({ ...by("cot-sft", ["k"]), seed }));
    const measurements = made.map(({ seed }) => ({ ...row("cot-sft"), seed }));
    const outcomes = [
      { ...{ method: "cot-sft", seed: 1, setting: "open", metric: "accuracy" }, items: [{ id: "i", domain: "d", seen: true }], values: [1] }, // prettier-ignore
    ];
    const [, file = ""] = writeKept(place, { settings: settingsOf(lab), made, measurements, outcomes });
    expect(readKept(place)).toMatchObject({
      made: [{ seed: 1 }],
      measurements: [{ seed: 1 }],
      outcomes: [{ seed: 1 }],
    });
    fs.writeFileSync(path.join(place, "run.json"), JSON.stringify({ outputs: fileFacts([file], folder) }));
    expect(readKept(place)?.made).toHaveLength(2); // a whole record is taken at its word
    fs.rmSync(file);
    expect(() => readKept(place)).toThrow(`${file}: is gone since the run wrote it`);
  });
});
