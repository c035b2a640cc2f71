import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { configFile } from "../../src/config/names";
import { recordFolder, reportFolder } from "../../src/config/places";
import { requireSlug, slugSchema } from "../../src/config/slug";
import { silent } from "../../src/core/progress";
import { keptFolder } from "../../src/lab/kept";
import { loadProfile, profileSchema } from "../../src/lab/profile";
import { makeOnce } from "../../src/store/store";
import { exportTable } from "../../src/report/table/export";
import { resultTable } from "../../src/report/table/table";

const BAD = [
  "../..",
  "..",
  ".",
  "",
  "a/b",
  "a\\b",
  "/etc",
  ".hidden",
  "-p",
  "a b",
  "ü",
  "a\nb",
  "a\0b",
  "x".repeat(81),
];

let folder = "";
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "fine-r1-slug-"));
  vi.stubEnv("FINE_R1_RUNS", folder);
});
afterEach(() => {
  vi.unstubAllEnvs();
  fs.rmSync(folder, { recursive: true });
});

describe("a name that becomes a file's name", () => {
  it.each(["mini", "mini-seed2-set-ab12cd", "Qwen2.5-VL_3B", "0", "x".repeat(80)])("may be %j", (name) => {
    expect(requireSlug(name, "a profile")).toBe(name);
    expect(slugSchema.safeParse(name).success).toBe(true);
  });

  it.each(BAD)("may not be %j, in any place that takes one", async (name) => {
    const refused = /cannot be the name of .*, which names a file or folder/;
    expect(slugSchema.safeParse(name).success).toBe(false);
    for (const place of [reportFolder, recordFolder]) {
      expect(() => place("quickstart", name)).toThrow(refused);
      expect(() => place(name, "mini")).toThrow(refused);
    }
    for (const kind of ["profiles", "worlds", "base"] as const) expect(() => configFile(kind, name)).toThrow(refused);
    const body = { run: () => Promise.resolve({}), parse: () => ({}) };
    const profile = loadProfile("smoke");
    expect(profileSchema.safeParse({ ...profile, name }).success).toBe(false);
    expect(() => keptFolder("quickstart", name, "report")).toThrow(refused);
    const store = path.join(folder, "store");
    const work = { kind: name, version: 1, inputs: {} };
    await expect(makeOnce({ store, progress: silent }, work, body)).rejects.toThrow(refused);
    const table = resultTable({ caption: "c", columns: [], rows: [] });
    expect(() => exportTable(table, folder, name)).toThrow(refused);
    expect(fs.readdirSync(folder)).toEqual([]);
  });
});

describe("configFile", () => {
  it("names what there is, and what was probably meant", () => {
    expect(() => configFile("profiles", "min")).toThrow(
      'there is no profile "min". Did you mean "mini"? Choose one of: ',
    );
    expect(() => configFile("worlds", "tset")).toThrow(
      'there is no world "tset". Did you mean "test"? Choose one of: ',
    );
    expect(() => configFile("base", "huge")).toThrow(
      /there is no base config "huge"\. Choose one of: large, mini, qwen2, smoke, smoke-qwen2\./,
    );
  });
});
