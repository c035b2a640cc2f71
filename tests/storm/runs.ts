import { spawn, type ChildProcess } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { childrenOf, CLI, environmentOf, newHome as homeOf, ROOT, withoutSeconds } from "../cli/home";

/** Runs of the command that users give, each in a home of its own, and what they leave there. */
export { ROOT };
export const QUICKSTART = ["run", "quickstart", "--profile", "smoke"];

/** A run that takes longer hangs. */
const LONGEST = 600_000;

export const newHome = (name: string): string => homeOf(`storm-${name}`);

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
    env: { ...environmentOf(home), FINE_R1_WORKERS: "2", ...env },
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

/** The worker processes of a run. */
export const workersOf = ({ child }: Run): number[] => childrenOf(child.pid ?? 0);

/** Kills a run, whose workers then end by themselves. */
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

/** What a run is for: its measurements, the weights, every answer and every step's figures, without times. */
export function outcome(home: string): Record<string, string> {
  const kept = filesOf(home).filter((file) => /(measurements\.json|\.jsonl|\.safetensors)$/.test(file));
  return Object.fromEntries(kept.map((file) => [file, contentOf(path.join(home, file))]));
}

/** The measurements alone, which a run publishes. */
export function published(home: string): Record<string, string> {
  return Object.fromEntries(Object.entries(outcome(home)).filter(([file]) => file.endsWith("measurements.json")));
}

function contentOf(file: string): string {
  const name = path.basename(file);
  if (name === "metrics.jsonl") return withoutSeconds(fs.readFileSync(file, "utf8"));
  if (name === "measurements.json") return fs.readFileSync(file, "utf8").replaceAll(/"at": "[^"]+"/g, "");
  return createHash("sha256").update(fs.readFileSync(file)).digest("hex");
}

/** Files that only a run at work may have. */
export function leftovers(home: string): string[] {
  return filesOf(home).filter((file) => /(\.tmp-|\.old-|checkpoint-\d|\/leases\/|\.writable)/.test(file));
}
