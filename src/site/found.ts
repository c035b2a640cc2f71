import * as fs from "node:fs";
import * as path from "node:path";
import { placeOf, resultsRoot, runsRoot } from "../config/places";
import { isSlug } from "../config/slug";
import { LabError, messageOf } from "../core/errors";
import { isFolder } from "../core/folders";
import { readJson, readText } from "../core/files";
import { EXPERIMENTS } from "../experiments";
import type { Experiment } from "../lab/experiment";
import { keptHeadline } from "../lab/headline";
import { readKept, type Destination, type Kept } from "../lab/kept";
import { loadProfile, type Profile } from "../lab/profile";
import { readRunRecord, RUN_RECORD, type ToldRecord } from "../lab/provenance";
import { chartIn, SHARED_SCRIPT, pageTitle } from "../report/figure/export";
import type { PlotlyFigure } from "../report/figure/figure";
import { countVerdicts, verdictsIn } from "../report/scorecard";
import { tableFromJson } from "../report/table/json";
import type { ResultTable } from "../report/table/table";

/** A table as it was exported, by the name of its files. */
export interface FoundTable {
  readonly name: string;
  readonly table: ResultTable;
}

/** A figure as it was exported: an SVG file of its name, and the chart that it draws. */
export interface FoundFigure {
  readonly name: string;
  readonly title: string;
  /** Absent where it is a drawing alone. */
  readonly chart: PlotlyFigure | undefined;
}

/** What lies in a folder of tables and figures, told by the files alone. */
export interface FoundFiles {
  readonly folder: string;
  readonly tables: readonly FoundTable[];
  readonly figures: readonly FoundFigure[];
  /** Pages that stand by themselves, such as case studies. */
  readonly views: readonly { readonly name: string; readonly title: string }[];
  /** The names of all files that a reader may want. */
  readonly files: readonly string[];
}

/** An experiment in one profile, as recorded or as made here. */
export interface FoundRun extends FoundFiles {
  readonly id: string;
  /** `undefined` where the code has no such experiment any more. */
  readonly experiment: Experiment | undefined;
  readonly profileName: string;
  /** `undefined` where it is no file of configs/profiles, such as one of `--set`. */
  readonly profile: Profile | undefined;
  readonly origin: Destination;
  /** The folder of its pages in the site. */
  readonly at: string;
  readonly kept: Kept | undefined;
  readonly record: ToldRecord | undefined;
  readonly headline: string | undefined;
  /** "1 reproduced, 2 not reproduced"; `undefined` where the experiment judges no claim of the paper's. */
  readonly verdicts: string | undefined;
}

/** Where the scorecard lies among the experiments. */
const SCORECARD = "scorecard";

/** A scorecard, as recorded or as made here. */
export interface FoundScorecard extends FoundFiles, Pick<FoundRun, "origin" | "at"> {}

/** Every run that a reader can be shown: recorded ones, then one's own, in the order of the experiments. */
export function foundRuns(mine: boolean): FoundRun[] {
  const recorded = runsIn(resultsRoot(), "record");
  return mine ? [...recorded, ...runsIn(runsRoot(), "report")] : recorded;
}

/** The scorecards that there are, the recorded one first. */
export function foundScorecards(mine: boolean): FoundScorecard[] {
  const roots = [[resultsRoot(), "record"] as const, ...(mine ? [[runsRoot(), "report"] as const] : [])];
  return roots.flatMap(([root, origin]) => {
    const above = path.join(root, SCORECARD);
    return (isFolder(above) ? [above, ...subfolders(above)] : []).flatMap((folder) => {
      const found = foundFiles(folder);
      const at = placeIn(origin, ...path.relative(root, folder).split(path.sep));
      return found.tables.length === 0 ? [] : [{ ...found, origin, at }];
    });
  });
}

/** The folder of what is shown, in the site. */
function placeIn(origin: Destination, ...names: readonly string[]): string {
  return [...(origin === "record" ? [] : ["mine"]), ...names].join("/");
}

function runsIn(root: string, origin: Destination): FoundRun[] {
  const known = EXPERIMENTS.map(({ id }) => id);
  const place = (id: string): number => (known.includes(id) ? known.indexOf(id) : known.length);
  return subfolders(root)
    .filter((folder) => path.basename(folder) !== SCORECARD)
    .sort((a, b) => place(path.basename(a)) - place(path.basename(b)))
    .flatMap((folder) => subfolders(folder))
    .filter((folder) => fs.existsSync(path.join(folder, RUN_RECORD)))
    .map((folder) => foundRun(folder, origin));
}

function foundRun(folder: string, origin: Destination): FoundRun {
  const [id, profileName] = [path.basename(path.dirname(folder)), path.basename(folder)];
  const experiment = EXPERIMENTS.find((one) => one.id === id);
  const profile = profileNamed(profileName);
  const kept = readKept(folder);
  const headline =
    experiment && profile && kept && kept.made.length > 0 ? keptHeadline(experiment, profile, kept) : undefined;
  const at = placeIn(origin, id, profileName);
  const files = foundFiles(folder, experiment);
  const claims = files.tables.find(({ name }) => name === CLAIMS)?.table;
  const verdicts = claims === undefined ? undefined : countVerdicts(verdictsIn(claims));
  const made = { origin, at, kept, record: readRunRecord(folder), headline, verdicts };
  return { id, experiment, profileName, profile, ...made, ...files };
}

function profileNamed(name: string): Profile | undefined {
  try {
    return loadProfile(name);
  } catch (error) {
    if (error instanceof LabError) return undefined;
    throw error;
  }
}

/** The table of an experiment's claims with their verdicts. */
const CLAIMS = "claims";

/** What stands before an experiment's own tables. */
const FIRST_TABLES = [SCORECARD, CLAIMS, "seeds"];

/** The tables and figures of a folder: verdicts and means over seeds first, then in the order of the experiment, then by name. */
function foundFiles(folder: string, experiment?: Experiment): FoundFiles {
  const names = fs
    .readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.startsWith(".") && !entry.name.includes(".tmp-"))
    .map(({ name }) => name)
    .sort();
  const stems = (ending: string): string[] => names.flatMap((name) => (name.endsWith(ending) ? [stem(name)] : []));
  const tables = inOrder(stems(".json"), [...FIRST_TABLES, ...(experiment?.tables ?? []).map(({ name }) => name)]);
  const figures = inOrder(
    stems(".svg"),
    (experiment?.figures ?? []).map(({ name }) => name),
  );
  return {
    folder,
    tables: tables.flatMap((name) => tableNamed(folder, name)),
    figures: figures.map((name) => figureNamed(folder, name)),
    views: stems(".html")
      .filter((name) => !figures.includes(name))
      .map((name) => ({ name, title: pageTitle(readText(path.join(folder, `${name}.html`))) || name })),
    // the page of a chart shows it alone: the site shows it itself
    files: names.filter((name) => name !== SHARED_SCRIPT && !(name.endsWith(".html") && figures.includes(stem(name)))),
  };
}

function stem(name: string): string {
  return path.parse(name).name;
}

function inOrder(names: readonly string[], order: readonly string[]): string[] {
  const first = order.filter((name) => names.includes(name));
  return [...first, ...names.filter((name) => !first.includes(name))];
}

/** A file of JSON with columns and rows is a table, and then it must be a whole one. */
function tableNamed(folder: string, name: string): FoundTable[] {
  const file = path.join(folder, `${name}.json`);
  const value = readJson(file);
  if (typeof value !== "object" || value === null || !("columns" in value && "rows" in value)) return [];
  return [{ name, table: tableFromJson(readText(file), file) }];
}

function figureNamed(folder: string, name: string): FoundFigure {
  const page = path.join(folder, `${name}.html`);
  if (!fs.existsSync(page)) return { name, title: name, chart: undefined };
  try {
    const text = readText(page);
    return { name, title: pageTitle(text) || name, chart: chartIn(text) };
  } catch (error) {
    if (error instanceof LabError) throw error;
    const remedy = "Restore it, or run the experiment again.";
    throw new LabError(`holds no chart (${messageOf(error)})`, remedy, { subject: placeOf(page), cause: error });
  }
}

/** Those with names that the lab gives: others, such as "mini (copy)", are the reader's own, and would break the links to them. */
function subfolders(folder: string): string[] {
  if (!isFolder(folder)) return [];
  const entries = fs
    .readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && isSlug(entry.name));
  return entries.map(({ name }) => path.join(folder, name)).sort();
}
