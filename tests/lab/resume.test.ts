import { spawn, type ChildProcess } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Random } from "../../src/core/random";

/**
 * `kill -9` in the middle of CoT SFT, of TAPO and of an evaluation, then the same command: it goes on and ends with the
 * numbers of a run that nobody disturbed. The command is the one that users give; the kills are real.
 */
const ROOT = path.resolve(__dirname, "../..");
const COMMAND = [path.join(ROOT, "dist", "cli.js"), "run", "quickstart", "--profile", "smoke"];
let scratch = "";
let undisturbed = "";

beforeAll(async () => {
  scratch = fs.mkdtempSync(path.join(os.tmpdir(), "fine-r1-resume-"));
  undisturbed = path.join(scratch, "undisturbed");
  expect(await start(undisturbed).end).toBe("exit 0");
}, 180_000);

afterAll(() => {
  fs.rmSync(scratch, { recursive: true, force: true });
});

describe("a quickstart that is killed", () => {
  // The lines that a stage must have written before the kill: beyond a checkpoint (SFT keeps one every 10 of its 15
  // steps, TAPO every 3 of its 10), or some of the records (a head and 16 of them, 4 at a time).
  const random = new Random("moments of the kills");
  const moments: readonly [stage: string, file: string, lines: number][] = [
    ["cot-sft", "metrics.jsonl", 11 + random.integer(3)],
    ["tapo", "metrics.jsonl", 4 + random.integer(5)],
    ["eval-tapo", "records.jsonl", 2 + random.integer(9)],
  ];

  it("goes on where it was and ends with the same numbers", async () => {
    const disturbed = path.join(scratch, "disturbed");
    for (const [stage, file, lines] of moments) {
      const run = start(disturbed);
      await killAfter(run, disturbed, stage, file, lines);
      expect(await run.end, `killed in ${stage}`).toBe("SIGKILL");
      const folder = stageFolder(disturbed, stage, file);
      expect(fs.existsSync(path.join(folder ?? "", "stage.json")), `${stage} was not yet done`).toBe(false);
      if (stage !== "eval-tapo") {
        const kept = fs.readdirSync(folder ?? "").filter((name) => /^checkpoint-\d+$/.test(name));
        expect(kept, `${stage} has something to go on from`).not.toEqual([]);
      }
    }
    expect(await start(disturbed).end).toBe("exit 0");

    expect(rows(disturbed)).toEqual(rows(undisturbed));
    for (const stage of ["cot-sft", "tapo"]) expect(figures(disturbed, stage)).toEqual(figures(undisturbed, stage));
    expect(records(disturbed)).toEqual(records(undisturbed));
  }, 180_000);

  it("does nothing again when it is run once more", async () => {
    const stages = () => stagesOf(undisturbed).map((name) => [name, modified(undisturbed, name)]);
    const finished = stages();
    expect(await start(undisturbed).end).toBe("exit 0");
    expect(stages()).toEqual(finished);
  }, 60_000);
});

interface Run {
  readonly child: ChildProcess;
  /** "exit 0", or the signal that ended it. */
  readonly end: Promise<string>;
  /** What it has written to its error stream. */
  errors(): string;
}

function start(home: string): Run {
  const env = {
    ...process.env,
    FINE_R1_RESULTS: path.join(home, "results"),
    FINE_R1_RUNS: path.join(home, "runs"),
  };
  const child = spawn(process.execPath, COMMAND, { cwd: ROOT, env, stdio: ["ignore", "ignore", "pipe"] });
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  const end = new Promise<string>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      resolve(signal ?? `exit ${String(code)}`);
    });
  });
  return { child, end, errors: () => errors };
}

/** Kills the run as soon as a file of a stage holds so many lines. @throws when the run ends before */
async function killAfter(run: Run, home: string, stage: string, file: string, lines: number): Promise<void> {
  while (lineCount(home, stage, file) < lines) {
    if (run.child.exitCode !== null) throw new Error(`the run ended before ${stage}:\n${run.errors()}`);
    await new Promise((go) => setTimeout(go, 3));
  }
  run.child.kill("SIGKILL");
}

function lineCount(home: string, stage: string, file: string): number {
  const folder = stageFolder(home, stage, file);
  return folder === undefined ? 0 : fs.readFileSync(path.join(folder, file), "utf8").split("\n").length - 1;
}

function runs(home: string): string {
  return path.join(home, "runs", "quickstart", "smoke");
}

/** The folder of the first stage of that name that has the file; folders are named after the stage and its inputs' hash. */
function stageFolder(home: string, stage: string, file: string): string | undefined {
  if (!fs.existsSync(runs(home))) return undefined;
  const own = fs.readdirSync(runs(home)).filter((name) => name.replace(/-[0-9a-f]{10}$/, "") === stage);
  return own.map((name) => path.join(runs(home), name)).find((folder) => fs.existsSync(path.join(folder, file)));
}

/** The folders of the stages: everything but the report, which each run writes. */
function stagesOf(home: string): string[] {
  return fs.readdirSync(runs(home)).filter((name) => name !== "report");
}

function modified(home: string, name: string): number {
  return fs.statSync(path.join(runs(home), name)).mtimeMs;
}

function rows(home: string): unknown {
  return JSON.parse(fs.readFileSync(path.join(runs(home), "report", "rows.json"), "utf8"));
}

/** Loss, reward and all else of every step, without the times it took. */
function figures(home: string, stage: string): unknown[] {
  const folder = stageFolder(home, stage, "metrics.jsonl") ?? "";
  const lines = fs.readFileSync(path.join(folder, "metrics.jsonl"), "utf8").trimEnd().split("\n");
  return lines.map((line) => {
    const entries = Object.entries(JSON.parse(line) as Record<string, number>);
    return Object.fromEntries(entries.filter(([name]) => !/seconds$/i.test(name)));
  });
}

/** Every record of every evaluation, in order. */
function records(home: string): string[] {
  const folders = fs.readdirSync(runs(home)).filter((name) => name.startsWith("eval-"));
  return folders.map((name) => fs.readFileSync(path.join(runs(home), name, "records.jsonl"), "utf8"));
}
