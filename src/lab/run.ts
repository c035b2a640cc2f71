import * as path from "node:path";
import { LabError, required } from "../core/errors";
import { readJsonl } from "../core/files";
import { didYouMean } from "../core/similar";
import { METRICS_FILE, parseStepFigures, type StepFigures } from "../engine/metrics";
import { readAnswers, type Answer } from "../eval/answers";
import type { Measurement } from "../eval/measurements";
import type { Setting } from "../eval/metrics";
import type { Outcomes } from "../eval/outcomes";
import {
  isGiven,
  modelsLacking,
  rowsLeftOut,
  withoutUnfit,
  type Analysis,
  type Describable,
  type Experiment,
  type Method,
} from "./experiment";
import { notBuilt } from "./missing";
import { ANSWERS, readSimilarities, similarityStage } from "./kinds/asking";
import type { DueKeys, KeptNumbers, MadeBy } from "./kept";
import type { Lab } from "./lab";
import { makeAll, type Watch } from "./make";
import { requirePictures } from "./pictures";
import { makerHere } from "./provenance";
import { testAnswers } from "./recipe";
import { judged, score, type KeptAnswers } from "./score";
import { inOrder, isEncoder, type Stage } from "./stage";
import type { Maker } from "../store/record";
import type { Finished } from "../store/store";

/** A method of a run: with its seed, the stages that train and ask it. */
export interface PlannedMethod {
  readonly method: Method;
  readonly seed: number;
  /** What trains it; nothing where its model is given, or nothing that is made needs it trained. */
  readonly training: Stage | undefined;
  readonly asked: readonly { readonly setting: Setting; readonly answers: Stage; readonly similarity?: Stage }[];
  readonly analysed: readonly { readonly analysis: Analysis; readonly stage: Stage }[];
}

/** A method that was made: its numbers, and where its work lies. */
export interface MadeMethod {
  readonly method: Method;
  readonly seed: number;
  readonly measurements: readonly Measurement[];
  /** Item by item, what the compared metrics say. */
  readonly outcomes: readonly Outcomes[];
  /** Of its training; empty where its model is given. */
  readonly steps: readonly StepFigures[];
  /** The folder of its answers in each setting. */
  readonly answers: ReadonlyMap<Setting, string>;
  /** What each analysis found, by its name. */
  readonly found: ReadonlyMap<string, unknown>;
  /** The keys of its answers and analyses: what they were made from, all the way down. */
  readonly keys: readonly string[];
  /** Who made its stages, training included, each once; empty where the store does not say. */
  readonly makers: readonly Maker[];
}

export interface Selection {
  /** Default: the profile's own. */
  readonly seeds?: readonly number[] | undefined;
  /** Names of methods, or "all"; default: the experiment's usual ones. */
  readonly only?: readonly string[] | "all" | undefined;
}

/** The methods of an experiment by their names, in its order. @throws LabError for a name that there is not */
export function chooseMethods(
  all: readonly Method[],
  { usual }: Pick<Experiment, "usual">,
  only?: readonly string[] | "all",
): Method[] {
  const names = all.map(({ name }) => name);
  const chosen = only === "all" ? names : (only ?? usual ?? names);
  for (const name of chosen) {
    if (names.includes(name)) continue;
    throw new LabError(`there is no method "${name}"`, `${didYouMean(name, names)}Choose from ${names.join(", ")}.`);
  }
  return all.filter(({ name }) => chosen.includes(name));
}

/**
 * Describes everything that a run would make, seed by seed. Nothing is computed. What is given depends on no seed: it comes once, under
 * the profile's. Empty where the profile or its dataset has nothing for any row (`rowsLeftOut`).
 */
export function planRun(lab: Describable, experiment: Experiment, { seeds, only }: Selection = {}): PlannedMethod[] {
  if (experiment.lacks?.(lab.dataset, lab.profile) !== undefined) return [];
  const own = lab.profile.seed;
  return (seeds ?? [own]).flatMap((seed, i) => {
    const all = experiment.methods(lab.recipe(seed));
    requireNames(experiment, all, modelsLacking(experiment, lab.profile).length === 0);
    const chosen = withoutUnfit(chooseMethods(all, experiment, only), lab);
    const wanted = chosen.filter((method) => i === 0 || !isGiven(method));
    return wanted.map((method) => planMethod(lab, experiment, method, isGiven(method) ? own : seed));
  });
}

/** @throws LabError that says why, where a plan has no row */
export function requireRows(lab: Describable, experiment: Experiment, plan: readonly unknown[]): void {
  if (plan.length > 0) return;
  const remedy = [...rowsLeftOut(experiment, lab), "Choose another profile."].join(" ");
  throw new LabError(`has no row in the profile ${lab.profile.name}`, remedy, { subject: experiment.id });
}

/**
 * @param whole whether the profile has the models of all rows: else a difference may be of one that is left out
 * @throws LabError when two methods have one name, or a difference is of a method that there is not
 */
function requireNames({ id, compare }: Experiment, all: readonly Method[], whole: boolean): void {
  const names = all.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  const stranger = whole ? compare.flat().find((name) => !names.includes(name)) : undefined;
  const reason =
    twice !== undefined
      ? `has two methods named "${twice}"`
      : stranger !== undefined
        ? `compares "${stranger}", which is no method of it`
        : undefined;
  if (reason !== undefined) throw new LabError(reason, "Correct its file.", { subject: `the experiment ${id}` });
}

/** The stages of one method. Whether its models can do what is asked of them is seen before anything is made (`requireAble`). */
export function planMethod(
  lab: Omit<Describable, "profile">,
  experiment: Experiment,
  method: Method,
  seed: number,
): PlannedMethod {
  const recipe = lab.recipe(seed);
  const { model, thinking, strategy } = method;
  const { superCategory } = recipe.profile.evaluation;
  const needsOptions = isEncoder(model) || strategy === "inContext";
  const asked = experiment.ask
    .filter((setting) => setting === "closed" || !needsOptions)
    .map((setting) => {
      const stage = testAnswers(recipe, method, setting);
      if (setting === "closed" || !experiment.metrics.includes("similarity")) return { setting, answers: stage };
      const inputs = { answers: stage, thinking, encoder: recipe.similarity, superCategory };
      return { setting, answers: stage, similarity: similarityStage.stage(inputs, `${stage.label}, SS_rel`) };
    });
  const analysed = (experiment.analyses ?? []).flatMap((analysis) => {
    const applies = lab.dataset === undefined || (analysis.appliesTo?.(lab.dataset) ?? true); // a plan has no dataset open
    const stage = applies ? analysis.stage(recipe, method) : undefined;
    return stage === undefined ? [] : [{ analysis, stage: { ...stage, label: `${method.name}, ${analysis.name}` } }];
  });
  const work = inOrder(finalStages({ asked, analysed }));
  const training = "given" in model ? undefined : work.find(({ key }) => key === model.key);
  return { method, seed, training, asked, analysed };
}

/** The stages of a method whose results are measured. */
function finalStages({ asked, analysed }: Pick<PlannedMethod, "asked" | "analysed">): Stage[] {
  return [
    ...asked.flatMap(({ answers, similarity }) => (similarity === undefined ? [answers] : [answers, similarity])),
    ...analysed.map(({ stage }) => stage),
  ];
}

/** Every stage of a plan once, in an order in which they can be made. */
export function stagesOf(plan: readonly PlannedMethod[]): Stage[] {
  return inOrder(plan.flatMap(finalStages));
}

/** Trains, asks, analyses and measures methods: their stages side by side, each once for all; what is in the store is taken from there. */
export async function makeMethods(
  lab: Lab,
  experiment: Experiment,
  plan: readonly PlannedMethod[],
  watch: Watch = {},
): Promise<MadeMethod[]> {
  await requirePictures(lab, stagesOf(plan));
  const made = await makeAll(lab, stagesOf(plan), { prefix: seedsOf(plan), ...watch });
  const finished = ({ key, label }: Stage): Finished<unknown> =>
    required(made.get(key), () => new RangeError(`makeMethods: ${label} was not made`));
  return plan.map((planned) => measured(lab, experiment, planned, finished));
}

function measured(
  lab: Lab,
  experiment: Experiment,
  planned: PlannedMethod,
  finished: (stage: Stage) => Finished<unknown>,
): MadeMethod {
  const { method, seed, training, asked, analysed } = planned;
  const folderOf = (stage: Stage): string => finished(stage).folder;
  const steps = training === undefined ? [] : readJsonl(path.join(folderOf(training), METRICS_FILE), parseStepFigures);
  const kept = asked.map(({ setting, answers: stage, similarity: compared }): KeptAnswers => {
    const answers = readAnswers(path.join(folderOf(stage), ANSWERS));
    const similarity = compared === undefined ? undefined : readSimilarities(folderOf(compared));
    return { method, seed, setting, answers, similarity };
  });
  const whose = { method: method.name, seed, dataset: lab.dataset.name };
  const found = new Map(analysed.map(({ analysis, stage }) => [analysis.name, finished(stage).result]));
  const analyses = analysed.flatMap(({ analysis }) => analysis.measure(found.get(analysis.name)));
  const measurements = [
    ...kept.flatMap((one) => score(lab, experiment, one)),
    ...analyses.map((one): Measurement => ({ ...whose, ...one })),
  ];
  const outcomes = kept.flatMap((one) => judged(lab, experiment, one));
  const folders = new Map(asked.map(({ setting, answers }) => [setting, folderOf(answers)]));
  const by = stagesOf([planned]).flatMap((stage) => finished(stage).by ?? []);
  const makers = [...new Map(by.map((one) => [JSON.stringify(one), one])).values()];
  return { method, seed, measurements, outcomes, steps, answers: folders, found, keys: keysOf(planned), makers };
}

/** A run's own numbers, and who made them: this process where the store does not say. */
export async function ownParts(made: readonly MadeMethod[]): Promise<KeptNumbers> {
  const at = new Date().toISOString();
  const here = await makerHere();
  const by = made.map(({ method: { name, model }, seed, keys, makers }): MadeBy => {
    const each = makers.length === 0 ? [here] : makers;
    const all = (key: keyof Maker): string => [...new Set(each.map((one) => one[key]))].join(" and ");
    const maker = { processor: all("processor"), numerics: all("numerics") };
    return { method: name, seed, at, ...maker, keys, ...("given" in model ? { given: true } : {}) };
  });
  return {
    made: by,
    measurements: made.flatMap(({ measurements }) => measurements),
    outcomes: made.flatMap(({ outcomes }) => outcomes),
  };
}

/** "seed 2, " in front of what only one of several seeds asks for. */
export function seedsOf(plan: readonly PlannedMethod[]): (stage: Stage) => string {
  const trained = plan.filter(({ method }) => !isGiven(method));
  const users = new Map<string, Set<number>>();
  for (const planned of trained)
    for (const { key } of stagesOf([planned])) users.set(key, (users.get(key) ?? new Set()).add(planned.seed));
  const several = new Set(trained.map(({ seed }) => seed)).size > 1;
  return ({ key }) => {
    const [seed, ...others] = users.get(key) ?? [];
    return several && seed !== undefined && others.length === 0 ? `seed ${seed}, ` : "";
  };
}

/** The keys of what a method's numbers are measured from: its answers and their SS_rel, in the order of the settings, then its analyses. */
export function keysOf(planned: Pick<PlannedMethod, "asked" | "analysed">): string[] {
  return finalStages(planned).map(({ key }) => key);
}

/**
 * The keys that the answers and analyses of an experiment's own methods have, by method and seed; `undefined` for any other method, and
 * for one whose model is not built here: nothing can be said of its rows, which a record may hold.
 */
export function dueKeys(lab: Lab, experiment: Experiment): DueKeys {
  const bySeed = new Map<number, ReadonlyMap<string, readonly string[]>>();
  return ({ method, seed }) => {
    const known =
      bySeed.get(seed) ??
      new Map(
        experiment
          .methods(lab.recipe(seed))
          .map((one) => planMethod(lab, experiment, one, seed))
          .filter((planned) => notBuilt(stagesOf([planned])).length === 0)
          .map((planned) => [planned.method.name, keysOf(planned)] as const),
      );
    bySeed.set(seed, known);
    return known.get(method);
  };
}

/** The answers of a method in one setting. @throws LabError where it was not asked so */
export function answersOf({ method, answers }: MadeMethod, setting: Setting): Answer[] {
  const folder = required(answers.get(setting), () => {
    const asked = [...answers.keys()].join(" and ");
    return new LabError(`was not asked in the ${setting} setting`, `Take ${asked}.`, { subject: method.title });
  });
  return readAnswers(path.join(folder, ANSWERS));
}
