import { LabError } from "../core/errors";
import { didYouMean } from "../core/similar";
import type { Dataset } from "../data/dataset";
import { judgeBy } from "../eval/claims";
import type { Measurement } from "../eval/measurements";
import { compareMeasurements, type Comparison } from "../report/compare";
import { originMarks } from "../report/notes";
import { methodTable, type MeasuredColumn } from "../report/pivot";
import { besidePublished, publishedNotes } from "../report/published/published";
import { scorecardTable } from "../report/scorecard";
import { seedTable } from "../report/seeds";
import type { Results } from "../report/standard";
import type { ResultTable } from "../report/table/table";
import { machineNow } from "../store/facts";
import { numericsRemark } from "../verify/numerics/record";
import { rowsLeftOut, type Experiment } from "./experiment";
import {
  differingSettings,
  gather,
  keptOf,
  keptParts,
  settingsOf,
  type Gathered,
  type Kept,
  type MadeBy,
  methodsNamed,
  notDue,
  OLD,
  type Origin,
  worldOf,
} from "./kept";
import { headline } from "./headline";
import type { Lab } from "./lab";
import { isShown, pageOf, type Page } from "./page";
import { makerHere } from "./provenance";
import { dueKeys, ownParts, type MadeMethod } from "./run";
import { measuredBy } from "./score";

/** An experiment's tables, and what they say. */
export interface Findings {
  /** By the names of the experiment's specs; "seeds" where there are several seeds. */
  readonly tables: ReadonlyMap<string, ResultTable>;
  /** This run beside its record; `undefined` where nothing was recorded with these settings. */
  readonly comparison: Comparison | undefined;
  /** What came out, how it compares with the record, and what was left out, a sentence each. */
  readonly sentences: readonly string[];
  readonly results: Results;
  /** Every row's numbers, those that are shown from an earlier run or from the record included. */
  readonly kept: Kept;
}

/** What a run works out to, beside what an earlier run and the record with the same settings have. Nothing is written. */
export async function findingsOf(
  lab: Lab,
  experiment: Experiment,
  made: readonly MadeMethod[],
  set: Readonly<Record<string, unknown>> = {},
): Promise<Findings> {
  const own = await ownParts(made);
  const gathered = gather(experiment.id, lab, own, "report", dueKeys(lab, experiment));
  return withRemark(layOut(lab, experiment, made, gathered, set), own.made);
}

/** In a sentence, what of that which was kept today's settings and code would not make so. */
export function outdated(lab: Lab, experiment: Experiment, kept: Kept): string[] {
  const keys = differingSettings(settingsOf(lab), kept.settings);
  if (keys.length > 0) return [`Made with other settings than the profile has now (${keys.join(", ")}).`];
  const old = notDue(kept.made, dueKeys(lab, experiment));
  return old.length === 0 ? [] : [`${methodsNamed(old)}: ${OLD}.`];
}

/** What a report or a record comes to, as it was kept. */
export function keptFindings(lab: Lab, experiment: Experiment, kept: Kept): Findings {
  const leftOut = outdated(lab, experiment, kept);
  const gathered = { settings: kept.settings, parts: keptParts(kept), recorded: undefined, leftOut };
  return layOut(lab, experiment, [], gathered, {});
}

/** Says so where this machine computes other digits than the recorded ones, and where rows from the store were made with other arithmetic than its own. */
export async function withRemark(findings: Findings, own: readonly MadeBy[]): Promise<Findings> {
  const remark = await numericsRemark();
  const { numerics } = await makerHere();
  const sentences = [...findings.sentences, ...(remark === undefined ? [] : [remark])];
  const others = own.filter((by) => by.numerics !== numerics);
  if (others.length > 0) {
    const theirs = [...new Set(others.map((by) => by.numerics))].join(", ");
    sentences.push(
      `${methodsNamed(others)}: in the store as made with other arithmetic than this machine's (digest ${theirs}; here ${numerics}). --fresh makes them anew.`,
    );
  }
  return { ...findings, sentences };
}

/** Lays out everything that was gathered, as the experiment says. @param set the keys that were changed, for captions */
export function layOut(
  lab: Lab,
  experiment: Experiment,
  made: readonly MadeMethod[],
  gathered: Gathered,
  set: Readonly<Record<string, unknown>>,
): Findings {
  const page = pageOf(lab, experiment, made, gathered, set);
  const tables = tablesOf(page, experiment, lab);
  const over = overSeeds(page, experiment, gathered);
  if (over !== undefined) tables.set("seeds", over);
  const kept = keptOf(gathered, "record"); // with the rows that are shown from it
  const claims = claimsTable(page, experiment, kept, lab.dataset.origin?.kind === "miniworld");
  if (claims !== undefined) tables.set("claims", claims);
  const comparison = besideRecord(page, made, gathered);
  const said = [headline(experiment, page.methods, made, gathered), comparison?.sentence];
  const sentences = [...said.flatMap((text) => text ?? []), ...gathered.leftOut, ...rowsLeftOut(experiment, lab)];
  return { tables, comparison, results: page.results, sentences, kept };
}

function tablesOf(page: Page, experiment: Experiment, { dataset }: Lab): Map<string, ResultTable> {
  const { results, caption, provenance, seed } = page;
  const { published = [] } = experiment;
  const drawn = experiment.tables.flatMap(({ name, layout, notes, paper }): [string, ResultTable][] => {
    const shown = layout(dataset, results.measurements);
    if (shown === undefined) return [];
    requireMeasured(experiment, dataset, name, shown.columns);
    const links = shown.splitRows === undefined && paper !== false ? published : [];
    const beside = besidePublished(links, shown.columns, results);
    const spec = {
      ...shown,
      beside,
      methods: results.methods,
      marks: originMarks(results.methods),
      notes: [
        ...(shown.notes ?? []),
        ...(notes?.(results) ?? []),
        ...(beside.length === 0 ? [] : publishedNotes(links, results)),
      ],
      caption: caption(shown.caption),
      provenance: { ...provenance, seed: String(seed) },
    };
    const table = methodTable(results.measurements, spec);
    return table.rows.length === 0 ? [] : [[name, table]];
  });
  return new Map(drawn);
}

/** @throws LabError for a column of answers that nothing fills, with the metric most likely meant */
function requireMeasured(
  experiment: Experiment,
  dataset: Dataset,
  table: string,
  columns: readonly MeasuredColumn[],
): void {
  const known = measuredBy(experiment, dataset).map(({ name }) => name);
  const stranger = columns.find(({ metric }) => !known.includes(metric));
  if (stranger === undefined) return;
  const reason = `has a column of "${stranger.metric}", which the experiment does not measure`;
  throw new LabError(
    reason,
    `${didYouMean(stranger.metric, known)}Add it to the experiment's metrics, or an analysis that measures it.`,
    {
      subject: `the table ${table} of ${experiment.id}`,
    },
  );
}

/** Means over seeds of what is trained, where there are several. */
function overSeeds(page: Page, experiment: Experiment, { parts }: Gathered): ResultTable | undefined {
  const { methods, seed, columns, provenance, caption, given: fixed } = page;
  if (columns.length === 0) return undefined; // the experiment's own table has nothing on this dataset
  const trained = methods.filter(({ name }) => !fixed.has(name));
  const all = [...parts.values()].filter(({ by }) => trained.some(({ name }) => name === by.method));
  if (all.every(({ by }) => by.seed === seed)) return undefined;
  const of = (which: Origin): Measurement[] =>
    all.filter(({ origin }) => origin === which).flatMap(({ measurements }) => measurements);
  const twice = trained.some(
    ({ name }) => new Set(all.filter(({ by }) => by.method === name).map(({ by }) => by.seed)).size > 1,
  );
  if (!twice) return undefined;
  const isAccuracy = columns.every(({ metric }) => metric === "accuracy" || metric === "similarity");
  const given = page.results.measurements.filter(({ method }) => fixed.has(method));
  return seedTable(
    { here: of("run"), earlier: of("earlier"), recorded: of("record"), given },
    {
      caption: caption(`${experiment.title} over seeds${isAccuracy ? ": accuracy in %" : ""}`),
      methods: trained,
      compared: experiment.compare,
      shortTitles: Object.fromEntries(methods.map(({ name, short, title }) => [name, short ?? title])),
      columns,
      scope: "One dataset and one base.",
      provenance,
      more: `npx fine-r1 run ${experiment.id} --seeds 1-5`,
    },
  );
}

/** The experiment's claims with their verdicts, as far as this one world decides them. */
function claimsTable({ caption, provenance }: Page, { claims = [] }: Experiment, kept: Kept, mini: boolean) {
  const judged = claims.map(judgeBy([worldOf(kept)]));
  if (judged.every(({ verdict }) => verdict === "not measured")) return undefined;
  return scorecardTable(judged, {
    caption: caption("What the paper claims, in this world alone"),
    provenance,
    rule: false,
    mini,
  });
}

function besideRecord(page: Page, made: readonly MadeMethod[], { recorded }: Gathered): Comparison | undefined {
  const { methods, columns, provenance } = page;
  const shown = (one: Pick<Measurement, "method" | "seed">): boolean => isShown(page, one);
  const own = made.flatMap(({ measurements }) => measurements).filter(shown);
  const processors = { here: machineNow().processor, recorded: processorsOf(recorded) };
  return compareMeasurements(own, (recorded?.measurements ?? []).filter(shown), {
    methods,
    columns,
    processors,
    provenance,
  });
}

function processorsOf(kept: Kept | undefined): string | undefined {
  const processors = [...new Set((kept?.made ?? []).map(({ processor }) => processor))];
  return processors.length === 0 ? undefined : processors.join(" and ");
}
