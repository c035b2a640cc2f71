import * as fs from "node:fs";
import * as path from "node:path";
import { z } from "zod";
import { requireSlug } from "../config/slug";
import { readStored } from "../config/stored";
import { LabError, messageOf } from "../core/errors";
import { requireWritable, unwritable, writeJson } from "../core/files";
import { isRunning, sweepLeftovers } from "../core/leftovers";
import { silent, type Progress } from "../core/progress";
import { digest, stableJson } from "./key";

export { digest, stableJson };

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

/** stage.json. */
const recordSchema = z.strictObject({
  stage: z.string(),
  inputs: z.unknown(),
  result: z.unknown(),
  startedAt: z.string(),
  seconds: z.number(),
});
export type StageRecord = z.infer<typeof recordSchema>;

/** What a stage does, and how its result is read again. */
export interface StageBody<T> {
  /** Does the work in its folder and returns plain JSON. */
  run(folder: string): Promise<T>;
  /** Checks a result that was read from disk; throws an error that says what is wrong. */
  parse(result: unknown): T;
}

/**
 * Runs a stage once for its inputs. The folder's name holds a hash of the inputs (configs, seeds, keys of earlier
 * stages), so a changed input makes a new folder and everything that depends on it, and nothing else, runs again. A
 * stage that was killed finds its own files (checkpoints, records) when it is run again.
 */
export async function runStage<T>(
  context: RunContext,
  name: string,
  inputs: unknown,
  body: StageBody<T>,
): Promise<Finished<T>> {
  requireSlug(name, "a stage");
  const key = digest({ name, inputs });
  const folder = path.join(context.folder, `${name}-${key.slice(0, 10)}`);
  const finished = (): Finished<T> | undefined => readFinished(folder, key, body);
  const before = finished();
  if (before !== undefined) return before;
  sweepLeftovers(context.folder);
  const release = lock(folder);
  try {
    const meanwhile = finished(); // another process may have ended just before the lock was ours
    if (meanwhile !== undefined) return meanwhile;
    sweepLeftovers(folder, () => true);
    const startedAt = new Date().toISOString();
    const began = performance.now(); // a clock that nobody sets back
    const result = await body.run(folder);
    const seconds = (performance.now() - began) / 1000;
    const record: StageRecord = { stage: name, inputs, result, startedAt, seconds };
    writeJson(path.join(folder, "stage.json"), record);
    return { key, folder, result, cached: false, seconds };
  } finally {
    release();
  }
}

/** What a stage left when it was finished; `undefined` where it was not. */
function readFinished<T>(folder: string, key: string, body: StageBody<T>): Finished<T> | undefined {
  const record = readRecord(folder);
  if (record === undefined) return undefined;
  const file = path.join(folder, "stage.json");
  const remedy = remedyFor(folder);
  const { stage: name, inputs, result, seconds } = record;
  if (digest({ name, inputs }) !== key)
    throw new LabError("is the record of another stage or of other inputs", remedy, { subject: file });
  try {
    return { key, folder, result: body.parse(result), cached: true, seconds };
  } catch (error) {
    const reason = `holds no result of the stage "${name}" (${messageOf(error)})`;
    throw new LabError(reason, remedy, { subject: file, cause: error });
  }
}

/** What the stage of a folder was made from and left; `undefined` where none is finished. */
export function readRecord(folder: string): StageRecord | undefined {
  const file = path.join(folder, "stage.json");
  if (!fs.existsSync(file)) return undefined;
  return readStored(file, recordSchema, "record of a stage", remedyFor(folder));
}

function remedyFor(folder: string): string {
  return `Remove ${folder}, and the stage is made again.`;
}

/**
 * Removes what finished and unfinished stages left in a run folder, so that all of them are made anew.
 * @throws LabError when one of them is in use; those before it are gone then
 */
export function forgetStages(folder: string): void {
  if (!fs.existsSync(folder)) return;
  requireWritable(folder);
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
    if (isHeld(file)) {
      const owner = readOwner(file) || "(just starting)";
      throw new LabError(`is in use by process ${owner}`, "Wait for it to end, or stop it, then run again.", {
        subject: folder,
      });
    }
    removeStale(file);
  }
  held.add(file);
  return () => {
    held.delete(file);
    fs.rmSync(file, { force: true });
  };
}

/** Makes the lock file and writes its owner into it; `false` where there is one. No hard link: not every file system has them. */
function claim(file: string): boolean {
  try {
    fs.writeFileSync(file, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw unwritable(file, error);
  }
}

/** Whether a lock keeps others out: its owner is alive, or about to write its number. */
function isHeld(file: string): boolean {
  const owner = readOwner(file);
  return held.has(file) || (owner !== process.pid && isRunning(owner)) || (owner === 0 && isYoung(file));
}

/**
 * Removes a lock whose owner is gone. Of several processes one at a time does so, and looks again first: the lock may
 * be that of another one by now, which came before. A guard is held for a moment only; an older one was left by a kill.
 */
function removeStale(file: string): void {
  const guard = `${file}.guard`;
  if (!claim(guard)) {
    if (!isYoung(guard)) fs.rmSync(guard, { force: true });
    return;
  }
  try {
    if (!isHeld(file)) fs.rmSync(file, { recursive: true, force: true });
  } finally {
    fs.rmSync(guard, { force: true });
  }
}

/** Whether a lock may still get its owner: between its making and its writing it is empty for a moment. */
function isYoung(file: string): boolean {
  const made = fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs;
  return made !== undefined && Math.abs(Date.now() - made) < 1000;
}

/** The process that wrote the lock; 0 where the lock has just gone or holds no number. */
function readOwner(file: string): number {
  try {
    return Number(fs.readFileSync(file, "utf8")) || 0;
  } catch {
    return 0;
  }
}
