import { inspect } from "node:util";
import { placeOf, storeFolder } from "../config/places";
import { loadBackend } from "../core/backend";
import { LabError } from "../core/errors";
import { requireWritable } from "../core/files";
import { printable } from "../core/printable";
import { asTask, silent } from "../core/progress";
import { EXPERIMENTS, experimentNamed } from "../experiments";
import { rowsLeftOut, type Experiment } from "../lab/experiment";
import { requireFit, wordingWarnings } from "../lab/fit";
import { expectModels, modelsOf } from "../lab/given";
import { absentFrom, buildsOf, requireBuilt, type Missing } from "../lab/missing";
import { lackingData } from "../lab/datasets";
import { keptFolder, readKept, type Destination } from "../lab/kept";
import { cotStage } from "../lab/kinds/data";
import { labOf, type Lab } from "../lab/lab";
import { describedStages } from "../lab/lacking";
import { requireReady } from "../lab/make";
import { makeMany, planMany, stagesOfMany, tallyOf, type PlannedExperiment } from "../lab/many";
import { loadProfile, type Profile } from "../lab/profile";
import { beginRun, publish, type Published } from "../lab/publish";
import { readSeeds } from "../lab/parameters";
import { makeMethods, stagesOf, type PlannedMethod } from "../lab/run";
import { requireAble, workOf, type LabContext, type Stage } from "../lab/stage";
import { curationTable } from "../report/steps";
import { toText } from "../report/table/text";
import { findFinished, forget } from "../store/store";
import { workerCount } from "../workers/count";
import { makeBases } from "./base";
import { showLacking, showTally } from "./dryRun";
import { requireEngine, withHands, type ExecutorArguments } from "./executor";
import { methodsAsked, overrides, readNames, withRows, type MethodsArguments, type ProfileArguments } from "./options"; // prettier-ignore
import { begunAnew, stoppable } from "./stop";

export interface RunArguments extends ProfileArguments, MethodsArguments, ExecutorArguments {
  readonly profiles?: string;
  readonly seeds?: string;
  readonly fresh?: boolean;
  readonly record?: boolean;
  readonly withBases?: boolean;
  readonly dryRun?: boolean;
}

/** Where a run is written. */
export function destinationOf({ record }: RunArguments): Destination {
  return record === true ? "record" : "report";
}

/** Asked before the training, not after it. @throws LabError where a report cannot be written, or one that is there cannot be read */
export function requirePlaces({ id }: Experiment, { name }: Profile, destination: Destination): void {
  requireWritable(keptFolder(id, name, destination));
  for (const kept of ["record", "report"] as const) readKept(keptFolder(id, name, kept));
}

/** `fine-r1 run` of several experiments, of all where none is named, or of one in several profiles. */
export async function runMany(ids: readonly string[], options: RunArguments): Promise<void> {
  if (ids.length !== 1 && (options.only !== undefined || options.rows !== undefined)) {
    const option = options.only === undefined ? "--rows" : "--only";
    throw new LabError(`${option} names methods of one experiment`, "Run that experiment alone.");
  }
  const experiments = ids.length === 0 ? EXPERIMENTS : [...new Set(ids)].map(experimentNamed);
  const names = options.profiles === undefined ? [options.profile] : readNames(options.profiles);
  const profiles = [...new Set(names)].map((name) => withRows(loadProfile(name, overrides(options.set)), options));
  expectModels(profiles.flatMap(modelsOf)); // of all, before the first is opened
  const seeds = options.seeds === undefined ? undefined : readSeeds(options.seeds);
  const only = methodsAsked(options);
  const watched = options.dryRun === true ? undefined : stoppable();
  const described = new Map<Profile, readonly Stage[]>();
  for (const profile of profiles)
    described.set(profile, await describedStages(profile, experiments, { only }, watched));
  await requireFit([...described.values()].flat()); // first: what is not fit need not be got
  const warnings = wordingWarnings([...described.values()].flat());
  const missing = (some = profiles): Missing[] => {
    const found = some.flatMap((profile) => absentFrom(described.get(profile) ?? [], profile.dataset));
    return [...new Map(found.map((one) => [one.at, one])).values()];
  };
  const planOf = async (context: Omit<LabContext, "store">, some = profiles) => {
    const labs: Lab[] = [];
    for (const profile of some) labs.push(await labOf(profile, { ...context, models: "there" }));
    const planned = planMany(labs, experiments, { seeds, only });
    requireAble(stagesOfMany(planned));
    await loadBackend();
    showTally(tallyOf(storeFolder(), planned, options), workerCount(options.workers).workers);
    for (const sentence of [...leftOut(labs, experiments), ...warnings]) console.log(sentence);
    return planned;
  };
  if (watched === undefined) {
    const there: Profile[] = [];
    for (const profile of profiles) if ((await lackingData(profile.dataset)) === undefined) there.push(profile);
    if (there.length > 0) await planOf({ progress: silent }, there);
    for (const profile of profiles) await showLacking(profile, experiments, { seeds, only, fresh: options.fresh });
    if (buildsOf(missing(there)).length > 0) console.log("\n--with-bases builds what `base build` can make.");
    return;
  }
  if (options.withBases === true) {
    for (const profile of profiles)
      for (const experiment of experiments) requirePlaces(experiment, profile, destinationOf(options));
    await makeBases(missing(), options, watched);
  }
  requireBuilt(missing());
  const context = { ...watched, store: storeFolder() };
  const planned = await planOf(watched);
  await requireReady(context, stagesOfMany(planned), options);
  await make(context, planned, options);
}

/** Which rows each profile goes without. */
function leftOut(labs: readonly Lab[], experiments: readonly Experiment[]): string[] {
  const ids = new Map<string, string[]>();
  for (const lab of labs) {
    for (const experiment of experiments) {
      for (const said of rowsLeftOut(experiment, lab)) ids.set(said, [...(ids.get(said) ?? []), experiment.id]);
    }
  }
  return [...ids].map(([said, of]) => `${of.join(", ")}: ${said}`);
}

async function make(context: LabContext, planned: readonly PlannedExperiment[], options: RunArguments): Promise<void> {
  const destination = destinationOf(options);
  for (const { experiment, lab } of planned) requirePlaces(experiment, lab.profile, destination);
  await requireEngine(stagesOfMany(planned), options);
  const records = new Map(planned.map((one) => [one, beginRun(one.lab, one.experiment, one.seeds, one.plan)]));
  const published = new Map<PlannedExperiment, Published>();
  const failures = new Map<unknown, PlannedExperiment[]>();
  await withHands(options, async (hands) => {
    if (options.fresh === true) {
      await forget(context, stagesOfMany(planned).map(workOf));
      begunAnew();
    }
    await makeMany({ ...context, ...hands }, planned, {
      done: async (one) => {
        const record = records.get(one);
        if (record === undefined) throw new RangeError("runMany: an experiment that was not begun");
        const lab = { ...one.lab, ...hands };
        await asTask(context.progress, `tables of ${nameOf(one)}`, 1, async (task) => {
          const made = await makeMethods(lab, one.experiment, one.plan);
          published.set(one, await publish(lab, one.experiment, made, record, { destination, set: overrides(options.set) })); // prettier-ignore
          task.update(1);
        });
      },
      failed: (one, error) => failures.set(error, [...(failures.get(error) ?? []), one]),
    });
  });
  for (const [one, { folder, sentences }] of published) {
    console.log(`\n${one.experiment.title}, ${one.lab.profile.name}: ${placeOf(folder)}\n  ${sentences.join("\n  ")}`);
  }
  showTeachers(
    context,
    planned.flatMap(({ plan }) => plan),
  );
  tellFailures(failures, planned.length);
}

function nameOf({ experiment, lab }: PlannedExperiment): string {
  return `${experiment.id}, ${lab.profile.name}`;
}

/** @throws LabError where there were any */
function tellFailures(failures: ReadonlyMap<unknown, readonly PlannedExperiment[]>, all: number): void {
  for (const [error, those] of failures) {
    const what = error instanceof LabError ? error.message : printable(inspect(error));
    console.error(`\n${those.map(nameOf).join("; ")}:\n  ${what}`);
  }
  const failed = [...failures.values()].flat().length;
  if (failed === 0) return;
  throw new LabError(
    `${failed} of ${all} experiments could not be finished; what went wrong stands above`,
    "What was made is kept: the same command goes on from there.",
  );
}

/** Prints what models wrote as teachers: how much was accepted, why the rest was not, and what it cost. */
export function showTeachers({ store }: Pick<Lab, "store">, plan: readonly PlannedMethod[]): void {
  const written = stagesOf(plan).filter(({ kind, inputs }) => kind.kind === cotStage.kind && inputs["teacher"] !== undefined); // prettier-ignore
  for (const stage of written) {
    const record = findFinished(store, workOf(stage));
    if (record !== undefined) console.log(`\n${toText(curationTable(cotStage.parse(record.result)))}`);
  }
}
