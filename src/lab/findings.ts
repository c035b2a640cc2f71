import { LabError } from "../core/errors";
import { didYouMean } from "../core/similar";
import type { Dataset } from "../data/dataset";
import type { StepFigures } from "../engine/metrics";
import { judge } from "../eval/claims";
import { effectOf } from "../eval/effects";
import type { Measurement } from "../eval/measurements";
import { compareMeasurements, type Comparison } from "../report/compare";
import { methodColours } from "../report/figures";
import { originMarks, ORIGINS } from "../report/notes";
import { methodTable, type MeasuredColumn, type MethodTitle } from "../report/pivot";
import { besidePublished, publishedNotes } from "../report/published/published";
import { scorecardTable } from "../report/scorecard";
import { seedTable } from "../report/seeds";
import type { Results } from "../report/standard";
import type { ResultTable } from "../report/table/table";
import { machineNow } from "../store/facts";
import { numericsRemark } from "../verify/numerics/record";
import { changesInWords, rowsLeftOut, type Experiment, type Method } from "./experiment";
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
import { headline, partOf, type Called } from "./headline";
import type { Lab } from "./lab";
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

/** What all tables of a layout have in common. */
interface Page {
  readonly seed: number;
  readonly methods: readonly Method[];
  readonly results: Results;
  /** Of the experiment's own table. */
  readonly columns: readonly MeasuredColumn[];
  readonly provenance: Readonly<Record<string, string>>;
  readonly caption: (text: string) => string;
}

/** Of what a run trained the profile's seed, or else its first; `undefined` where it trained nothing. */
export function shownSeed({ profile }: Pick<Lab, "profile">, made: readonly MadeMethod[]): number | undefined {
  const trained = made.flatMap(({ method, seed }) => ("given" in method.model ? [] : [seed]));
  return trained.includes(profile.seed) ? profile.seed : trained[0];
}

function pageOf(
  lab: Lab,
  experiment: Experiment,
  made: readonly MadeMethod[],
  gathered: Gathered,
  set: Readonly<Record<string, unknown>>,
): Page {
  const { profile, dataset } = lab;
  const seeds = [...gathered.parts.values()].map(({ by }) => by.seed);
  const own = shownSeed(lab, made) ?? made[0]?.seed;
  const seed = own ?? (seeds.includes(profile.seed) ? profile.seed : (seeds[0] ?? profile.seed));
  const methods = methodsOf(lab, experiment, made, seed);
  const known = new Set(methods.map(({ name }) => name));
  // what is only looked at is shown whole: a reader's own variants too
  const others = made.length > 0 ? [] : [...gathered.parts.values()].filter(({ by }) => !known.has(by.method));
  const variants = [...new Set(others.map(({ by }) => by.method))].map((name) => ({ name, title: name }));
  const changed = changesInWords(set).join(", ");
  const results = resultsOf([...methods, ...variants], made, gathered, seed);
  return {
    seed,
    methods,
    results,
    columns: experiment.tables[0]?.layout(dataset, results.measurements)?.columns ?? [],
    provenance: { experiment: experiment.id, profile: profile.name, dataset: dataset.name },
    caption: (text) => (changed === "" ? text : `${text} (${changed})`),
  };
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
  const { methods, seed, columns, provenance, caption } = page;
  const fixed = new Set(methods.flatMap(({ name, model }) => ("given" in model ? [name] : [])));
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
  const judged = claims.map((claim) => judge(claim, (difference) => effectOf([worldOf(kept)], difference)));
  if (judged.every(({ verdict }) => verdict === "not measured")) return undefined;
  return scorecardTable(judged, {
    caption: caption("What the paper claims, in this world alone"),
    provenance,
    rule: false,
    mini,
  });
}

function besideRecord(page: Page, made: readonly MadeMethod[], { recorded }: Gathered): Comparison | undefined {
  const { methods, columns, provenance, seed } = page;
  const given = new Set(methods.flatMap(({ name, model }) => ("given" in model ? [name] : [])));
  const shown = (one: { readonly method: string; readonly seed: number }): boolean =>
    one.seed === seed || given.has(one.method); // what is given has one seed, whatever the others have
  const own = made.flatMap(({ measurements }) => measurements).filter(shown);
  const processors = { here: machineNow().processor, recorded: processorsOf(recorded) };
  return compareMeasurements(own, (recorded?.measurements ?? []).filter(shown), {
    methods,
    columns,
    processors,
    provenance,
  });
}

/** The experiment's methods in their order, then those that a reader added. */
function methodsOf(lab: Lab, experiment: Experiment, made: readonly MadeMethod[], seed: number): Method[] {
  const own = experiment.methods(lab.recipe(seed));
  const known = new Set(own.map(({ name }) => name));
  const added = new Map(made.map(({ method }) => [method.name, method]));
  return [...own, ...[...added.values()].filter(({ name }) => !known.has(name))];
}

function resultsOf(methods: readonly Called[], made: readonly MadeMethod[], gathered: Gathered, seed: number): Results {
  const shown = methods.flatMap((method) => {
    const part = partOf(gathered, method, seed);
    return part === undefined ? [] : [{ method, part }];
  });
  const marked = shown.map(({ method: { name, title }, part: { origin } }): MethodTitle => {
    return { name, title, ...(origin === "run" ? {} : { mark: ORIGINS[origin].mark }) };
  });
  const given = new Set(methods.flatMap(({ name, model }) => (model !== undefined && "given" in model ? [name] : [])));
  const own = made.filter((one) => one.seed === seed || given.has(one.method.name)); // what is given has one seed
  const steps = own.filter((one) => one.steps.length > 0);
  const curves = new Map<string, readonly StepFigures[]>(steps.map((one) => [one.method.name, one.steps]));
  return {
    methods: marked,
    measurements: shown.flatMap(({ part }) => part.measurements),
    curves,
    found: new Map(own.map((one) => [one.method.name, one.found])),
    colours: methodColours(methods),
  };
}

function processorsOf(kept: Kept | undefined): string | undefined {
  const processors = [...new Set((kept?.made ?? []).map(({ processor }) => processor))];
  return processors.length === 0 ? undefined : processors.join(" and ");
}
