import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { silent } from "../../src/core/progress";
import { openAnswers } from "../../src/eval/answers";
import { quickstart } from "../../src/experiments/quickstart";
import { ANSWERS, testItems } from "../../src/lab/kinds/asking";
import { labOf } from "../../src/lab/lab";
import { loadProfile } from "../../src/lab/profile";
import { planRun } from "../../src/lab/run";
import { workOf } from "../../src/lab/stage";
import { makeOnce } from "../../src/store/store";
import { answer } from "../eval/helpers";

const CLI = path.resolve("dist/cli.js");
let folder: string;
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "fine-r1-browse-"));
});
afterAll(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

function browse(...args: string[]) {
  const env = { ...process.env, FINE_R1_RUNS: path.join(folder, "runs") };
  return spawnSync(process.execPath, [CLI, "browse", ...args], { cwd: folder, encoding: "utf8", env });
}

/** Leaves in the store what TAPO answered to all 16 open questions of the smoke profile. */
async function answered(): Promise<void> {
  const lab = await labOf(loadProfile("smoke"), { progress: silent, store: path.join(folder, "runs", "store") });
  const stages = planRun(lab, quickstart, { only: ["tapo"] }).flatMap(({ asked }) => asked);
  const { answers: stage } = stages.find(({ setting }) => setting === "open")!;
  await makeOnce(lab, workOf(stage), {
    parse: (result) => stage.kind.parse(result),
    run: (place) => {
      const items = testItems(lab.dataset);
      const file = openAnswers(path.join(place, ANSWERS), { model: "tapo" });
      for (const { id, image, groundTruth } of items) {
        const { superCategory: domain, seen } = image.subCategory;
        file.append(answer({ id, image: image.id, domain, seen, truth: groundTruth, output: "?" }));
      }
      file.close();
      return Promise.resolve({ answers: items.length });
    },
  });
}

it("fine-r1 browse says what is missing, and how it is made", () => {
  const refused = (...args: string[]): string => {
    const { status, stderr } = browse(...args);
    expect([status, stderr.trim().split("\n").length]).toEqual([1, 1]);
    return stderr;
  };
  expect(refused("quickstart", "-p", "smoke")).toMatch(
    /quickstart, profile smoke: was not asked anything yet\. Run it first: npx fine-r1 run quickstart -p smoke/,
  );
  expect(refused("quikstart")).toMatch(/quikstart.*quickstart/);
  expect(refused("quickstart", "-p", "smoke", "--limit", "0")).toMatch(/"0" is no whole number from 1/);
});

it("fine-r1 browse writes a page of what is in the store, and says how large it is and what is left out", async () => {
  await answered();
  const { status, stdout } = browse("quickstart", "-p", "smoke");
  expect(status).toBe(0);
  const lines = stdout.trim().split("\n");
  expect(lines[0]).toMatch(/^16 of 16 pictures, models: CoT SFT \+ TAPO\. \d+ kB\.$/);
  expect(stdout).toMatch(
    /^Left out: Base, direct, closed questions: not asked with these settings\.$[^]*^… and 6 more; the page lists all\.$/m,
  );
  expect(lines.at(-1)).toBe(`Open it in a browser: ${path.join("runs", "quickstart", "smoke", "answers.html")}`);
  const page = path.join(folder, "runs", "quickstart", "smoke", "answers.html");
  expect(Number(/(\d+) kB/.exec(stdout)![1]) * 1000).toBeGreaterThanOrEqual(fs.statSync(page).size);
  const small = browse("quickstart", "-p", "smoke", "--limit", "5", "-o", "five.html");
  expect(small.stdout).toMatch(/^5 of 16 pictures, .* 11 are left out; all of them: --limit 16\.\n.*five\.html\n$/s);
  const five = fs.readFileSync(path.join(folder, "five.html"), "utf8");
  expect(five).toMatch(/^<!doctype html>/);
  expect(five).toContain("<summary>Left out: ");
});
