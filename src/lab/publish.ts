import * as fs from "node:fs";
import * as path from "node:path";
import { placeOf, projectPath } from "../config/places";
import { LabError, required } from "../core/errors";
import { removeQuietly } from "../core/files";
import { sweepLeftovers } from "../core/leftovers";
import { exportFigure } from "../report/figure/export";
import { publishedTable } from "../report/published/published";
import { exportTable } from "../report/table/export";
import type { ResultTable } from "../report/table/table";
import { exportView, type View } from "../report/viewPage";
import { takeLease } from "../store/lease";
import { leasesOf } from "../store/store";
import type { Experiment, Sight } from "./experiment";
import { givenOf, NOT_BUILT } from "./given";
import { keptFindings, layOut, outdated, withRemark, type Findings } from "./findings";
import {
  gather,
  keptFolder,
  keptOf,
  keptParts,
  methodsNamed,
  partKey,
  readKept,
  writeKept,
  type Destination,
  type Gathered,
  type Kept,
  type MadeBy,
} from "./kept";
import type { Lab } from "./lab";
import { caseSource, lookAtChains } from "./look";
import { shownSeed } from "./page";
import { amendRun, formerRuns, recordedOutputs, RUN_RECORD, startRun, type OpenRun } from "./provenance";
import { dueKeys, ownParts, planRun, stagesOf, type MadeMethod, type PlannedMethod } from "./run";

/** Findings, and the files that hold them. */
export interface Published extends Findings {
  readonly files: readonly string[];
  readonly folder: string;
}

export interface PublishOptions {
  readonly destination?: Destination | undefined;
  /** The keys that were changed, for captions. */
  readonly set?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * Writes tables, figures, measurements and the run record of a finished run, beside the rows that lie there: of two runs that end together
 * one waits for the other.
 * @throws LabError where a record would lose rows
 */
export async function publish(
  lab: Lab,
  experiment: Experiment,
  made: readonly MadeMethod[],
  run: OpenRun,
  options: PublishOptions = {},
): Promise<Published> {
  return alone(lab, experiment, options.destination, () => write(lab, experiment, made, run, options));
}

/** Does something with an experiment's folder while no other process does. */
async function alone<T>(lab: Lab, { id }: Experiment, to: Destination = "report", work: () => Promise<T>): Promise<T> {
  const lease = await takeLease(leasesOf(lab.store), `${to}-${id}-${lab.profile.name}`, lab);
  try {
    return await work();
  } finally {
    lease?.release(true);
  }
}

async function write(
  lab: Lab,
  experiment: Experiment,
  made: readonly MadeMethod[],
  run: OpenRun,
  { destination = "report", set = {} }: PublishOptions,
): Promise<Published> {
  const folder = keptFolder(experiment.id, lab.profile.name, destination);
  const own = await ownParts(made);
  sweepLeftovers(folder); // a run may have been killed while it wrote here
  const gathered = gather(experiment.id, lab, own, destination, dueKeys(lab, experiment));
  if (destination === "record") requireNothingLost(folder, gathered);
  const findings = await withRemark(layOut(lab, experiment, made, gathered, set), own.made);
  const kept = keptOf(gathered, destination);
  // a record is laid out as whoever only reads it sees it, and shows the profile's seed, whichever came last
  const part = destination === "record" && isPart(lab, kept, own.made);
  const asKept = { ...gathered, parts: keptParts(kept), recorded: undefined };
  const shown = destination === "record" ? layOut(lab, experiment, part ? [] : made, asKept, set) : findings;
  const stay = part ? standing(folder) : []; // curves and answers of the profile's seed
  const before = kept.made.length > own.made.length ? formerRuns(folder) : [];
  removeQuietly(path.join(folder, RUN_RECORD)); // until the new files are whole, none vouches for them
  const files = [
    ...writeKept(folder, kept),
    ...(await exportFindings(folder, experiment, shown)),
    ...(shown.comparison === undefined || destination === "record"
      ? []
      : exportTable(shown.comparison.table, folder, "comparison")),
  ];
  const views = part ? [] : await viewsOf(lab, experiment, made);
  for (const [name, view] of views) files.push(...exportView(view, folder, name));
  const all = [...new Set([...files, ...stay])];
  return { ...findings, folder, files: [...all, await run.finish(folder, all, lab, before)] };
}

/** Whether a run adds to a record that shows more than it made of the profile's seed: other rows, or all of them. */
function isPart({ profile: { seed } }: Lab, kept: Kept, own: readonly MadeBy[]): boolean {
  const made = new Set(own.map(partKey));
  return kept.made.some((by) => by.seed === seed && !made.has(partKey(by)));
}

/** The files that the record in a folder tells of. */
function standing(folder: string): string[] {
  if (!fs.existsSync(path.join(folder, RUN_RECORD))) return [];
  const files = recordedOutputs(folder).map((output) => path.join(folder, path.posix.basename(output.path)));
  return files.filter((file) => fs.existsSync(file));
}

/** Tables, the paper's beside them, and figures. */
async function exportFindings(
  folder: string,
  experiment: Experiment,
  { tables, results }: Findings,
): Promise<string[]> {
  const all = [...tables, ...papersOf(experiment)];
  const files = all.flatMap(([name, table]) => exportTable(table, folder, name));
  for (const spec of experiment.figures) {
    const figure = spec.draw(results);
    if (figure !== undefined) files.push(...(await exportFigure(figure, folder, spec.name)));
  }
  return files;
}

/**
 * Writes the tables and figures of a finished run anew from its measurements, by today's code; what was drawn from the work itself (training
 * curves, answers) stays. The run's record stays that of the run, and says when its files were last laid out.
 * @throws LabError where nothing is kept, or today's settings and code would make other rows
 */
export async function layOutAnew(lab: Lab, experiment: Experiment, destination: Destination): Promise<Published> {
  const folder = keptFolder(experiment.id, lab.profile.name, destination);
  const cannot = (reason: string): LabError =>
    new LabError(reason, "Run the experiment again.", { subject: placeOf(folder) });
  return alone(lab, experiment, destination, async () => {
    const kept = required(readKept(folder), () => cannot("holds no measurements"));
    const [stale] = outdated(lab, experiment, kept);
    if (stale !== undefined) throw cannot(`cannot be laid out anew. ${stale.replace(/\.$/u, "")}`);
    const findings = keptFindings(lab, experiment, kept);
    const files = await exportFindings(folder, experiment, findings);
    return { ...findings, folder, files: [...files, amendRun(folder, files)] };
  });
}

/** @throws LabError where rows of the record are not among those that are to be written: made with other settings or code, and not anew */
function requireNothingLost(folder: string, { parts }: Gathered): void {
  const lost = (readKept(folder)?.made ?? []).filter((by) => !parts.has(partKey(by)));
  if (lost.length === 0) return;
  const seeds = [...new Set(lost.map(({ seed }) => seed))].join(", ");
  throw new LabError(
    `would lose ${methodsNamed(lost)} (seeds ${seeds}), made with other settings or code than this run`,
    "Make them anew in the same run (--all, --seeds), or remove the folder first. What this run made is kept in the store.",
    { subject: placeOf(folder) },
  );
}

/** The paper's tables that an experiment has rows of, whole, under the names of their files. */
export function papersOf({ published = [] }: Pick<Experiment, "published">): Map<string, ResultTable> {
  return new Map(published.map(({ table }) => [`paper-${table}`, publishedTable(table)]));
}

/** An experiment's views of what was made, by their names: of several seeds the first trained one. */
export async function viewsOf(
  lab: Lab,
  { views = [] }: Pick<Experiment, "views">,
  made: readonly MadeMethod[],
): Promise<Map<string, View>> {
  const seed = shownSeed(lab, made) ?? lab.profile.seed;
  const shown = made.filter(({ method, seed: own }) => "given" in method.model || own === seed);
  const sight: Sight = {
    recipe: lab.recipe(seed),
    dataset: lab.dataset,
    cases: (setting) =>
      caseSource(
        lab,
        shown.filter(({ answers }) => answers.has(setting)),
        setting,
      ),
    chains: (stage) => lookAtChains(lab, stage),
  };
  const drawn = new Map<string, View>();
  for (const { name, draw } of views) {
    const view = await draw(sight);
    if (view !== undefined) drawn.set(name, view);
  }
  return drawn;
}

/** Begins the record of a run. @param plan what it makes; default: the experiment's usual methods */
export function beginRun(
  lab: Lab,
  experiment: Experiment,
  seeds: readonly number[],
  plan: readonly PlannedMethod[] = planRun(lab, experiment, { seeds }),
): OpenRun {
  const { profile } = lab;
  // what is not there was worked on by nothing in this run
  const given = stagesOf(plan).flatMap(givenOf).filter(({ fingerprint }) => fingerprint !== NOT_BUILT); // prettier-ignore
  return startRun({
    experiment: experiment.id,
    profile: profile.name,
    // as its file states it: places from the project's root, so that a record reads alike on every machine
    config: fromProject(profile),
    seeds,
    inputs: [...new Map(given.map((one) => [one.fingerprint, { ...one, at: fromProject(one.at) }])).values()],
  });
}

/** Part of a profile with its places, whatever stands before them ("onnx:"), from the project's root. */
function fromProject<T>(value: T): T;
function fromProject(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((one: unknown) => fromProject(one));
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, fromProject(one as unknown)]));
  }
  const [, prefix = "", where = ""] = typeof value === "string" ? (/^([a-z-]+:)?(.*)$/su.exec(value) ?? []) : [];
  return path.isAbsolute(where) ? prefix + projectPath(where) : value;
}
