import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { answerLines, chainParts } from "../../src/cli/askText";
import { silent } from "../../src/core/progress";
import { quickstart } from "../../src/experiments/quickstart";
import { labOf } from "../../src/lab/lab";
import { loadProfile } from "../../src/lab/profile";
import { planRun } from "../../src/lab/run";
import { workOf } from "../../src/lab/stage";
import { storeIn } from "./home";

const CLI = path.resolve("dist/cli.js");
let folder: string;
let drawn: ReturnType<typeof ask>;
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "fine-r1-ask-"));
  drawn = ask("-p", "smoke", "--example", "a bird.png");
});
afterAll(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

/** Runs the compiled command in the temporary folder, where its runs are as well. */
function ask(...args: string[]) {
  const env = { ...process.env, FINE_R1_RUNS: path.join(folder, "runs") };
  return spawnSync(process.execPath, [CLI, "ask", ...args], { cwd: folder, encoding: "utf8", env });
}

function refusal(...args: string[]): string {
  const { status, stdout, stderr } = ask(...args);
  expect([status, stdout]).toEqual([1, ""]);
  expect(stderr.trim().split("\n")).toHaveLength(1);
  return stderr.trim();
}

/** The smoke world's first unseen bird, which `--example` draws. */
const NAMES = "dridern flostaida,plesim flostaida,pugrir drukaica,solel flostaida";

describe("the lines about an answer", () => {
  it("give a terminal no orders, whatever a model says and however files and options are called", () => {
    const evil = "\x1b]0;owned\x07\u202e";
    const said = {
      output: `<think>${evil}</think><answer>${evil}</answer>`,
      answer: evil,
      probability: 0.5,
      options: [{ name: evil, probability: 0.5 }],
      finish: "stop" as const,
      tokens: 3,
    };
    const lines = answerLines({ file: evil, sizes: "8 × 8", said, seconds: 1, maxNewTokens: 9 });
    expect(lines.join("")).not.toMatch(/[\p{Cc}\u202e]/u);
    expect(lines.join("\n")).toContain("\\u001b]0;owned\\u0007\\u202e");
  });
});

describe("fine-r1 ask", () => {
  it("draws an example, asks the base about it, and says what to try next", () => {
    const { status, stdout, stderr } = drawn;
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^Model +the base of the profile smoke, .*smoke.base \(nothing trained in runs.store\)/);
    expect(stdout).toContain("Question  bird ? answer\n");
    expect(stdout).toContain("Picture   a bird.png, 56 × 56 pixels\n");
    expect(stdout).toMatch(/\nAnswer +\w+ \w+ {2}\d+\.\d %\n/);
    expect(stdout).toMatch(/\nTime +\d+\.\d s, 5 tokens\n/);
    expect(stdout).toContain("\nTruth     plesim flostaida, ");
    expect(stdout).toContain(`npx fine-r1 ask 'a bird.png' -p smoke --domain bird --options '${NAMES}'`);
  });

  it("shows the chain in its parts and a score for every option; several pictures one after the other", async () => {
    await sharp({ create: { width: 600, height: 300, channels: 3, background: "#358" } }).toFile(
      path.join(folder, "wide.jpg"),
    );
    const { status, stdout } = ask("a bird.png", "wide.jpg", "-p", "smoke", "--think", "--options", NAMES);
    expect(status).toBe(0);
    expect(stdout).toContain(`Question  bird options ${NAMES.replaceAll(",", " , ")} ? think\n`);
    expect(stdout).toMatch(/\nChain\n {2}analysis +\w+ \w+ \w+ \w+ \w+\n {2}candidates +\w+/);
    expect(stdout.match(/fits \d\n/g)?.length).toBeGreaterThanOrEqual(4); // a line for each candidate
    for (const name of NAMES.split(",")) expect(stdout).toMatch(new RegExp(`${name} +\\d+\\.\\d %`));
    // an area of 56² allows 79 × 39, cut to 56 × 28; that is half the processor's least area, so √2 times as long: 84 × 56
    expect(stdout).toContain("wide.jpg, 600 × 300 pixels, resized to 84 × 56 for this model (its world's pictures are");
  });

  it("takes the model that a run trained, TAPO before CoT SFT, and lets it think", async () => {
    const base = path.resolve("assets/smoke/base");
    const lab = await labOf(loadProfile("smoke"), { progress: silent });
    for (const [name, title] of [
      ["cot-sft", "CoT SFT"],
      ["tapo", "CoT SFT \\+ TAPO"],
    ] as const) {
      // as a finished training leaves it, but for the weights
      const training = planRun(lab, quickstart, { only: [name] })[0]?.training;
      const stage = path.join(storeIn(folder), `${training!.kind.kind}-${training!.key.slice(0, 10)}`);
      fs.cpSync(base, path.join(stage, "model"), { recursive: true });
      const ended = { result: {}, startedAt: "2026-01-01T00:00:00.000Z", seconds: 1, outputs: [] };
      fs.writeFileSync(path.join(stage, "stage.json"), JSON.stringify({ ...workOf(training!), ...ended }));
      const first = new RegExp(
        `^Model +${title}, trained in runs.store.${path.basename(stage)}\nQuestion +bird \\? think\n`,
      );
      expect(ask("a bird.png", "-p", "smoke").stdout).toMatch(first);
    }
    expect(ask("a bird.png", "-p", "smoke", "--no-think").stdout).toContain("bird ? answer");
    expect(ask("a bird.png", "-p", "smoke", "--checkpoint", base).stdout).toMatch(/^Model +.*smoke.base\n/);
  });

  it("refuses with the reason and the remedy", async () => {
    fs.writeFileSync(path.join(folder, "text.png"), "no picture");
    const line = { width: 1, height: 30_000, channels: 3, background: "#358" } as const;
    await sharp({ create: line }).toFile(path.join(folder, "line.png"));
    expect(refusal("line.png", "--checkpoint", "nowhere")).toMatch(/line\.png: a picture of 1 × 30000 .* 200 times/);
    const smoke = ["-p", "smoke"];
    expect(refusal()).toMatch(/no picture is named.*--example bird\.png/);
    expect(refusal("none.png")).toMatch(/none\.png: there is no such image/);
    expect(refusal("text.png")).toMatch(/text\.png: .*cannot be read/);
    expect(refusal(".")).toMatch(/is a folder, not a file/);
    expect(refusal("--example", ".", ...smoke)).toMatch(/is a folder, not a file/);
    expect(refusal("a bird.png", ...smoke, "--options", "plesim flostaida,solel sparrow")).toMatch(
      /vocabulary lacks the word "sparrow".*--example FILE/,
    );
    expect(refusal("a bird.png", ...smoke, "--domain", "boat")).toMatch(/vocabulary lacks the word "boat"/);
    expect(refusal("a bird.png", ...smoke, "--question", "what now ?")).toMatch(/lacks the word "what"/);
    expect(refusal("--example", "boat.png", ...smoke, "--domain", "boat")).toMatch(/no domain "boat".*bird, car/);
    expect(refusal("--example", "text.png", ...smoke)).toMatch(/text\.png: is already there/);
    expect(refusal("a bird.png", "--options", "one")).toMatch(/"one" is no list of options.*two or more/);
    expect(refusal("a bird.png", "--checkpoint", "nowhere")).toMatch(/nowhere: there is no such checkpoint/);
    expect(refusal("a bird.png", "--checkpoint", "text.png")).toMatch(/text\.png: is no folder/);
  });
});

describe("chainParts", () => {
  it("leaves another model's chain in its own lines", () => {
    expect(chainParts("1. analysis: a red crown\n\n2. so it is a finch")).toEqual([
      "1. analysis: a red crown",
      "2. so it is a finch",
    ]);
  });
});
