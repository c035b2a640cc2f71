import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { LabError } from "../core/errors";
import { readJson, requireWritable, unwritable, writeJson } from "../core/files";
import { silent, type Progress } from "../core/progress";

/** Where an experiment keeps its work, and how it reports. */
export interface RunContext {
  /** runs/<experiment>/<profile>: one folder a stage. */
  readonly folder: string;
  readonly progress: Progress;
  readonly signal?: AbortSignal | undefined;
}

/** A finished stage: what it returned, and the key that later stages build theirs on. */
export interface Finished<T> {
  readonly key: string;
  readonly folder: string;
  readonly result: T;
  /** True when an earlier run had finished it. */
  readonly cached: boolean;
  readonly seconds: number;
}

interface StageFile<T> {
  readonly stage: string;
  readonly inputs: unknown;
  readonly result: T;
  readonly startedAt: string;
  readonly seconds: number;
}

/**
 * Runs a stage once for its inputs. The folder's name holds a hash of the inputs (configs, seeds, keys of earlier
 * stages), so a changed input makes a new folder and everything that depends on it, and nothing else, runs again. A
 * stage that was killed finds its own files (checkpoints, records) when it is run again.
 * @param body does the work in its folder and returns plain JSON
 */
export async function runStage<T>(
  context: RunContext,
  name: string,
  inputs: unknown,
  body: (folder: string) => Promise<T>,
): Promise<Finished<T>> {
  const key = digest({ name, inputs });
  const folder = path.join(context.folder, `${name}-${key.slice(0, 10)}`);
  const file = path.join(folder, "stage.json");
  if (fs.existsSync(file)) {
    const saved = readJson(file) as StageFile<T>;
    return { key, folder, result: saved.result, cached: true, seconds: saved.seconds };
  }
  const release = lock(folder);
  try {
    const startedAt = new Date();
    const result = await body(folder);
    const seconds = (Date.now() - startedAt.getTime()) / 1000;
    const record: StageFile<T> = { stage: name, inputs, result, startedAt: startedAt.toISOString(), seconds };
    writeJson(file, record);
    return { key, folder, result, cached: false, seconds };
  } finally {
    release();
  }
}

/**
 * Removes what finished and unfinished stages left in a run folder, so that all of them are made anew.
 * @throws LabError when one of them is in use; those before it are gone then
 */
export function forgetStages(folder: string): void {
  if (!fs.existsSync(folder)) return;
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const at = path.join(folder, entry.name);
    const release = entry.isDirectory() ? lock(at) : undefined;
    try {
      fs.rmSync(at, { recursive: true, force: true });
    } finally {
      release?.();
    }
  }
}

/** A context that reports nothing, for tests and scripts. */
export function quietContext(folder: string): RunContext {
  return { folder, progress: silent };
}

/** SHA-256 of a value's JSON with sorted keys. */
export function digest(value: unknown): string {
  return createHash("sha256").update(stableJson(value)).digest("hex");
}

/** JSON with the keys of every object sorted, so that equal values give equal text. */
export function stableJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(stableJson).join(",")}]`;
  if (typeof value !== "object" || value === null) return value === undefined ? "null" : JSON.stringify(value);
  const entries = Object.entries(value).filter(([, v]) => v !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([k, v]) => `${JSON.stringify(k)}:${stableJson(v)}`).join(",")}}`;
}

/** Locks of this process: a process id alone does not tell them from those of an earlier process of the same id. */
const held = new Set<string>();

/**
 * Keeps two runs out of one folder, of this process (an interrupted notebook cell may still be at work) or of another.
 * A lock left by a process that is gone is taken over.
 */
function lock(folder: string): () => void {
  requireWritable(folder);
  const file = path.resolve(folder, "lock");
  while (!claim(file)) {
    const owner = readOwner(file);
    if (held.has(file) || (owner !== process.pid && isRunning(owner))) {
      throw new LabError(`is in use by process ${owner}`, "Wait for it to end, or stop it, then run again.", {
        subject: folder,
      });
    }
    fs.rmSync(file, { force: true });
  }
  held.add(file);
  return () => {
    held.delete(file);
    fs.rmSync(file, { force: true });
  };
}

/** Makes the lock file, complete with its owner; `false` where there is one. */
function claim(file: string): boolean {
  const own = `${file}.${process.pid}`;
  try {
    fs.writeFileSync(own, String(process.pid));
    fs.linkSync(own, file);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw unwritable(file, error);
  } finally {
    fs.rmSync(own, { force: true });
  }
}

/** The process that wrote the lock; 0 where the lock has just gone or holds no number. */
function readOwner(file: string): number {
  try {
    return Number(fs.readFileSync(file, "utf8")) || 0;
  } catch {
    return 0;
  }
}

function isRunning(pid: number): boolean {
  if (pid <= 0) return false; // 0 would ask about this process's own group
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM"; // another user's
  }
}
