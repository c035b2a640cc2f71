/**
 * The store keeps what stages made: `<store>/<kind>-<first 10 of the key>`, one folder for each piece of work, whoever
 * asked for it, and `<store>/leases`, which says who is at work. A stage's folder holds what its body wrote, and
 * `stage.json`. No reports and no names of experiments belong here,
 * and nothing that is not made again when it is removed.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { requireSlug } from "../config/slug";
import { LabError, messageOf } from "../core/errors";
import { removeQuietly, requireWritable, unwritable, writeJson } from "../core/files";
import { sweepLeftovers } from "../core/leftovers";
import { asTask, type Progress } from "../core/progress";
import type { Workers } from "../workers/job";
import { keyOf, toJson, type Work } from "./key";
import { takeLease, type Lease } from "./lease";
import { differenceOf, filesIn, outputsOf, readRecord, RECORD, remedyFor, requireOutputs } from "./record";
import type { Maker, StageRecord } from "./record";

/** Where work is kept, and how it reports. */
export interface StoreContext {
  readonly store: string;
  readonly progress: Progress;
  /** Processes that share the work; without them all is done in this one. No number depends on them. */
  readonly workers?: Workers | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Seconds of silence after which the owner of a lease counts as gone when it cannot be asked; 60. */
  readonly expirySeconds?: number | undefined;
}

/** A finished piece of work: what it returned, and the key that later ones build theirs on. */
export interface Finished<T> {
  readonly key: string;
  readonly folder: string;
  readonly result: T;
  /** True when it was taken from the store. */
  readonly cached: boolean;
  readonly seconds: number;
  readonly by?: Maker | undefined;
}

/** What a stage does, and how its result is read again. */
export interface WorkBody<T> {
  /**
   * Does the work in its folder, where it finds what an interrupted run of it left, and returns plain JSON.
   * @param signal ends when the caller's does, and when another process has taken the work over
   */
  run(folder: string, signal: AbortSignal): Promise<T>;
  /** Checks a result that was read from disk; throws an error that says what is wrong. */
  parse(result: unknown): T;
  /** Who does it, as its record says. */
  by?(): Promise<Maker>;
  /** Files and folders that are of no use once the work is finished; a `*` at the end stands for anything. */
  readonly scraps?: readonly string[];
}

/** A finished piece of work, for whoever looks at a store without asking for it. */
export interface FinishedRecord extends StageRecord {
  readonly key: string;
  readonly folder: string;
}

/**
 * Does a piece of work once for its key, whoever asks, in this process or in others: a second one waits for the first and
 * takes what it made, and goes on from what it left when it was killed.
 * @throws LabError when what lies in the store is not what was left there, file by file
 */
export async function makeOnce<T>(context: StoreContext, work: Work, body: WorkBody<T>): Promise<Finished<T>> {
  const folder = folderOf(context.store, work);
  for (;;) {
    const before = await takeFinished(context, work, body);
    if (before !== undefined) return before;
    const until = (): boolean => fs.existsSync(path.join(folder, RECORD));
    const lease = await takeLease(leasesOf(context.store), path.basename(folder), { ...context, until });
    if (lease === undefined) continue;
    let finished = false;
    try {
      const done = (await takeFinished(context, work, body)) ?? (await make(context, work, body, lease));
      finished = true;
      return done;
    } catch (error) {
      lease.confirm(); // what went wrong may have come of another process in the folder
      throw error;
    } finally {
      lease.release(finished);
    }
  }
}

async function make<T>(context: StoreContext, work: Work, body: WorkBody<T>, lease: Lease): Promise<Finished<T>> {
  const folder = folderOf(context.store, work);
  requireWritable(folder);
  sweepLeftovers(folder, () => true);
  const startedAt = new Date().toISOString();
  const began = performance.now(); // a clock that nobody sets back
  const returned = toJson(await body.run(folder, lease.signal), `the result of ${work.kind}`);
  const result = body.parse(returned); // what a later run will read
  const seconds = (performance.now() - began) / 1000;
  const outputs = await outputsOf(folder, isScrap(body), lease.signal);
  const by = await body.by?.();
  lease.confirm();
  const { kind, version, inputs } = work;
  writeJson(path.join(folder, RECORD), { kind, version, inputs, result: returned, startedAt, seconds, by, outputs });
  removeScraps(folder, body);
  return { key: keyOf(work), folder, result, cached: false, seconds, by };
}

/** What the work left when it was finished, checked; `undefined` where it was not. */
async function takeFinished<T>(context: StoreContext, work: Work, body: WorkBody<T>): Promise<Finished<T> | undefined> {
  const record = await takeChecked(context, work);
  if (record === undefined) return undefined;
  const { key, folder, seconds, by } = record;
  const result = parsed(record, body);
  removeScraps(folder, body); // a kill may have come before
  return { key, folder, result, cached: true, seconds, by };
}

/** The result of a finished piece of work, as its kind's schema has it. @throws LabError naming the record that holds none */
export function parsed<T>({ folder, kind, result }: FinishedRecord, body: Pick<WorkBody<T>, "parse">): T {
  try {
    return body.parse(result);
  } catch (error) {
    const reason = `holds no result of the stage "${kind}" (${messageOf(error)})`;
    throw new LabError(reason, remedyFor(folder), { subject: path.join(folder, RECORD), cause: error });
  }
}

/** What the store says of a piece of work, without a look at its files; `undefined` where it is not finished. */
export function findFinished(store: string, work: Work): FinishedRecord | undefined {
  const folder = folderOf(store, work);
  const record = readRecord(folder);
  if (record === undefined) return undefined;
  const key = keyOf(record);
  if (key === keyOf(work)) return { ...record, key, folder };
  throw new LabError("is the record of another stage or of other inputs", remedyFor(folder), {
    subject: path.join(folder, RECORD),
  });
}

/** A finished piece of work whose files are as it left them; `undefined` where it is not finished. @throws LabError where they are not */
export async function takeChecked(context: StoreContext, work: Work): Promise<FinishedRecord | undefined> {
  const record = findFinished(context.store, work);
  if (record !== undefined) await requireOutputs(record.folder, record.outputs, context);
  return record;
}

/** The folder of a finished piece of work by its kind and whole key, its files checked; `undefined` where it is not there. */
export async function takeByKey(context: StoreContext, kind: string, key: string): Promise<string | undefined> {
  const folder = path.join(context.store, folderName(kind, key));
  const record = readRecord(folder);
  if (record === undefined || keyOf(record) !== key) return undefined;
  await requireOutputs(folder, record.outputs, context);
  return folder;
}

/** What is finished in a store and can be read (`verifyStore` tells of the rest), the oldest first; nothing where there is no such folder. */
export function listFinished(store: string): FinishedRecord[] {
  return foldersIn(store)
    .flatMap((folder) => {
      const record = attempt(() => readRecord(folder));
      if (record === undefined || record instanceof Error) return [];
      const isOwn = isPlacedAs(store, record, folder); // and not somebody's copy beside it
      return isOwn ? [{ ...record, key: keyOf(record), folder }] : [];
    })
    .sort((a, b) => (a.startedAt < b.startedAt ? -1 : 1));
}

/** Removes pieces of work, finished or not, so that they are made anew. Waits for those that another one is making. */
export async function forget(context: StoreContext, works: readonly Work[]): Promise<void> {
  for (const work of works) {
    const folder = folderOf(context.store, work);
    if (!fs.existsSync(folder)) continue;
    const lease = await takeLease(leasesOf(context.store), path.basename(folder), context);
    try {
      fs.rmSync(folder, { recursive: true, force: true });
    } catch (error) {
      throw unwritable(folder, error);
    } finally {
      lease?.release(false);
    }
  }
}

/** What a look at every byte of a finished stage showed. */
export interface StageCheck {
  readonly folder: string;
  /** "sft, version 2"; what the folder is called where its record cannot be read. */
  readonly title: string;
  /** Empty: all is as it was left. */
  readonly findings: readonly { readonly file: string; readonly what: string }[];
}

/** Hashes every file of a store's finished stages again. */
export async function verifyStore({ store, progress, signal }: StoreContext): Promise<StageCheck[]> {
  const folders = foldersIn(store).filter((folder) => fs.existsSync(path.join(folder, RECORD)));
  const checks: StageCheck[] = [];
  await asTask(progress, "checking the store", folders.length, async (task) => {
    for (const folder of folders) {
      checks.push(await verifyStage(store, folder, signal));
      task.update(checks.length);
    }
  });
  return checks;
}

async function verifyStage(store: string, folder: string, signal?: AbortSignal): Promise<StageCheck> {
  const record = attempt(() => readRecord(folder));
  if (record === undefined || record instanceof Error) {
    const what = record === undefined ? "is not there any more" : record.message;
    return { folder, title: path.basename(folder), findings: [{ file: path.join(folder, RECORD), what }] };
  }
  const findings: { file: string; what: string }[] = [];
  if (!isPlacedAs(store, record, folder))
    findings.push({ file: path.join(folder, RECORD), what: "is the record of another stage or of other inputs" });
  for (const output of record.outputs) {
    const file = path.join(folder, output.path);
    const what = await differenceOf(file, output, signal);
    if (what !== undefined) findings.push({ file, what });
  }
  const own = new Set(record.outputs.map((output) => output.path));
  for (const file of filesIn(folder)) {
    if (!own.has(file)) findings.push({ file: path.join(folder, file), what: "is not a file of this stage" });
  }
  return { folder, title: `${record.kind}, version ${record.version}`, findings };
}

/** Whether a folder is where its record's work belongs; a kind that is no kind's name belongs nowhere. */
function isPlacedAs(store: string, record: Work, folder: string): boolean {
  return attempt(() => folderOf(store, record)) === folder;
}

function attempt<T>(read: () => T): T | Error {
  try {
    return read();
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** Where a piece of work lies in a store, finished or not; it may not have been begun. */
export function folderOf(store: string, work: Work): string {
  requireSlug(work.kind, "a stage");
  return path.join(store, folderName(work.kind, keyOf(work)));
}

/** What a piece of work's folder is called, by its kind and whole key. */
export function folderName(kind: string, key: string): string {
  return `${kind}-${key.slice(0, 10)}`;
}

/** Where leases on a store's work lie. */
export function leasesOf(store: string): string {
  return path.join(store, "leases");
}

function foldersIn(store: string): string[] {
  if (!fs.existsSync(store)) return [];
  const entries = fs.readdirSync(store, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return entries.map(({ name }) => path.join(store, name)).sort();
}

function isScrap({ scraps = [] }: { readonly scraps?: readonly string[] }): (name: string) => boolean {
  return (name) => scraps.some((each) => (each.endsWith("*") ? name.startsWith(each.slice(0, -1)) : name === each));
}

function removeScraps(folder: string, body: { readonly scraps?: readonly string[] }): void {
  if (body.scraps === undefined) return;
  for (const name of fs.readdirSync(folder).filter(isScrap(body))) removeQuietly(path.join(folder, name));
}
