import * as os from "node:os";
import * as path from "node:path";
import { ROOT } from "../config/load";
import { configFile } from "../config/names";
import { LabError, required } from "../core/errors";
import type { Progress } from "../core/progress";
import { closest, didYouMean } from "../core/similar";
import { BENCHMARKS, type BenchmarkName } from "../data/benchmarks/benchmark";
import { BENCHMARK_READERS } from "../data/benchmarks";
import type { Dataset } from "../data/dataset";
import { openFolder, parseFolderOptions } from "../data/folder/folder";
import { heldOut } from "../data/heldOut";
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
  const colon = spec.indexOf(":");
  const [name, where] = colon < 0 ? ["", spec] : [spec.slice(0, colon), spec.slice(colon + 1)];
  const kind = required(Object.hasOwn(KINDS, name) ? KINDS[name] : undefined, () => unknownKind(spec, name, where));
  return kind.open(where, options);
}

function benchmarkKind(name: BenchmarkName): DatasetKind {
  const { form, open } = BENCHMARK_READERS[name];
  return { form, open: (where, context) => open(pathOf(where), context) };
}

/** A general benchmark by its spec, such as "mme:/data/MME_Benchmark", and its fingerprint; nothing else of it is read. */
export function benchmarkOf(spec: string): { readonly name: BenchmarkName; readonly fingerprint: string } {
  const [kind = "", where = ""] = /^([^:]*):(.*)$/su.exec(spec)?.slice(1) ?? [];
  const name = BENCHMARKS.find((one) => one === kind);
  if (name !== undefined) return { name, fingerprint: BENCHMARK_READERS[name].fingerprint(pathOf(where)) };
  const forms = BENCHMARKS.map((one) => BENCHMARK_READERS[one].form);
  throw new LabError("names no benchmark", `${didYouMean(kind, BENCHMARKS)}Give ${forms.join("; or ")}.`, {
    subject: JSON.stringify(spec),
  });
}

/** A path from the project's root, as in a profile. */
function pathOf(where: string): string {
  return path.resolve(ROOT, where.replace(/^~(?=\/|$)/, os.homedir()));
}

/** The path is one from the project's root, as in a profile; options stand behind it as in a URL (`folderOptionsSchema`). */
async function openFolderSpec(where: string, context: OpenDatasetOptions): Promise<Dataset> {
  const [, given = "", query = ""] = /^(.*?)(?:\?([^?/]*))?$/su.exec(where) ?? [];
  if (given === "") throw new LabError("names no folder", `Give ${KINDS["folder"]?.form}.`, { subject: "folder:" });
  const folder = pathOf(given);
  const options = [...new URLSearchParams(query)].map(([key, text]) => [
    key,
    /^[\d.]+$/.test(text) ? Number(text) : text,
  ]);
  const settings = parseFolderOptions(Object.fromEntries(options), `folder:${where}`);
  return restoreMiniWorld(await openFolder(folder, settings, context));
}

function unknownKind(spec: string, name: string, where: string): LabError {
  const meant = closest(name === "" ? where : name, Object.keys(KINDS));
  const hint = meant === undefined ? "" : `Did you mean "${meant}:${name === "" ? "…" : where}"? `;
  const forms = Object.values(KINDS).map(({ form }) => form);
  return new LabError("names no dataset", `${hint}Give ${forms.join("; or ")}.`, { subject: JSON.stringify(spec) });
}
