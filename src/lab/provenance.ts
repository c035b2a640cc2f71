import * as fs from "node:fs";
import * as path from "node:path";
import { z } from "zod";
import { ROOT } from "../config/load";
import { readStored } from "../config/stored";
import { NUMERICS_MODES, numericsMode, type NumericsMode } from "../core/backend";
import { writeJson } from "../core/files";
import {
  fileFacts,
  gitState,
  machineNow,
  processorModel,
  versionsNow,
  type FileFact,
  type GitState,
} from "../store/facts";
import type { Maker } from "../store/record";
import { numericsDigest } from "../verify/numerics/digest";
import type { Given } from "./stage";

/** The file of a run's record. */
export const RUN_RECORD = "run.json";
const RUN_REMEDY = "Restore it, or remove it and run again.";

/** When, where and by what code a run was made. */
export interface RunFacts {
  /** The arguments of the command; of absolute paths, behind "=" and ":" too, only the last part. */
  readonly command: readonly string[];
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly seconds: number;
  /** Processes that shared the work; 1: all was done in one. No result depends on it, the seconds do. */
  readonly workers?: number | undefined; // records before it was counted have none
  /** Who made the stages that were not in the store, where that was not this machine; no result depends on it. */
  readonly executor?: string | undefined;
  readonly versions: Readonly<Record<string, string>>;
  readonly machine: Readonly<Record<string, string | number>>;
  readonly numerics: Numerics;
  /** `null` outside a git checkout. */
  readonly git: GitState | null;
}

/** A run whose rows stand beside those of a later one. */
export type FormerRun = RunFacts & Pick<RunSpec, "seeds">;

/** What it takes to make the same numbers again, and to see that they are the same: run.json. */
export interface RunRecord extends RunSpec, RunFacts {
  readonly version: 2;
  /** The runs before this one whose rows it kept, the latest first; absent where this run made every row. */
  readonly before?: readonly FormerRun[] | undefined;
  /** Where tables and figures were written anew since, from the same measurements by later code (`amendRun`). */
  readonly laidOut?: { readonly at: string; readonly git: GitState | null };
  readonly outputs: readonly FileFact[];
}

/** Who makes what this process makes. */
export async function makerHere(): Promise<Maker> {
  return { processor: processorModel(), numerics: (await numericsDigest()).digest };
}

/** How products were computed, and what the machine's arithmetic comes to (`numericsDigest`). */
export interface Numerics {
  readonly mode: NumericsMode;
  readonly digest: string;
}

export interface RunSpec {
  readonly experiment: string;
  readonly profile: string;
  /** The resolved configuration, every default filled in. */
  readonly config: unknown;
  readonly seeds: readonly number[];
  /** What the run worked on: dataset, checkpoints, encoders, by their fingerprints. */
  readonly inputs: readonly Given[];
}

/** Who did the work of a run. */
export interface Hands {
  readonly workers?: { readonly size: number } | undefined;
  readonly executor?: { readonly name: string } | undefined;
}

/** A run whose end is not yet known. */
export interface OpenRun {
  readonly spec: RunSpec;
  /**
   * Writes the record, with the files that the run wrote; call it once they are complete.
   * @param before the runs whose rows it kept (`formerRuns`)
   * @returns run.json
   */
  finish(folder: string, outputs: readonly string[], hands?: Hands, before?: readonly FormerRun[]): Promise<string>;
}

/**
 * Begins a run's record: time and commit are taken now, outputs and time at `finish`.
 * @param root the folder that recorded paths are relative to; default: this package's
 */
export function startRun(spec: RunSpec, root: string = ROOT): OpenRun {
  const started = new Date();
  const began = performance.now(); // a clock that nobody sets back
  const git = gitState(root);
  return {
    spec,
    finish: async (folder, outputs, { workers, executor } = {}, before = []) => {
      const elapsed = performance.now() - began;
      const command = process.argv.slice(2).map(withoutFolders);
      const others = before.filter((one) => one.command.join(" ") !== command.join(" ")); // the same again tells nothing new
      const record: RunRecord = {
        version: 2,
        ...spec,
        command,
        startedAt: started.toISOString(),
        finishedAt: new Date(started.getTime() + elapsed).toISOString(),
        seconds: elapsed / 1000,
        workers: workers?.size ?? 1,
        ...(executor === undefined ? {} : { executor: executor.name }),
        versions: versionsNow(),
        machine: machineNow(),
        numerics: { mode: numericsMode(), digest: (await numericsDigest()).digest },
        git,
        ...(others.length === 0 ? {} : { before: others }),
        outputs: fileFacts(outputs, root),
      };
      const file = path.join(folder, RUN_RECORD);
      writeJson(file, record);
      return file;
    },
  };
}

/**
 * Says in a run's record that some of its files were written anew since; it goes on telling of the others as they are now. Files first: whoever
 * is killed in between has a record that names what differs.
 * @returns run.json
 */
export function amendRun(folder: string, written: readonly string[], root: string = ROOT): string {
  const file = path.join(folder, RUN_RECORD);
  const record = readStored(file, amendedSchema, "record of a run", "Restore it, or remove the folder and run again.");
  const before = record.outputs.map((output) => path.join(folder, path.posix.basename(output.path)));
  const all = [...new Set([...before.filter((one) => fs.existsSync(one)), ...written])];
  const laidOut = { at: new Date().toISOString(), git: gitState(root) };
  writeJson(file, { ...record, laidOut, outputs: fileFacts(all, root) });
  return file;
}

/** An argument without the folders of this machine: "base=onnx:/home/me/clip" is "base=onnx:clip". An address is none. */
function withoutFolders(argument: string): string {
  return argument.replace(/(?<=^|[=:])\/(?!\/).*$/su, (place) => path.basename(place));
}

const outputsSchema = z.object({ outputs: z.array(z.object({ path: z.string(), sha256: z.string() })) });

const amendedSchema = z.looseObject(outputsSchema.shape);

/** What the record in a folder says of the files that its run wrote. @throws LabError where it is no such record */
export function recordedOutputs(folder: string): readonly Pick<FileFact, "path" | "sha256">[] {
  const file = path.join(folder, RUN_RECORD);
  return readStored(file, outputsSchema, "record of a run", RUN_REMEDY).outputs;
}

const experimentSchema = z.object({ experiment: z.string(), config: z.object({ dataset: z.string() }) });

/** The experiment and the dataset of the run that wrote a folder; `undefined` where it was killed while it wrote. */
export function experimentIn(folder: string): { readonly experiment: string; readonly dataset: string } | undefined {
  const file = path.join(folder, RUN_RECORD);
  if (!fs.existsSync(file)) return undefined;
  const { experiment, config } = readStored(file, experimentSchema, "record of a run", RUN_REMEDY);
  return { experiment, dataset: config.dataset };
}

const formerSchema: z.ZodType<FormerRun> = z.object({
  seeds: z.array(z.int()),
  command: z.array(z.string()),
  startedAt: z.string(),
  finishedAt: z.string(),
  seconds: z.number(),
  workers: z.int().min(1).optional(),
  executor: z.string().optional(),
  versions: z.record(z.string(), z.string()),
  machine: z.record(z.string(), z.union([z.string(), z.number()])),
  numerics: z.object({ mode: z.enum(NUMERICS_MODES), digest: z.string() }),
  git: z.object({ commit: z.string(), dirty: z.boolean() }).nullable(),
});

/** What a reader is told of a run's record. */
export type ToldRecord = FormerRun & Pick<RunRecord, "before">;

const toldSchema: z.ZodType<ToldRecord> = formerSchema.and(z.object({ before: z.array(formerSchema).optional() }));

/** The record in a folder; `undefined` where a run was killed while it wrote. @throws LabError where it is no such record */
export function readRunRecord(folder: string): ToldRecord | undefined {
  const file = path.join(folder, RUN_RECORD);
  if (!fs.existsSync(file)) return undefined;
  return readStored(file, toldSchema, "record of a run", RUN_REMEDY);
}

/** The runs that made what lies in a folder, the latest first: what a run that keeps their rows says of them. */
export function formerRuns(folder: string): FormerRun[] {
  const told = readRunRecord(folder);
  if (told === undefined) return [];
  const { before = [], ...last } = told;
  return [last, ...before];
}
