import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { readJson } from "../../src/core/files";
import { folderOf, several, temporaryFolder } from "../data/folderFixture";

/** Runs the compiled command line (`npm test` compiles first). */
function data(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["dist/cli.js", "data", ...args], {
    encoding: "utf8",
  });
  return { status, stdout, stderr: stderr.trim().split("\n") };
}

/** The cells of the table's line that begins so. */
function cells(stdout: string, name: string): string[] {
  const line = stdout.split("\n").find((one) => one.startsWith(`${name} `)) ?? "";
  return line.split(/\s{2,}/);
}

describe("data", () => {
  it("shows what a dataset holds, the same of a mini-world and of its export", () => {
    // two genera of four species in each domain: 0.6 · 8 = 5 seen; 4 shots, one validation and one test picture of a class
    const world = data("show", "miniworld:smoke");
    expect(world.status).toBe(0);
    expect(cells(world.stdout, "bird")).toEqual(["bird", "5", "3", "20", "5", "5", "3"]);
    expect(cells(world.stdout, "all")).toEqual(["all", "10", "6", "40", "10", "10", "6"]);
    const folder = path.join(temporaryFolder(), "smoke");
    const written = data("export", "miniworld:smoke", folder);
    expect(written.stdout).toContain(`66 pictures of mini-world/smoke are in ${folder}`);
    const exported = data("show", `folder:${folder}`);
    expect(cells(exported.stdout, "all")).toEqual(cells(world.stdout, "all"));
    expect(exported.stdout).toContain("66 pictures are there, no file was skipped.");
  });

  it("lists what was left out, and why", async () => {
    const root = await folderOf({
      ...several(["a", "b", "c"], 5),
      ...several(["few"], 2),
      "a/bad.png": "x",
      "b/.x": "",
    });
    const { stdout } = data("show", `folder:${root}?superCategory=letter`);
    expect(cells(stdout, "letter")).toEqual(["letter", "2", "1", "8", "0", "2", "5"]);
    expect(stdout).toContain("17 pictures are there, 2 other files are skipped");
    expect(cells(stdout, "not decodable as a picture")).toEqual(["not decodable as a picture", "1", "a/bad.png"]);
    expect(stdout).toContain("Class left out: few: 2 pictures, 5 needed for 4 training pictures and a test question.");
  });

  it("refuses a folder that holds something, and an unknown dataset, in a line", async () => {
    const root = await folderOf({ "mine.txt": "x" });
    const { status, stderr } = data("export", "miniworld:smoke", root);
    expect([status, stderr]).toEqual([
      1,
      [`fine-r1: ${root}: is not empty. Choose a new folder to export to: nothing is written over.`],
    ]);
    expect(fs.readdirSync(root)).toEqual(["mine.txt"]);
    expect(data("show", "miniword:test").stderr.join()).toMatch(/Did you mean "miniworld:test"\?/);
    expect(data("--help").stdout).toMatch(/folder:mushrooms/);
  });

  it("exported, a mini-world gives the run its own numbers, chains of its teacher included", () => {
    const root = temporaryFolder();
    const folder = path.join(root, "smoke");
    data("export", "miniworld:smoke", folder);
    const measure = (name: string, ...more: readonly string[]): unknown[] => {
      const env = { ...process.env, FINE_R1_RUNS: path.join(root, name), FINE_R1_RESULTS: path.join(root, "none") };
      const args = ["dist/cli.js", "run", "quickstart", "-p", "smoke", "--only", "cot-sft", ...more];
      expect(spawnSync(process.execPath, args, { env }).status).toBe(0);
      const [run = ""] = fs.readdirSync(path.join(root, name, "quickstart"));
      const file = path.join(root, name, "quickstart", run, "measurements.json");
      return z.object({ measurements: z.array(z.unknown()) }).parse(readJson(file)).measurements;
    };
    const own = measure("own");
    expect(own.length).toBeGreaterThan(10);
    expect(measure("exported", "--set", `dataset=folder:${folder}`)).toEqual(own);
  }, 120_000);
});
