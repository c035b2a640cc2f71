import { spawn, type ChildProcess } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

/** Runs of the command that users give, each in a home of its own, and what they leave there. */
export const ROOT = path.resolve(__dirname, "../..");
const CLI = path.join(ROOT, "dist", "cli.js");
export const QUICKSTART = ["run", "quickstart", "--profile", "smoke"];

/** A run that takes longer hangs. */
const LONGEST = 600_000;

export function newHome(name: string): string {
  return fs.mkdtempSync(path.join(os.tmpdir(), `fine-r1-storm-${name}-`));
}

/** How a run ended: "done", "said" (an error of ours, in plain words), "killed", "hangs", or "crashed" with a stack. */
export interface Ended {
  readonly how: "done" | "said" | "killed" | "hangs" | "crashed";
  readonly errors: string;
}

export interface Run {
  readonly child: ChildProcess;
  readonly end: Promise<Ended>;
}

/** @param shell a command that gets the run's own command line as its arguments, such as one that sets limits */
export function start(command: readonly string[], home: string, shell: readonly string[] = [], env = {}): Run {
  const [program = process.execPath, ...args] = [...shell, process.execPath, CLI, ...command];
  const child = spawn(program, args, {
    cwd: ROOT,
    detached: true, // a group of its own, which can be killed as a whole
    env: { ...process.env, FINE_R1_RESULTS: path.join(home, "results"), FINE_R1_RUNS: path.join(home, "runs"), ...env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let errors = "";
  let late = false;
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  const timer = setTimeout(() => {
    late = true;
    kill(child);
  }, LONGEST);
  const end = new Promise<Ended>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      const stack = /^\s+at .+:\d+:\d+\)?$/m.test(errors);
      const how = late ? "hangs" : signal !== null ? "killed" : code === 0 ? "done" : stack ? "crashed" : "said";
      resolve({ how, errors });
    });
  });
  return { child, end };
}

/** Kills a run and its children at once. */
export function kill(child: ChildProcess): void {
  try {
    process.kill(-(child.pid ?? 0), "SIGKILL");
  } catch {
    // it has just ended by itself
  }
}

export const sleep = (milliseconds: number): Promise<void> => new Promise((go) => setTimeout(go, milliseconds));

/** All files of a home, as relative paths. */
export function filesOf(home: string): string[] {
  return fs
    .readdirSync(home, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(home, path.join(entry.parentPath, entry.name)))
    .sort();
}

/** What a run is for: the table's numbers, the weights, every answer and every step's figures, without times. */
export function outcome(home: string): Record<string, string> {
  const kept = filesOf(home).filter((file) => /(rows\.json|\.jsonl|\.safetensors)$/.test(file));
  return Object.fromEntries(kept.map((file) => [file, contentOf(path.join(home, file))]));
}

function contentOf(file: string): string {
  if (path.basename(file) !== "metrics.jsonl") return createHash("sha256").update(fs.readFileSync(file)).digest("hex");
  return fs.readFileSync(file, "utf8").replace(/,?"[a-z]*seconds":[^,}]+/gi, "");
}

/** Files that only a run at work may have. */
export function leftovers(home: string): string[] {
  return filesOf(home).filter((file) => /(\.tmp-|\.old-|checkpoint-\d|\/leases\/|\.writable)/.test(file));
}

/** The folder of a stage that has the file, once there is one. */
export function stageFolder(home: string, stage: string, file: string): string | undefined {
  const runs = path.join(home, "runs", "quickstart", "smoke");
  if (!fs.existsSync(runs)) return undefined;
  const own = fs.readdirSync(runs).filter((name) => name.replace(/-[0-9a-f]{10}$/, "") === stage);
  return own.map((name) => path.join(runs, name)).find((folder) => fs.existsSync(path.join(folder, file)));
}
