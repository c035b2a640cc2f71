import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startRun, type RunRecord } from "../../src/lab/provenance";
import { fileFacts, gitState, versionsNow } from "../../src/store/facts";

let folder = "";
const write = (name: string, text: string): string => {
  const file = path.join(folder, name);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, text);
  return file;
};
const git = (...args: string[]): void => {
  const identity = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"];
  expect(spawnSync("git", [...identity, ...args], { cwd: folder }).status).toBe(0);
};

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "provenance-"));
});
afterEach(() => {
  fs.rmSync(folder, { recursive: true });
});

describe("fileFacts", () => {
  it("gives size and SHA-256 with relative paths", () => {
    // printf abc | sha256sum
    const sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    expect(fileFacts([write("a/b.txt", "abc")], folder)).toEqual([{ path: "a/b.txt", bytes: 3, sha256 }]);
  });
  it("names a file that is missing", () => {
    expect(() => fileFacts([path.join(folder, "gone")], folder)).toThrow(/gone: cannot be read/);
  });
});

describe("gitState", () => {
  it("tells the commit and changed files, except in results/", () => {
    expect(gitState(folder)).toBeNull();
    git("init", "-q");
    write("a.txt", "1");
    git("add", ".");
    git("commit", "-qm", "first");
    const clean = gitState(folder);
    expect(clean).toMatchObject({ dirty: false });
    expect(clean?.commit).toMatch(/^[0-9a-f]{40}$/);
    write("results/table.csv", "x");
    expect(gitState(folder)?.dirty).toBe(false);
    write("a.txt", "2");
    expect(gitState(folder)?.dirty).toBe(true);
  });
});

describe("startRun", () => {
  it("tells arguments without the folders of the machine, wherever in them a path stands", async () => {
    const said = [
      "run",
      "/home/me/runs/",
      "--out=/home/me/x",
      "base=onnx:/home/me/clip",
      "base=served:http://lab/v1#a/b",
    ];
    const before = process.argv;
    process.argv = ["node", "fine-r1", ...said];
    try {
      const run = startRun({ experiment: "e", profile: "smoke", config: {}, seeds: [], inputs: [] }, folder);
      const { command } = JSON.parse(fs.readFileSync(await run.finish(folder, []), "utf8")) as RunRecord;
      expect(command).toEqual(["run", "runs", "--out=x", "base=onnx:clip", "base=served:http://lab/v1#a/b"]);
    } finally {
      process.argv = before;
    }
  });

  it("records what the run worked on, and outputs as they are at the end", async () => {
    const base = { given: "checkpoint", fingerprint: "aa", at: "assets/base" } as const;
    const run = startRun({ experiment: "e", profile: "smoke", config: { a: 1 }, seeds: [7], inputs: [base] }, folder);
    const file = await run.finish(folder, [write("out.txt", "out")]);
    const record = JSON.parse(fs.readFileSync(file, "utf8")) as RunRecord;
    expect(record).toMatchObject({
      version: 2,
      experiment: "e",
      profile: "smoke",
      config: { a: 1 },
      seeds: [7],
      inputs: [base],
      git: null,
    });
    expect(record.outputs[0]).toMatchObject({ path: "out.txt", bytes: 3 });
    expect(Date.parse(record.finishedAt) - Date.parse(record.startedAt)).toBe(Math.floor(record.seconds * 1000)); // a date has whole milliseconds
  });
});

describe("versionsNow", () => {
  it("names Node.js, the engine's library and every dependency as installed", () => {
    const versions = versionsNow();
    const declared = JSON.parse(fs.readFileSync("package.json", "utf8")) as { dependencies: Record<string, string> };
    expect(versions["node"]).toBe(process.version);
    expect(versions["tensorflow"]).toMatch(/^\d+\.\d+\.\d+/);
    for (const name of Object.keys(declared.dependencies)) expect(versions).toHaveProperty([name]);
    expect(versions["plotly.js"]).toBe(declared.dependencies["plotly.js"]); // pinned exactly
  });
});
