import { projectPath } from "../config/places";
import type { StepFigures } from "../engine/train";
import { meanOverSeeds } from "../eval/statistics";
import { select, type Measurement } from "../eval/measurements";
import { compareMeasurements, type Comparison } from "../report/compare";
import { exportFigure } from "../report/figure/export";
import { ORIGINS } from "../report/notes";
import { methodTable, type MethodTitle } from "../report/pivot";
import { seedTable } from "../report/seeds";
import { exportTable } from "../report/table/export";
import type { ResultTable } from "../report/table/table";
import { machineNow } from "../store/facts";
import { numericsDigest } from "../verify/numerics/digest";
import { numericsRemark } from "../verify/numerics/record";
import type { Results } from "../report/standard";
import { methodColours } from "../report/figures";
import { changesInWords, type Experiment, type Method } from "./experiment";
import {
  differingSettings,
  gather,
  keptFolder,
  keptOf,
  partKey,
  settingsOf,
  writeKept,
  type Destination,
  type Gathered,
  type Kept,
  type MadeBy,
} from "./kept";
import type { Lab } from "./lab";
import { startRun, type OpenRun } from "./provenance";
import type { MadeMethod } from "./run";

/** An experiment's tables, and what they say. */
export interface Findings {
  /** By the names of the experiment's specs; "seeds" where there are several seeds. */
  readonly tables: ReadonlyMap<string, ResultTable>;
  /** This run beside its record; `undefined` where nothing was recorded with these settings. */
  readonly comparison: Comparison | undefined;
  /** What came out, how it compares with the record, and what was left out, a sentence each. */
  readonly sentences: readonly string[];
  readonly results: Results;
}

/** Findings, and the files that hold them. */
export interface Published extends Findings {
  readonly files: readonly string[];
  readonly folder: string;
}

/** What a run works out to, beside what an earlier run and the record with the same settings have. Nothing is written. */
export async function findingsOf(
  lab: Lab,
  experiment: Experiment,
  made: readonly MadeMethod[],
  set: Readonly<Record<string, unknown>> = {},
): Promise<Findings> {
  const gathered = gather(experiment.id, lab, await ownParts(made), "report");
  return withRemark(layOut(lab, experiment, made, gathered, set));
}

/** What a report or a record comes to, as it was kept. */
export function keptFindings(lab: Lab, experiment: Experiment, kept: Kept): Findings {
  const parts = kept.made.map((by) => {
    const key = partKey(by);
    const measurements = kept.measurements.filter((one) => partKey(one) === key);
    return [key, { by, measurements, origin: "run" as const }] as const;
  });
  const keys = differingSettings(settingsOf(lab), kept.settings);
  const leftOut = keys.length === 0 ? [] : [`Made with other settings than the profile has now (${keys.join(", ")}).`];
  return layOut(
    lab,
    experiment,
    [],
    { settings: kept.settings, parts: new Map(parts), recorded: undefined, leftOut },
    {},
  );
}

/** Says so where this machine computes other digits than the recorded ones. */
async function withRemark(findings: Findings): Promise<Findings> {
  const remark = await numericsRemark();
  return remark === undefined ? findings : { ...findings, sentences: [...findings.sentences, remark] };
}

/** Writes tables, figures, measurements and the run record of a finished run. */
export async function publish(
  lab: Lab,
  experiment: Experiment,
  made: readonly MadeMethod[],
  run: OpenRun,
  { destination = "report", set = {} }: { destination?: Destination; set?: Readonly<Record<string, unknown>> } = {},
): Promise<Published> {
  const folder = keptFolder(experiment.id, lab.profile.name, destination);
  const gathered = gather(experiment.id, lab, await ownParts(made), destination);
  const findings = await withRemark(layOut(lab, experiment, made, gathered, set));
  const { tables, comparison, results } = findings;
  const files = [
    writeKept(folder, keptOf(gathered, destination)),
    ...[...tables].flatMap(([name, table]) => exportTable(table, folder, name)),
    ...(comparison === undefined || destination === "record"
      ? []
      : exportTable(comparison.table, folder, "comparison")),
  ];
  for (const { name, draw } of experiment.figures) {
    const figure = draw(results);
    if (figure !== undefined) files.push(...(await exportFigure(figure, folder, name)));
  }
  return { ...findings, folder, files: [...files, await run.finish(folder, files)] };
}

/** Begins the record of a run. */
export function beginRun({ profile, recipe }: Lab, experiment: Experiment, seeds: readonly number[]): OpenRun {
  const { dataset, base, encoder } = recipe(profile.seed);
  return startRun({
    experiment: experiment.id,
    profile: profile.name,
    // as its file states it: folders from the project's root, so that a record reads alike on every machine
    config: { ...profile, base: projectPath(profile.base), encoder: projectPath(profile.encoder) },
    seeds,
    inputs: [dataset, base, encoder].map((given) => ({ ...given, at: projectPath(given.at) })),
  });
}

async function ownParts(made: readonly MadeMethod[]) {
  const at = new Date().toISOString();
  const { processor } = machineNow();
  const { digest } = await numericsDigest();
  const by = made.map(({ method: { name }, seed }): MadeBy => ({
    method: name,
    seed,
    at,
    processor,
    numerics: digest,
  }));
  return { made: by, measurements: made.flatMap(({ measurements }) => measurements) };
}

function layOut(
  lab: Lab,
  experiment: Experiment,
  made: readonly MadeMethod[],
  gathered: Gathered,
  set: Readonly<Record<string, unknown>>,
): Findings {
  const { profile } = lab;
  const first = [...gathered.parts.values()].map(({ by }) => by.seed);
  const seed = made[0]?.seed ?? (first.includes(profile.seed) ? profile.seed : (first[0] ?? profile.seed));
  const methods = titlesOf(lab, experiment, made);
  const results = resultsOf(methods, made, gathered, seed);
  const provenance = { experiment: experiment.id, profile: profile.name, dataset: lab.dataset.name };
  const changed = changesInWords(set).join(", ");
  const caption = (text: string): string => (changed === "" ? text : `${text} (${changed})`);
  const tables = new Map<string, ResultTable>();
  for (const { name, layout, notes } of experiment.tables) {
    const shown = layout(lab.dataset);
    if (shown === undefined) continue;
    const own = [...(shown.notes ?? []), ...(notes?.(results) ?? [])];
    const rest = { methods: results.methods, marks: marksOf(results.methods), notes: own };
    const spec = {
      ...shown,
      ...rest,
      caption: caption(shown.caption),
      provenance: { ...provenance, seed: String(seed) },
    };
    tables.set(name, methodTable(results.measurements, spec));
  }
  const [main] = experiment.tables;
  const columns = main?.layout(lab.dataset)?.columns ?? [];
  const all = [...gathered.parts.values()];
  const trained = new Set(
    experiment.methods(lab.recipe(seed)).flatMap(({ name, model }) => ("given" in model ? [] : [name])),
  );
  const several = all.some(({ by }) => by.seed !== seed && trained.has(by.method));
  if (several) {
    const of = (record: boolean): Measurement[] =>
      all.filter(({ origin }) => (origin === "record") === record).flatMap(({ measurements }) => measurements);
    tables.set(
      "seeds",
      seedTable(
        { here: of(false), recorded: of(true) },
        {
          caption: caption(`${experiment.title} over seeds: accuracy in %`),
          methods: methods.filter(({ name }) => trained.has(name)),
          compared: experiment.compare,
          columns,
          scope: "One dataset and one base.",
          provenance,
          more: `npx fine-r1 run ${experiment.id} --seeds 1-5`,
        },
      ),
    );
  }
  const processors = { here: machineNow().processor, recorded: recordedProcessor(gathered) };
  const comparison = compareMeasurements(
    select(results.measurements, { seed }).filter(({ method }) => made.some((one) => one.method.name === method)),
    select(gathered.recorded?.measurements ?? [], { seed }),
    { methods, columns, processors, provenance },
  );
  const said = [headline(experiment, methods, made, gathered), comparison?.sentence];
  return { tables, comparison, results, sentences: [...said.flatMap((text) => text ?? []), ...gathered.leftOut] };
}

/** The experiment's methods in their order, then those that a reader added. */
function titlesOf(lab: Lab, experiment: Experiment, made: readonly MadeMethod[]): Method[] {
  const own = experiment.methods(lab.recipe(made[0]?.seed ?? lab.profile.seed));
  const known = new Set(own.map(({ name }) => name));
  const added = new Map(made.map(({ method }) => [method.name, method]));
  return [...own, ...[...added.values()].filter(({ name }) => !known.has(name))];
}

function resultsOf(
  methods: readonly MethodTitle[],
  made: readonly MadeMethod[],
  { parts }: Gathered,
  seed: number,
): Results {
  const shown = [...parts.values()].filter(({ by }) => by.seed === seed);
  const marked = methods.flatMap(({ name, title }): MethodTitle[] => {
    const part = shown.find(({ by }) => by.method === name);
    if (part === undefined) return [];
    return [{ name, title, ...(part.origin === "run" ? {} : { mark: ORIGINS[part.origin].mark }) }];
  });
  const steps = made.filter((one) => one.seed === seed && one.steps.length > 0);
  const curves = new Map<string, readonly StepFigures[]>(steps.map((one) => [one.method.name, one.steps]));
  return {
    methods: marked,
    measurements: shown.flatMap(({ measurements }) => measurements),
    curves,
    colours: methodColours(methods),
  };
}

function marksOf(methods: readonly MethodTitle[]): Record<string, string> {
  const used = Object.values(ORIGINS).filter(({ mark }) => methods.some((method) => method.mark === mark));
  return Object.fromEntries(used.map(({ mark, meaning }) => [mark, meaning]));
}

function recordedProcessor({ recorded }: Gathered): string | undefined {
  const processors = [...new Set((recorded?.made ?? []).map(({ processor }) => processor))];
  return processors.length === 0 ? undefined : processors.join(" and ");
}

/** What a run came to, in one sentence: the last of its differences that it can tell, else its last method. */
function headline(
  { compare }: Experiment,
  methods: readonly MethodTitle[],
  made: readonly MadeMethod[],
  { parts }: Gathered,
): string | undefined {
  const where = { metric: "accuracy", setting: "open", split: "unseen", domain: "mean" } as const;
  const valueOf = (method: string, seed: number): number | undefined => {
    const part = parts.get(`${seed} ${method}`);
    return part === undefined ? undefined : select(part.measurements, where)[0]?.value;
  };
  const seeds = [...new Set(made.map(({ seed }) => seed))];
  const short = (name: string): string =>
    (methods.find((method) => method.name === name)?.title ?? name).replace(/^CoT SFT \+ /, "");
  const on = `on unseen classes, open world (${seeds.length === 1 ? "one seed" : `${seeds.length} seeds`})`;
  const isOwn = (name: string): boolean => made.some(({ method }) => method.name === name);
  const told = compare.filter(([a, b]) => isOwn(a) && seeds.every((seed) => valueOf(b, seed) !== undefined));
  const best = told.filter(([, b]) => isOwn(b)).at(-1) ?? told.at(-1); // rather of two methods that this run made
  if (best !== undefined) {
    const [a, b] = best;
    const differences = seeds.map((seed) => (valueOf(a, seed) ?? NaN) - (valueOf(b, seed) ?? NaN));
    const from = seeds.some((seed) => parts.get(`${seed} ${b}`)?.origin === "record");
    return `${short(a)} − ${short(b)} = ${inPoints(differences)} ${on}${from ? `; ${short(b)} from results/` : ""}.`;
  }
  const last = made.at(-1);
  const value = last === undefined ? undefined : valueOf(last.method.name, last.seed);
  if (last === undefined || value === undefined) return undefined;
  return `${last.method.title}: ${(value * 100).toFixed(1)} % ${on}.`;
}

/** Differences of shares in percentage points, with their sign; of several seeds the mean and its interval. */
function inPoints(differences: readonly number[]): string {
  const signed = (value: number): string => {
    const text = (Math.abs(value) * 100).toFixed(1);
    return text === "0.0" ? text : `${value > 0 ? "+" : "−"}${text}`;
  };
  if (differences.length === 1) return `${signed(differences[0] ?? 0)} points`;
  const { value, low, high } = meanOverSeeds(differences);
  return `${signed(value)} points [${signed(low)}, ${signed(high)}]`;
}
