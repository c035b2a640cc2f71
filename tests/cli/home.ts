import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { expect } from "vitest";
import { listFinished, type FinishedRecord } from "../../src/store/store";

/** The command that users give (dist/, compiled), with its runs and results in a temporary folder: a home. */
export const ROOT = path.resolve(__dirname, "../..");
export const CLI = path.join(ROOT, "dist", "cli.js");

export function newHome(name: string): string {
  return fs.mkdtempSync(path.join(os.tmpdir(), `fine-r1-${name}-`));
}

export function removeHome(home: string): void {
  fs.rmSync(home, { recursive: true, force: true });
}

/** The folder of the smoke profile's quickstart. */
export const reportIn = (home: string): string => path.join(home, "runs", "quickstart", "smoke");
export const recordIn = (home: string): string => path.join(home, "results", "quickstart", "smoke");
export const storeIn = (home: string): string => path.join(home, "runs", "store");

export function environmentOf(home: string): NodeJS.ProcessEnv {
  return { ...process.env, FINE_R1_RUNS: path.join(home, "runs"), FINE_R1_RESULTS: path.join(home, "results") };
}

/** Runs a command to its end. */
export function fineR1(home: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const options = { cwd: ROOT, encoding: "utf8", env: { ...environmentOf(home), ...env } } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], options);
  return { status, stdout, stderr };
}

/** What a command prints that must succeed. */
export function printed(home: string, ...args: string[]): string {
  const { status, stdout, stderr } = fineR1(home, args);
  expect(status, stderr).toBe(0);
  return stdout;
}

/** The error of a command that must fail before it does anything: one line, exit code 1. */
export function refusal(home: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): string {
  const { status, stdout, stderr } = fineR1(home, args, env);
  expect([status, stdout]).toEqual([1, ""]);
  expect(stderr.trim().split("\n")).toHaveLength(1);
  expect(stderr).not.toMatch(/\bat .*\.js:\d+/); // no stack
  return stderr.trim();
}

/** A command at work. */
export interface Started {
  readonly child: ChildProcess;
  /** "exit 0", or the signal that ended it, and what it wrote. */
  readonly end: Promise<{ readonly how: string; readonly out: string; readonly errors: string }>;
}

export function startFineR1(home: string, args: readonly string[]): Started {
  const child = spawn(process.execPath, [CLI, ...args], { cwd: ROOT, env: environmentOf(home), stdio: "pipe" });
  let [out, errors] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  const end = new Promise<Awaited<Started["end"]>>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      resolve({ how: signal ?? `exit ${String(code)}`, out, errors });
    });
  });
  return { child, end };
}

/** The finished stages of a home, the oldest first. */
export function stagesIn(home: string): FinishedRecord[] {
  return listFinished(storeIn(home));
}

/** How many stages of each kind are finished. */
export function kindsIn(home: string): Record<string, number> {
  const kinds: Record<string, number> = {};
  for (const { kind } of stagesIn(home)) kinds[kind] = (kinds[kind] ?? 0) + 1;
  return kinds;
}

/** The folders of a kind's stages, finished or not. */
export function foldersOf(home: string, kind: string): string[] {
  const store = storeIn(home);
  if (!fs.existsSync(store)) return [];
  const names = fs.readdirSync(store).filter((name) => name.replace(/-[0-9a-f]{10}$/, "") === kind);
  return names.map((name) => path.join(store, name)).sort();
}

/** Lines in all files of that name of a kind's stages. */
export function linesOf(home: string, kind: string, file: string): number {
  const files = foldersOf(home, kind).map((folder) => path.join(folder, file));
  const texts = files.filter((each) => fs.existsSync(each)).map((each) => fs.readFileSync(each, "utf8"));
  return texts.reduce((sum, text) => sum + text.split("\n").length - 1, 0);
}

/** The lines of a training's metrics.jsonl without the times they took. */
export function withoutSeconds(metrics: string): string {
  return metrics.replace(/,?"[a-z]*seconds":[^,}]+/gi, "");
}

/** A folder's measurements, without when and where they were made. */
export function measuredIn(folder: string): unknown[] {
  const text = fs.readFileSync(path.join(folder, "measurements.json"), "utf8");
  return (JSON.parse(text) as { measurements: unknown[] }).measurements;
}

/** The processes that a process has started and that live, by their parents' numbers in /proc. */
export function childrenOf(parent: number): number[] {
  return fs
    .readdirSync("/proc")
    .filter((name) => /^\d+$/u.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const stat = fs.readFileSync(`/proc/${pid}/stat`, "latin1");
        const [state, ppid] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
        return Number(ppid) === parent && state !== "Z";
      } catch {
        return false; // it has just ended
      }
    });
}
