import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { readJsonl } from "../../src/core/files";

/** Ctrl-C, pressed in a real terminal (tests/cli/terminal.py) in the middle of a training run. */
const ROOT = path.resolve(__dirname, "../..");
const CLI = path.join(ROOT, "dist", "cli.js");
// 20 chains in batches of 8 are 3 steps an epoch: 30 steps, a checkpoint every 10
const JOB = ["run", "quickstart", "-p", "smoke", "--rows", "cot-sft", "--set", "sftCot.epochs=10"];
const pressed = z.object({ code: z.number(), output: z.string() });

let scratch = "";
beforeAll(() => {
  scratch = fs.mkdtempSync(path.join(os.tmpdir(), "fine-r1-stop-"));
});
afterAll(() => {
  fs.rmSync(scratch, { recursive: true, force: true });
});

interface Run {
  readonly runs: string;
  readonly term?: string;
  /** Lines of metrics.jsonl at which Ctrl-C is pressed. */
  readonly at: number;
}

async function pressCtrlC(
  args: readonly string[],
  { runs, at, term = "xterm" }: Run,
): Promise<z.infer<typeof pressed>> {
  const python = path.join(ROOT, ".venv", "bin", "python");
  const script = path.join(__dirname, "terminal.py");
  const metrics = path.join(runs, "quickstart", "*", "cot-sft-*", "metrics.jsonl");
  const command = [process.execPath, CLI, ...args];
  const { out } = await run(python, [script, metrics, String(at), ...command], { ...variables(runs), TERM: term });
  return pressed.parse(JSON.parse(out));
}

function variables(runs: string): NodeJS.ProcessEnv {
  return { ...process.env, FINE_R1_RUNS: runs, FINE_R1_RESULTS: path.join(scratch, "results") };
}

function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv) {
  const child = spawn(program, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  let [out, errors] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  return new Promise<{ code: number | null; out: string; errors: string }>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      resolve({ code, out, errors });
    });
  });
}

/** The training's folder, and its steps without their times. */
function training(runs: string) {
  const [name] = fs.readdirSync(path.join(runs, "quickstart"));
  const stages = path.join(runs, "quickstart", name ?? "");
  const folder = path.join(stages, fs.readdirSync(stages).find((entry) => entry.startsWith("cot-sft-")) ?? "");
  const steps = readJsonl(path.join(folder, "metrics.jsonl"), (line) => z.record(z.string(), z.number()).parse(line));
  return { folder, steps: steps.map((step) => ({ ...step, seconds: 0 })) };
}

describe("Ctrl-C", () => {
  it("saves a checkpoint, says where the run stopped and how it goes on, and goes on to the same numbers", async () => {
    const runs = path.join(scratch, "stopped");
    const { code, output } = await pressCtrlC([...JOB, "--fresh"], { runs, at: 13 });
    expect(code).toBe(130);
    const { folder, steps } = training(runs);
    expect(steps.length).toBeGreaterThanOrEqual(13);
    expect(steps.length).toBeLessThan(30);
    expect(fs.readdirSync(folder)).toContain(`checkpoint-${steps.length}`);
    expect(fs.readdirSync(folder)).not.toContain("lock");
    expect(output).toContain(`Stopped in "cot-sft" after ${steps.length} of 30`);
    // the same command, but for --fresh, which would throw the work away
    expect(output).toContain(`npx fine-r1 ${JOB.join(" ")}\r\n`);
    expect(output, "no mode of the terminal was changed").not.toContain("\u001b[?");
    expect(output).toMatch(/\/30 {2}stopped after/);

    const whole = path.join(scratch, "whole");
    for (const folder of [runs, whole]) {
      expect((await run(process.execPath, [CLI, ...JOB], variables(folder))).code).toBe(0);
    }
    expect(training(runs).steps).toEqual(training(whole).steps);
  });

  it("shows a terminal without control sequences plain lines", async () => {
    const { code, output } = await pressCtrlC(JOB, { runs: path.join(scratch, "dumb"), at: 5, term: "dumb" });
    expect(code).toBe(130);
    expect(output).not.toContain("\u001b");
    expect(output).toMatch(/cot-sft: \d+\/30, stopped after/);
  });

  it("ends at once what cannot be resumed", async () => {
    const { code } = await pressCtrlC(["doctor"], { runs: scratch, at: 0 });
    expect(code).toBe(-os.constants.signals.SIGINT);
  });
});
