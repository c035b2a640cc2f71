import * as fs from "node:fs";
import * as path from "node:path";
import { z } from "zod";
import { placeOf, recordFolder, reportFolder } from "../config/places";
import { readStored } from "../config/stored";
import { LabError } from "../core/errors";
import { writeFileAtomic } from "../core/files";
import { hashFile } from "../core/hash";
import type { WorldResults } from "../eval/effects";
import { measurementSchema, type Measurement } from "../eval/measurements";
import { outcomesSchema, outcomesText, type Outcomes } from "../eval/outcomes";
import { stableJson } from "../store/key";
import type { Maker } from "../store/record";
import { NOT_BUILT } from "./given";
import type { Lab } from "./lab";
import { recordedOutputs, RUN_RECORD } from "./provenance";

/** What decides a run's numbers besides its seed: a profile's keys with their values as JSON, and what its files are. */
export type Settings = Readonly<Record<string, string>>;

/** Who made a method's numbers for a seed; of several machines all, joined by "and". */
export interface MadeBy extends Readonly<Maker> {
  readonly method: string;
  readonly seed: number;
  /** When, as ISO 8601. */
  readonly at: string;
  /** The keys of its answers, their SS_rel and its analyses: what they were made from, versions of the code included. */
  readonly keys: readonly string[];
  /** True where nothing was trained: its numbers stand beside those of every seed. */
  readonly given?: true | undefined;
}

/** What a report or a record keeps of the runs behind it: `measurements.json`, and beside it `outcomes.json`. */
export interface Kept {
  readonly settings: Settings;
  readonly made: readonly MadeBy[];
  readonly measurements: readonly Measurement[];
  /** Item by item, for paired comparisons; none where they were not kept yet. */
  readonly outcomes: readonly Outcomes[];
}

/** The numbers of some methods and seeds, and who made them. */
export type KeptNumbers = Omit<Kept, "settings">;

const FILE = "measurements.json";
const OUTCOMES = "outcomes.json";
const REMEDY = "Remove it and run again.";
const keptSchema: z.ZodType<Omit<Kept, "outcomes"> & { version: 2 }> = z.strictObject({
  version: z.literal(2),
  settings: z.record(z.string(), z.string()),
  made: z.array(
    z.strictObject({
      method: z.string(),
      seed: z.int(),
      at: z.string(),
      processor: z.string(),
      numerics: z.string(),
      keys: z.array(z.string()),
      given: z.literal(true).optional(),
    }),
  ),
  measurements: z.array(measurementSchema),
});

/** Where a finished run is written: beside the work in runs/, or as the record in results/. */
export type Destination = "report" | "record";

/** The folder of an experiment's tables and figures. */
export function keptFolder(experiment: string, profile: string, destination: Destination): string {
  return (destination === "record" ? recordFolder : reportFolder)(experiment, profile);
}

/** What a folder keeps; `undefined` where nothing is. @throws LabError that names the file and what is wrong with it */
export function readKept(folder: string): Kept | undefined {
  const file = path.join(folder, FILE);
  const outcomes = path.join(folder, OUTCOMES);
  if (!fs.existsSync(file)) return undefined;
  requireRecorded(folder, file);
  const kept = readStored(file, keptSchema, "file of measurements", REMEDY);
  requireRecorded(folder, outcomes);
  if (!fs.existsSync(outcomes)) return { ...kept, outcomes: [] }; // of a run before there were any
  const whole = { ...kept, outcomes: readStored(outcomes, outcomesSchema, "file of outcomes", REMEDY) };
  return fs.existsSync(path.join(folder, RUN_RECORD)) ? whole : withoutHalves(whole);
}

/** What a run that was killed between its two files left, less the rows whose outcomes it did not come to write: they are made again. */
function withoutHalves(kept: Kept): Kept {
  const measure = ({ setting, metric }: Pick<Measurement, "setting" | "metric">): string => `${setting} ${metric}`;
  const judged = new Set(kept.outcomes.map(measure));
  const there = new Set(kept.outcomes.map((one) => `${partKey(one)} ${measure(one)}`));
  const half = kept.measurements.filter((one) => judged.has(measure(one)) && !there.has(`${partKey(one)} ${measure(one)}`)); // prettier-ignore
  return without(kept, new Set(half.map(partKey)));
}

/** What is kept, less some rows (`partKey`). */
function without(kept: Kept, gone: ReadonlySet<string>): Kept {
  const stays = (one: Parameters<typeof partKey>[0]): boolean => !gone.has(partKey(one));
  const { made, measurements, outcomes } = kept;
  return { ...kept, made: made.filter(stays), measurements: measurements.filter(stays), outcomes: outcomes.filter(stays) }; // prettier-ignore
}

/** Where a run's record tells of the file, it is as the run wrote it. By its name, since folders may be copied. */
function requireRecorded(folder: string, file: string): void {
  if (!fs.existsSync(path.join(folder, RUN_RECORD))) return; // killed while it wrote: the next run writes both anew
  const name = path.basename(file);
  const written = recordedOutputs(folder).find((output) => path.posix.basename(output.path) === name);
  if (written === undefined) return;
  const is = fs.existsSync(file) ? (written.sha256 === hashFile(file) ? undefined : "has changed") : "is gone";
  if (is === undefined) return;
  throw new LabError(`${is} since the run wrote it`, "Restore it, or remove the folder and run again.", {
    subject: file,
  });
}

/** Writes what a folder keeps, each file atomically, a line per measurement. @returns the files */
export function writeKept(folder: string, { settings, made, measurements, outcomes }: Kept): string[] {
  const file = path.join(folder, FILE);
  const beside = path.join(folder, OUTCOMES);
  const head = JSON.stringify({ version: 2, settings, made }, null, 1).replace(/\n\}$/, "");
  const lines = measurements.map((one) => JSON.stringify(one)).join(",\n");
  writeFileAtomic(file, `${head},\n "measurements": [\n${lines}\n]}\n`);
  writeFileAtomic(beside, outcomesText(outcomes));
  return [file, beside];
}

/** Keys that decide no number: names, places whose contents the fingerprints or the keys of rows (`notDue`) tell, and the seed, which every row has. */
const NAMES = ["name", "description", "dataset", "base", "encoder", "similarity", "mining", "cot.teacher", "cot.released", "benchmarks", "seed"]; // prettier-ignore
/** Further models, matched weights and templates decide the rows that are about them alone, and the keys of those rows' answers tell them (`notDue`). */
const OF_SOME_ROWS = /^(?:(?:models|matched|servers)\.|(?:rows|servers|templates)$)/u;

/** What a machine may lack that only asks published models: it decides other rows alone, or their SS_rel, and the keys of those tell it (`notDue`). */
const MAY_LACK = ["the base", "the encoder", "the similarity"];

/** The settings of a lab's runs. */
export function settingsOf({ profile, recipe }: Pick<Lab, "profile" | "recipe">): Settings {
  const given = recipe(profile.seed);
  const keys = flat(profile, "").filter(([key]) => !NAMES.includes(key) && !OF_SOME_ROWS.test(key));
  const contents = (["dataset", "base", "encoder"] as const).map((name) => [`the ${name}`, given[name].fingerprint]);
  const { encoder, similarity } = given;
  if (similarity.fingerprint !== encoder.fingerprint) contents.push(["the similarity", similarity.fingerprint]);
  return Object.fromEntries([...keys, ...contents.filter(([, what]) => what !== NOT_BUILT)]) as Settings;
}

function flat(value: unknown, at: string): [string, string][] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [[at, stableJson(value)]];
  return Object.entries(value).flatMap(([key, inner]) => flat(inner, at === "" ? key : `${at}.${key}`));
}

/** The keys in which two runs differ; none where their numbers may stand side by side. */
export function differingSettings(a: Settings, b: Settings): string[] {
  const unknown = (key: string): boolean => MAY_LACK.includes(key) && (a[key] === undefined || b[key] === undefined);
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((key) => a[key] !== b[key] && !unknown(key));
}

/** Numbers of one method and seed. */
export interface Part extends Pick<Kept, "measurements" | "outcomes"> {
  readonly by: MadeBy;
}

/** Where a shown row comes from: this run, an earlier one with the same settings, or results/. */
export type Origin = "run" | "earlier" | "record";

/** Everything that may stand in one table: this run's numbers, and those of the same settings that it did not make. */
export interface Gathered {
  readonly settings: Settings;
  readonly parts: ReadonlyMap<string, Part & { readonly origin: Origin }>;
  readonly recorded: Kept | undefined;
  /** A sentence for each report that lies there and has other settings. */
  readonly leftOut: readonly string[];
}

/** The name of a part. */
export function partKey({ method, seed }: { readonly method: string; readonly seed: number }): string {
  return `${seed} ${method}`;
}

/** The keys that a method's answers have with the code and the settings of today; `undefined` for one that is not the experiment's. */
export type DueKeys = (by: Pick<MadeBy, "method" | "seed">) => readonly string[] | undefined;

/** Why such rows are set apart. */
export const OLD = "made by another version of the code or from other inputs";

/** The rows that are not what today's code and settings would make. */
export function notDue(made: readonly MadeBy[], due: DueKeys): MadeBy[] {
  return made.filter((by) => (due(by) ?? by.keys).join() !== by.keys.join());
}

/** The methods of some rows, each once, as a sentence names them. */
export function methodsNamed(made: readonly MadeBy[]): string {
  return [...new Set(made.map(({ method }) => method))].join(", ");
}

/** Numbers taken apart, method by method and seed by seed. */
function partsOf({ made, measurements, outcomes }: KeptNumbers): Part[] {
  return made.map((by) => {
    const own = (one: Parameters<typeof partKey>[0]): boolean => partKey(one) === partKey(by);
    return { by, measurements: measurements.filter(own), outcomes: outcomes.filter(own) };
  });
}

/** The same by their keys, as a run's own. */
export function keptParts(kept: KeptNumbers): Gathered["parts"] {
  return new Map(partsOf(kept).map((part) => [partKey(part.by), { ...part, origin: "run" }]));
}

/** A run's numbers, then those of an earlier run, then those of the record, each method and seed once. */
export function gather(
  experiment: string,
  lab: Pick<Lab, "profile" | "recipe">,
  run: KeptNumbers,
  destination: Destination,
  due: DueKeys,
): Gathered {
  const settings = settingsOf(lab);
  const leftOut: string[] = [];
  const same = (which: Destination): Kept | undefined => {
    const folder = keptFolder(experiment, lab.profile.name, which);
    const kept = readKept(folder);
    if (kept === undefined) return undefined;
    const keys = differingSettings(settings, kept.settings);
    if (keys.length > 0) {
      leftOut.push(`Left out: the rows of ${placeOf(folder)}, made with other settings (${keys.join(", ")}).`);
      return undefined;
    }
    const old = notDue(kept.made, due);
    if (old.length === 0) return kept;
    leftOut.push(`Left out: ${methodsNamed(old)} of ${placeOf(folder)}, ${OLD}.`);
    return { ...without(kept, new Set(old.map(partKey))), settings };
  };
  const earlier = destination === "record" ? undefined : same("report");
  const recorded = same("record");
  const foreign = notDue(run.made, due);
  if (foreign.length > 0) leftOut.push(`Made from other inputs than the experiment's own: ${methodsNamed(foreign)}.`);
  const parts = new Map<string, Part & { readonly origin: Origin }>();
  const sources = [["run", run] as const, ["earlier", earlier] as const, ["record", recorded] as const];
  for (const [origin, source] of sources) {
    for (const part of source === undefined ? [] : partsOf(source)) {
      const key = partKey(part.by);
      if (!parts.has(key)) parts.set(key, { ...part, origin });
    }
  }
  return { settings, parts, recorded, leftOut };
}

/** What a report keeps of what was gathered: the record's own rows stay in the record. */
export function keptOf({ settings, parts }: Gathered, destination: Destination): Kept {
  const own = [...parts.values()].filter(({ origin }) => destination === "record" || origin !== "record");
  return {
    settings,
    made: own.map(({ by }) => by),
    measurements: own.flatMap(({ measurements }) => measurements),
    outcomes: own.flatMap(({ outcomes }) => outcomes),
  };
}

/** The results as effects are computed from them. A world is known by its pictures and questions, whatever the profile is called. */
export function worldOf({ settings, made, measurements, outcomes }: Kept): WorldResults {
  const given = new Set(made.flatMap((by) => (by.given === true ? [by.method] : [])));
  return { world: settings["the dataset"] ?? "", given, measurements, outcomes };
}
