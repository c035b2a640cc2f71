import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createInterface } from "node:readline";
import { keyOf } from "../../src/store/key";
import { MACHINE, thisProcess } from "../../src/store/machine";
import type { Progress } from "../../src/core/progress";

/** What worker.mjs prints. */
export interface Said {
  readonly label?: string;
  readonly result?: number;
  readonly cached?: boolean;
  readonly error?: string;
}

export interface Worker {
  readonly pid: number;
  readonly child: ChildProcess;
  /** What it said so far. */
  readonly said: readonly Said[];
  /** All that it said, once it has ended. */
  readonly end: Promise<Said[]>;
}

/** Starts worker.mjs. */
export function startWorker(store: string, steps: number, milliseconds: number): Worker {
  const args = [path.join(__dirname, "worker.mjs"), store, String(steps), String(milliseconds)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const said: Said[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => said.push(JSON.parse(line) as Said));
  return { pid: child.pid!, child, said, end: once(child, "close").then(() => said) };
}

/** Keeps the workers of a store from taking a further step until it is called. */
export function hold(store: string): () => void {
  fs.writeFileSync(path.join(store, "hold"), "");
  return () => {
    fs.rmSync(path.join(store, "hold"));
  };
}

/** The folder of worker.mjs's work. */
export function stepsFolder(store: string, steps: number): string {
  return path.join(store, `steps-${keyOf({ kind: "steps", version: 1, inputs: { steps } }).slice(0, 10)}`);
}

/** The process that did each step. */
export function stepsDone(store: string, steps: number): number[] {
  const file = path.join(stepsFolder(store, steps), "steps");
  return fs.existsSync(file) ? fs.readFileSync(file, "utf8").trim().split("\n").map(Number) : [];
}

/** Waits until something holds. */
export async function soon(holds: () => boolean): Promise<void> {
  const began = Date.now();
  while (!holds()) {
    if (Date.now() - began > 20_000) throw new Error("it never came");
    await sleep(10);
  }
}

export { sleep };

/** What a lease of this process, or of another one by `changes`, says. */
export function leaseText(changes: object = {}): string {
  const times = { expirySeconds: 60, heartbeat: new Date(0).toISOString() };
  return JSON.stringify({ state: "held", token: "t", ...MACHINE, ...thisProcess(), ...times, ...changes });
}

/** Progress that keeps the labels of what began. */
export function listening(): { readonly progress: Progress; readonly labels: string[] } {
  const labels: string[] = [];
  const progress: Progress = {
    start: (label) => {
      labels.push(label);
      return { update: () => undefined, finish: () => undefined };
    },
  };
  return { progress, labels };
}
