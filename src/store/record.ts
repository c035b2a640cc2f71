import * as fs from "node:fs";
import * as path from "node:path";
import { z } from "zod";
import { readStored } from "../config/stored";
import { LabError } from "../core/errors";
import { readJson, unreadable, writeJson } from "../core/files";
import { hashFileInTurns } from "../core/hash";
import { isUnfinished } from "../core/leftovers";
import { asTask, type Progress } from "../core/progress";

/** Written last: a folder without it is unfinished work. */
export const RECORD = "stage.json";
/** Modification times of outputs that were hashed since, so that a copied store is hashed once. */
const CHECKED = "checked.json";

/** A file of a finished stage as it was left. */
const outputSchema = z.strictObject({
  /** From the stage's folder, with forward slashes. */
  path: z.string(),
  bytes: z.int().min(0),
  sha256: z.string(),
  /** Modification time, in milliseconds since 1970. */
  modified: z.number(),
});
export type Output = z.infer<typeof outputSchema>;

/** Who made something: results say so, and a table never mixes machines without saying so. */
const makerSchema = z.strictObject({
  processor: z.string(),
  /** Digest of the machine's arithmetic (verify/numerics). */
  numerics: z.string(),
});
export type Maker = z.infer<typeof makerSchema>;

const recordSchema = z.strictObject({
  kind: z.string(),
  version: z.int(),
  inputs: z.json(),
  result: z.json(),
  /** ISO 8601. */
  startedAt: z.string(),
  /** Of the run that finished it: what an interrupted one had done before is not counted. */
  seconds: z.number(),
  /** Left out in stores of before it was kept. */
  by: makerSchema.optional(),
  outputs: z.array(outputSchema),
});
/** stage.json. */
export type StageRecord = z.infer<typeof recordSchema>;

const checkedSchema = z.array(outputSchema);

export interface Watch {
  readonly progress: Progress;
  readonly signal?: AbortSignal | undefined;
}

/** What the stage of a folder was made from and left; `undefined` where none is finished. */
export function readRecord(folder: string): StageRecord | undefined {
  const file = path.join(folder, RECORD);
  if (!fs.existsSync(file)) return undefined;
  return readStored(file, recordSchema, "record of a stage", remedyFor(folder));
}

export function remedyFor(folder: string): string {
  return `Remove ${folder}, and the stage is made again; \`--fresh\` makes all of a run's stages again.`;
}

/** The files of a folder as they are, hashed; those on the top whose names are `scraps` left out. */
export async function outputsOf(
  folder: string,
  scraps: (name: string) => boolean,
  signal?: AbortSignal,
): Promise<Output[]> {
  const files = filesIn(folder).filter((file) => !scraps(file.split("/")[0] ?? ""));
  const outputs: Output[] = [];
  for (const file of files) {
    const at = path.join(folder, file);
    const { size, mtimeMs } = fs.statSync(at);
    outputs.push({ path: file, bytes: size, sha256: await hashFileInTurns(at, signal), modified: mtimeMs });
  }
  return outputs;
}

/** Paths of the files below a folder that may be outputs, in the order of their code units. */
export function filesIn(folder: string, below = ""): string[] {
  return fs
    .readdirSync(path.join(folder, below), { withFileTypes: true })
    .filter(({ name }) => !isUnfinished(name) && !(below === "" && (name === RECORD || name === CHECKED)))
    .flatMap((entry) => (entry.isDirectory() ? filesIn(folder, `${below}${entry.name}/`) : [`${below}${entry.name}`]))
    .filter((file) => fs.statSync(path.join(folder, file), { throwIfNoEntry: false })?.isFile() === true)
    .sort();
}

/**
 * Requires the outputs of a stage to be what was recorded. A file whose size and modification time are as recorded (or as
 * they were when it was hashed last) is trusted, any other one is hashed.
 * @throws LabError naming the first file that differs, and what differs
 */
export async function requireOutputs(folder: string, outputs: readonly Output[], watch: Watch): Promise<void> {
  const before = readChecked(folder);
  const isTrusted = (output: Output): boolean => {
    const found = statOf(path.join(folder, output.path));
    const known = [output, ...before.filter((each) => each.path === output.path && each.sha256 === output.sha256)];
    return found?.size === output.bytes && known.some(({ modified }) => modified === found.mtimeMs);
  };
  const doubtful = outputs.filter((output) => !isTrusted(output));
  if (doubtful.length === 0) return;
  await asTask(watch.progress, `checking ${path.basename(folder)}`, doubtful.length, async (task) => {
    const checked: Output[] = [];
    for (const output of doubtful) {
      const file = path.join(folder, output.path);
      const modified = statOf(file)?.mtimeMs ?? 0; // before it is read: a later change is seen next time
      const difference = await differenceOf(file, output, watch.signal);
      if (difference !== undefined) throw new LabError(difference, remedyFor(folder), { subject: file });
      checked.push({ ...output, modified });
      task.update(checked.length);
    }
    remember(folder, [...before.filter((each) => doubtful.every((now) => now.path !== each.path)), ...checked]);
  });
}

/** What tells a file from its record, whatever its modification time; `undefined` where it is the same to the bit. */
export async function differenceOf(file: string, was: Output, signal?: AbortSignal): Promise<string | undefined> {
  const found = statOf(file);
  if (found?.isFile() !== true) return "was left by a finished stage, and is not there any more";
  if (found.size !== was.bytes) return `has ${found.size} bytes, and had ${was.bytes} when its stage was finished`;
  if ((await hashFileInTurns(file, signal)) === was.sha256) return undefined;
  return "has changed since its stage was finished: its SHA-256 is another one";
}

function statOf(file: string): fs.Stats | undefined {
  try {
    return fs.statSync(file, { throwIfNoEntry: false });
  } catch (error) {
    throw unreadable(file, error);
  }
}

function readChecked(folder: string): Output[] {
  try {
    return checkedSchema.parse(readJson(path.join(folder, CHECKED)));
  } catch {
    return []; // none, or torn: then the files are hashed once more
  }
}

function remember(folder: string, checked: readonly Output[]): void {
  try {
    writeJson(path.join(folder, CHECKED), checked);
  } catch {
    // A store that may only be read: its files are hashed every time.
  }
}
