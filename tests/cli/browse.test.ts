import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { smokeWorld } from "../miniworld/worlds";

const CLI = path.resolve("dist/cli.js");
let folder: string;
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "fine-r1-browse-"));
});
afterAll(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

const PAGE = (): string => path.join(folder, "runs", "quickstart", "smoke", "answers.html");

function browse(...args: string[]) {
  const env = { ...process.env, FINE_R1_RUNS: path.join(folder, "runs") };
  return spawnSync(process.execPath, [CLI, "browse", ...args], { cwd: folder, encoding: "utf8", env });
}

/** A run with one evaluation of all 16 test pictures. */
function makeRun(): string {
  const stage = path.join(folder, "runs", "quickstart", "smoke", "eval-tapo-0");
  fs.mkdirSync(stage, { recursive: true });
  const inputs = { world: smokeWorld.fingerprint, asking: { world: "open", thinking: true } };
  const startedAt = "2026-01-01T00:00:00.000Z";
  const record = { stage: "eval-tapo", inputs, result: { items: 16 }, startedAt, seconds: 1 };
  fs.writeFileSync(path.join(stage, "stage.json"), JSON.stringify(record));
  const lines = [...smokeWorld.test("seen"), ...smokeWorld.test("unseen")].map(({ id, image, groundTruth }) => ({
    record: {
      ...{ id, domain: image.subCategory.superCategory, seen: image.subCategory.seen, truth: groundTruth },
      ...{ options: null, output: "?", answer: null, wellFormed: false, correct: false, exact: false },
      ...{ position: null, similarity: null, tokens: 1, finish: "stop" },
    },
  }));
  const settings = { settings: { model: "tapo" } };
  fs.writeFileSync(
    path.join(stage, "records.jsonl"),
    [settings, ...lines].map((l) => `${JSON.stringify(l)}\n`).join(""),
  );
  return path.dirname(stage);
}

it("fine-r1 browse names the runs that there are", () => {
  const refused = (...args: string[]): string => {
    const { status, stderr } = browse(...args);
    expect([status, stderr.trim().split("\n").length]).toEqual([1, 1]);
    return stderr;
  };
  expect(refused("mini")).toMatch(/mini: there is no such run\. No run has been made yet: npm start/);
  makeRun();
  expect(refused("mini")).toMatch(/There are these: quickstart\/smoke\./);
  expect(refused("smoke", "--limit", "0")).toMatch(/"0" is no limit/);
});

it("fine-r1 browse finds a run by folder, experiment and profile, and says how large the page is and what is left out", () => {
  const run = makeRun();
  for (const name of [run, "quickstart/smoke", "smoke"]) {
    const { status, stdout } = browse(name);
    expect(status).toBe(0);
    expect(stdout).toMatch(
      /^16 of 16 pictures, models: CoT SFT \+ TAPO\. \d+ kB\.\nOpen it in a browser: runs.*answers\.html\n$/,
    );
    expect(Number(/(\d+) kB/.exec(stdout)![1]) * 1000).toBeGreaterThanOrEqual(fs.statSync(PAGE()).size);
  }
  const small = browse("smoke", "--limit", "5", "-o", "five.html");
  expect(small.stdout).toMatch(/^5 of 16 pictures, .* 11 are left out; all of them: --limit 16\.\n.*five\.html\n$/s);
  expect(fs.readFileSync(path.join(folder, "five.html"), "utf8")).toMatch(/^<!doctype html>/);
});
