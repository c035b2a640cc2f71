import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { CLI, environmentOf, foldersOf, newHome, printed, removeHome, ROOT, storeIn, withoutSeconds } from "./home";

/** Ctrl-C, pressed in a real terminal (tests/cli/terminal.py) in the middle of a training run. */
// 20 chains in batches of 8 are 3 steps an epoch: 30 steps, a checkpoint every 10
const JOB = ["run", "quickstart", "-p", "smoke", "--only", "cot-sft", "--set", "sft.epochs=10"];
const pressed = z.object({ code: z.number(), output: z.string() });

let scratch = "";
beforeAll(() => {
  scratch = newHome("stop");
});
afterAll(() => {
  removeHome(scratch);
});

interface Run {
  readonly home: string;
  readonly term?: string;
  /** Lines of metrics.jsonl at which Ctrl-C is pressed. */
  readonly at: number;
}

async function pressCtrlC(
  args: readonly string[],
  { home, at, term = "xterm" }: Run,
): Promise<z.infer<typeof pressed>> {
  const python = path.join(ROOT, ".venv", "bin", "python");
  const metrics = path.join(storeIn(home), "sft-*", "metrics.jsonl");
  const command = [path.join(__dirname, "terminal.py"), metrics, String(at), process.execPath, CLI, ...args];
  const child = spawn(python, command, { env: { ...environmentOf(home), TERM: term }, stdio: ["ignore", "pipe", "inherit"] }); // prettier-ignore
  let out = "";
  child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
  await new Promise<void>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", () => {
      resolve();
    });
  });
  return pressed.parse(JSON.parse(out));
}

/** The folders of trainings, and their steps without their times. */
function trainings(home: string): { folder: string; steps: string[] }[] {
  return foldersOf(home, "sft").map((folder) => {
    const lines = withoutSeconds(fs.readFileSync(path.join(folder, "metrics.jsonl"), "utf8"));
    return { folder, steps: lines.trimEnd().split("\n") };
  });
}

function training(home: string) {
  return trainings(home)[0] ?? { folder: "", steps: [] };
}

describe("Ctrl-C", () => {
  it("saves a checkpoint, says where the run stopped and how it goes on, and goes on to the same numbers", async () => {
    const home = path.join(scratch, "stopped");
    const { code, output } = await pressCtrlC([...JOB, "--fresh"], { home, at: 13 });
    expect(code).toBe(130);
    const { folder, steps } = training(home);
    expect(steps.length).toBeGreaterThanOrEqual(13);
    expect(steps.length).toBeLessThan(30);
    expect(fs.readdirSync(folder)).toContain(`checkpoint-${steps.length}`);
    const leases = path.join(storeIn(home), "leases");
    const states = fs.readdirSync(leases).map((name) => fs.readFileSync(path.join(leases, name), "utf8"));
    expect(states, "its lease is let go").toEqual([expect.stringContaining('"state":"free"')]);
    expect(output).toContain(`Stopped in "cot-sft" after ${steps.length} of 30`);
    // the same command, but for --fresh, which would throw the work away
    expect(output).toContain(`npx fine-r1 ${JOB.join(" ")}\r\n`);
    expect(output, "no mode of the terminal was changed").not.toContain("\u001b[?");
    expect(output).toMatch(/\/30 {2}stopped after/);

    const whole = path.join(scratch, "whole");
    for (const each of [home, whole]) printed(each, ...JOB);
    expect(training(home).steps).toEqual(training(whole).steps);
  });

  it("stops all stages that run side by side, each with its checkpoint, and goes on with each to the same numbers", async () => {
    const both = [...JOB, "--seeds", "1-2", "--workers", "2"];
    const home = path.join(scratch, "both");
    const { code, output } = await pressCtrlC(both, { home, at: 24 });
    expect(code).toBe(130);
    const kept = trainings(home);
    expect(kept.length).toBe(2);
    for (const { folder, steps } of kept) {
      expect(steps.length).toBeLessThan(30);
      expect(fs.readdirSync(folder)).toContain(`checkpoint-${steps.length}`);
    }
    const places = [...output.matchAll(/^ {2}in "(seed \d), cot-sft" after (\d+) of 30\r$/gm)];
    expect(places.map(([, seed]) => seed).sort()).toEqual(["seed 1", "seed 2"]);
    const numbers = (all: readonly number[]): number[] => [...all].sort((a, b) => a - b);
    expect(numbers(places.map(([, , done]) => Number(done)))).toEqual(numbers(kept.map(({ steps }) => steps.length)));
    expect(output).toMatch(/all stages .* 2\/\d+ {2}stopped after/);

    const whole = path.join(scratch, "one-by-one");
    printed(home, ...both);
    printed(whole, ...JOB, "--seeds", "1-2", "--workers", "1");
    const stepsIn = (each: string) => trainings(each).map(({ folder, steps }) => [path.basename(folder), steps]);
    expect(stepsIn(home)).toEqual(stepsIn(whole));
  }, 240_000); // four runs

  it("shows a terminal without control sequences plain lines", async () => {
    const { code, output } = await pressCtrlC(JOB, { home: path.join(scratch, "dumb"), at: 5, term: "dumb" });
    expect(code).toBe(130);
    expect(output).not.toContain("\u001b");
    expect(output).toMatch(/cot-sft: \d+\/30, stopped after/);
  });

  it("ends at once what cannot be resumed", async () => {
    const { code } = await pressCtrlC(["doctor"], { home: scratch, at: 0 });
    expect(code).toBe(-os.constants.signals.SIGINT);
  });
});
