import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { ROOT } from "../config/load";
import { configFile } from "../config/names";
import { placeOf } from "../config/places";
import { LabError, required } from "../core/errors";
import type { Progress } from "../core/progress";
import { closest, didYouMean } from "../core/similar";
import { BENCHMARKS, type BenchmarkName } from "../data/benchmarks/benchmark";
import { BENCHMARK_READERS } from "../data/benchmarks";
import type { Dataset } from "../data/dataset";
import { openFolder, parseFolderOptions, parseOptions } from "../data/folder/folder";
import { heldOut } from "../data/heldOut";
import { AbsentFiles, type PictureSet } from "../data/sets/listing";
import { openPictureSets, PICTURE_SETS, setOptionsSchema, type SetSettings } from "../data/sets/open";
import { loadWorldConfig } from "../miniworld/config";
import { restoreMiniWorld } from "../miniworld/restore";
import { buildMiniWorld } from "../miniworld/world";

export interface OpenDatasetOptions {
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
  /** Look again, where pictures of a folder were added or changed since this process opened it. */
  readonly fresh?: boolean;
}

/** A kind of dataset: how to open one by what stands behind the colon of its spec. */
interface DatasetKind {
  /** Its specs, in words. */
  readonly form: string;
  open(where: string, options: OpenDatasetOptions): Promise<Dataset>;
}

/** One published set by its kind, such as "cub:/data/CUB_200_2011?split=/data/released", or six under one folder. */
function setKind(kind: string, form: string, sets: readonly PictureSet[]): [string, DatasetKind] {
  return [kind, { form, open: (where, options) => openSetSpec(kind, sets, where, options) }];
}

/** Every kind of dataset; a new one is a line here. */
const KINDS: Readonly<Record<string, DatasetKind>> = {
  miniworld: {
    form: "miniworld:NAME, NAME a file of configs/worlds",
    open: (name) => Promise.resolve(buildMiniWorld(loadWorldConfig(configFile("worlds", name)))),
  },
  folder: {
    form: "folder:PATH of a folder of pictures, with options such as folder:PATH?shots=4&seed=1",
    open: openFolderSpec,
  },
  ...Object.fromEntries([
    ...PICTURE_SETS.map((set) => setKind(set.kind, `${set.kind}:PATH of ${set.title}`, [set])),
    setKind("sets", "sets:PATH of a folder with all six of them", PICTURE_SETS),
  ]),
  ...Object.fromEntries(BENCHMARKS.map((name) => [name, benchmarkKind(name)])),
  heldout: {
    form: "heldout:DATASET, any other with a third of its seen classes held out, for choosing settings",
    open: async (spec, options) => heldOut(await openDataset(spec, options)),
  },
};

const opened = new Map<string, Promise<Dataset>>();

/**
 * Opens a dataset by its spec, such as "miniworld:test" or "folder:/home/me/mushrooms?superCategory=mushroom". The same spec
 * gives the same object for as long as the process lives, unless `fresh` is asked for; what failed is tried again.
 * @throws LabError for an unknown kind, with the one most likely meant, and what its kind says
 */
export function openDataset(spec: string, options: OpenDatasetOptions = {}): Promise<Dataset> {
  const held = opened.get(spec);
  if (held !== undefined && options.fresh !== true) return held;
  const opening = openAnew(spec, options);
  opened.set(spec, opening);
  opening.catch(() => {
    if (opened.get(spec) === opening) opened.delete(spec);
  });
  return opening;
}

async function openAnew(spec: string, options: OpenDatasetOptions): Promise<Dataset> {
  const [name, where] = kindAndPlace(spec);
  const kind = required(Object.hasOwn(KINDS, name) ? KINDS[name] : undefined, () => unknownKind(spec, name, where));
  return kind.open(where, options);
}

/** What stands before the first colon of a spec, and behind it. */
function kindAndPlace(spec: string): [string, string] {
  const colon = spec.indexOf(":");
  return colon < 0 ? ["", spec] : [spec.slice(0, colon), spec.slice(colon + 1)];
}

function benchmarkKind(name: BenchmarkName): DatasetKind {
  const { form, open } = BENCHMARK_READERS[name];
  return { form, open: (where, context) => open(fromRoot(where), context) };
}

/** A general benchmark by its spec, such as "mme:/data/MME_Benchmark"; for its fingerprint, and no sooner, its files are read. */
export function benchmarkOf(spec: string): { readonly name: BenchmarkName; readonly fingerprint: () => string } {
  const [kind, where] = kindAndPlace(spec);
  const name = BENCHMARKS.find((one) => one === kind);
  if (name !== undefined) return { name, fingerprint: () => BENCHMARK_READERS[name].fingerprint(fromRoot(where)) };
  const forms = BENCHMARKS.map((one) => BENCHMARK_READERS[one].form);
  throw new LabError("names no benchmark", `${didYouMean(kind, BENCHMARKS)}Give ${forms.join("; or ")}.`, {
    subject: JSON.stringify(spec),
  });
}

/** A folder, in whose path "?" may stand, and options. */
const FOLDER = /^(.*?)(?:\?([^?/]*))?$/su;

/** Options stand behind the path as in a URL (`folderOptionsSchema`). */
async function openFolderSpec(where: string, context: OpenDatasetOptions): Promise<Dataset> {
  const { folder, options } = pathAndOptions("folder", where, FOLDER);
  const settings = parseFolderOptions(options, `folder:${where}`);
  return restoreMiniWorld(await openFolder(folder, settings, context));
}

/**
 * The same (`setOptionsSchema`), with two that name files, by their paths in the set's folder or from the project's root: `split`, a folder
 * of released lines, and `chains`, the released stage-1 file, whose pictures are the first of each class's shots.
 */
function openSetSpec(kind: string, sets: readonly PictureSet[], where: string, context: OpenDatasetOptions) {
  const { folder, settings } = setSpec(kind, where);
  return openPictureSets(sets, folder, settings, context);
}

function setSpec(kind: string, where: string): { folder: string; settings: SetSettings } {
  const { folder, options } = pathAndOptions(kind, where, /^([^?]*)(?:\?(.*))?$/su);
  const placed = (given: string): string => [path.resolve(folder, given), fromRoot(given)].find((one) => fs.existsSync(one)) ?? fromRoot(given); // prettier-ignore
  const places = ["split", "chains"].filter((key) => key in options).map((key) => [key, placed(String(options[key]))]);
  const given: unknown = { ...options, ...Object.fromEntries(places) };
  return { folder, settings: parseOptions(setOptionsSchema, given, `${kind}:${where}`, "docs/published-sets.md") };
}

/** The options of a spec of all six sets, whether or not they are there; `undefined` for another dataset. @throws LabError for a wrong one */
export function optionsOfSets(spec: string): SetSettings | undefined {
  const [kind, where] = kindAndPlace(spec);
  return kind === "sets" ? setSpec(kind, where).settings : undefined;
}

/** Datasets that are read from a folder or a file, by their kinds. */
const IN_FILES: readonly string[] = ["folder", "sets", ...PICTURE_SETS.map(({ kind }) => kind), ...BENCHMARKS];

/** The folder or file that a dataset is read from, as its spec names it, where it is not there. */
export function absentData(spec: string): string | undefined {
  const [kind, where] = kindAndPlace(spec);
  if (kind === "heldout") return absentData(where);
  const given = (kind === "folder" ? FOLDER.exec(where)?.[1] : where.split("?")[0]) ?? "";
  return IN_FILES.includes(kind) && given !== "" && !fs.existsSync(fromRoot(given)) ? given : undefined;
}

/** What a dataset is that is not there, and the page that says how to get it. */
export function howToGetData(spec: string): string {
  const [kind, where] = kindAndPlace(spec);
  if (kind === "heldout") return howToGetData(where);
  if (BENCHMARKS.some((name) => name === kind)) return "a general benchmark: docs/benchmarks.md";
  return `the pictures: ${kind === "folder" ? "docs/datasets.md" : "docs/published-sets.md"}`;
}

/** What a dataset lacks: its place, or something in it. */
export interface LackingData {
  readonly at: string;
  /** The page that says how to get it. */
  readonly get: string;
  /** Where the place is there, what is not: "Stanford Cars and 4 more are missing". */
  readonly part?: string;
}

/** What a dataset lacks, `undefined` where it is whole: it is opened to see. @throws LabError for what else is wrong with it */
export async function lackingData(spec: string, options: OpenDatasetOptions = {}): Promise<LackingData | undefined> {
  const at = absentData(spec);
  if (at !== undefined) return { at, get: howToGetData(spec) };
  try {
    await openDataset(spec, options);
    return undefined;
  } catch (error) {
    if (!(error instanceof AbsentFiles)) throw error;
    const { subject = spec, summary } = error;
    return { at: placeOf(subject), get: `${summary}: docs/published-sets.md`, part: summary };
  }
}

/** The path is one from the project's root, as in a profile. */
function pathAndOptions(
  kind: string,
  where: string,
  form: RegExp,
): { folder: string; options: Record<string, unknown> } {
  const [, given = "", query = ""] = form.exec(where) ?? [];
  if (given === "") throw new LabError("names no folder", `Give ${KINDS[kind]?.form ?? ""}.`, { subject: `${kind}:` });
  const words = [...new URLSearchParams(query)];
  const twice = words.map(([key]) => key).find((key, i, keys) => keys.indexOf(key) < i);
  if (twice !== undefined) {
    throw new LabError(`gives the option ${twice} twice`, "Keep one of the two.", { subject: `${kind}:${where}` });
  }
  const options = words.map(([key, text]) => [key, /^[\d.]+$/.test(text) ? Number(text) : text]);
  return { folder: fromRoot(given), options: Object.fromEntries(options) as Record<string, unknown> };
}

function fromRoot(given: string): string {
  return path.resolve(ROOT, given.replace(/^~(?=\/|$)/, os.homedir()));
}

function unknownKind(spec: string, name: string, where: string): LabError {
  const meant = closest(name === "" ? where : name, Object.keys(KINDS));
  const hint = meant === undefined ? "" : `Did you mean "${meant}:${name === "" ? "…" : where}"? `;
  const forms = Object.values(KINDS).map(({ form }) => form);
  return new LabError("names no dataset", `${hint}Give ${forms.join("; or ")}.`, { subject: JSON.stringify(spec) });
}
