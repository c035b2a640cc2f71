import { requireSlug } from "../config/slug";
import { LabError } from "../core/errors";
import { groupBy } from "../core/groups";
import type { CotRecord } from "../cot/records";
import type { BenchmarkName } from "../data/benchmarks/benchmark";
import type { Dataset } from "../data/dataset";
import type { Claim } from "../eval/claims";
import type { CaseSource } from "../report/cases";
import type { PlotlyFigure } from "../report/figure/figure";
import type { TableLayout } from "../report/pivot";
import { requirePublished, type PublishedLink } from "../report/published/published";
import type { Results } from "../report/standard";
import type { View } from "../report/viewPage";
import type { Measured } from "../eval/measure";
import type { Measurement } from "../eval/measurements";
import { metricNamed, METRICS, type Metric, type Setting } from "../eval/metrics";
import type { PromptStyle } from "../model/styled";
import type { Strategy } from "./kinds/asking";
import type { ModelConfig } from "./modelConfig";
import { FURTHER_MODELS, type EvaluationProfile, type FurtherModel, type Profile } from "./profile";
import { withInputs, type Given, type Source, type Stage, type StageKind } from "./stage";

/** Among an experiment's metrics: all that a judge of chains tells. */
export const CHAINS = "chains";

/** What the methods of an experiment are made from. */
export interface Recipe {
  readonly dataset: Given;
  readonly base: Given;
  readonly encoder: Given;
  /** What mines triplets, where not the encoder. */
  readonly miner?: Given;
  /** Sim of Eq. 5: the encoder, unless the profile names another. */
  readonly similarity: Given;
  /** The model that writes chains of thought; `undefined` where the dataset's own teacher does. */
  readonly teacher?: Given | undefined;
  /** Those that the profile names. One that is not built yet can be described and not used (`requireBuilt`). */
  readonly models: Readonly<Partial<Record<FurtherModel, Given>>>;
  /** The model of a row that the profile names; default: `givenRow`. */
  readonly rowModel?: ((config: ModelConfig) => Given) | undefined;
  /** Those that the profile names. */
  readonly benchmarks?: Readonly<Partial<Record<BenchmarkName, Given>>> | undefined;
  readonly profile: Profile;
  readonly seed: number;
}

/** A row of a table: a model, and how it is asked. */
export interface Method {
  /** Short and unique in its experiment, such as "tapo". */
  readonly name: string;
  /** As tables and figures call it. */
  readonly title: string;
  /** As differences call it; default: its title. */
  readonly short?: string;
  /** A given checkpoint or encoder, or the stage that trains the model. */
  readonly model: Source;
  /** Whether it is asked to reason before it answers. */
  readonly thinking: boolean;
  /** What is done for it beyond the plain question. */
  readonly strategy?: Strategy | undefined;
  /** How it is asked, where not as the profile has it. */
  readonly asking?: Partial<Pick<EvaluationProfile, "optionOrder"> & Pick<Profile, "promptSet">> | undefined;
  /** How its family wants any prompt. */
  readonly style?: PromptStyle | undefined;
  /** What it needs and a dataset does not have, such as "look-alikes of its classes": there it is left out. */
  readonly lacks?: ((dataset: Dataset) => string | undefined) | undefined;
}

/**
 * The method with other inputs of the stage that trains it, such as `{ objective: { gamma: 0 } }`; a reader's own ablation.
 * Its name and title say what changed, and that nothing did where each value is what it was, as one of a series may be.
 * @throws LabError for a key that the stage does not take, or one whose value is undefined, as a misspelt one of a profile is
 */
export function variant(method: Method, changes: Readonly<Record<string, unknown>>): Method {
  if ("given" in method.model)
    throw new RangeError(`variant: ${method.name} is not trained, so nothing of it can change`);
  if (Object.keys(changes).length === 0) return method;
  requireDefined(method, changes);
  const model = withInputs(method.model, changes);
  const same = model.key === method.model.key;
  const told = `${changesInWords(changes).join(", ")}${same ? ", as it is" : ""}`;
  const name = `${method.name} (${told})`;
  return {
    name,
    title: `${method.title}, ${told}`,
    thinking: method.thinking,
    strategy: method.strategy,
    asking: method.asking,
    lacks: method.lacks,
    model: { ...model, label: name },
  };
}

/** Whether a method's model is given: no seed decides it, so that it has one, whatever the others have. */
export function isGiven({ model }: Partial<Pick<Method, "model">>): boolean {
  return model !== undefined && "given" in model;
}

/** @throws LabError for a key without a value, in a group, too: the row would say that it changed, and be the same */
function requireDefined({ name }: Pick<Method, "name">, changes: Readonly<Record<string, unknown>>): void {
  for (const [key, value] of Object.entries(changes)) {
    if (value === undefined) throw new LabError(`${key} is undefined`, "Give the value that it is to have.", { subject: `variant of ${name}` }); // prettier-ignore
    if (typeof value === "object" && value !== null && !Array.isArray(value) && !("label" in value))
      requireDefined({ name }, value as Readonly<Record<string, unknown>>);
  }
}

/** The seed that a method is trained with; another, such as the profile's, where it is not trained or takes none. */
export function seedOf({ model }: Method, otherwise: number): number {
  const seed = "given" in model ? undefined : model.inputs["seed"];
  return typeof seed === "number" ? seed : otherwise;
}

/** How the paper writes an option. */
const SYMBOLS: Readonly<Record<string, string>> = {
  gamma: "γ",
  eta1: "η₁",
  eta2: "η₂",
  n1: "n₁",
  n2: "n₂",
  clipLow: "ε_l",
  clipHigh: "ε_h",
};

/** "γ = 0", "epochs = 2", in the order given; of a key in a group its own name alone. */
export function changesInWords(changes: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(changes).flatMap(([key, value]): string[] => {
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      if ("label" in value) return [`${key}: ${String(value.label)}`]; // another stage
      return changesInWords(value as Readonly<Record<string, unknown>>);
    }
    const last = key.slice(key.lastIndexOf(".") + 1);
    return [`${SYMBOLS[last] ?? last} = ${String(value)}`];
  });
}

/** A table as a pivot of measurements; its rows are the experiment's methods. */
export interface TableSpec {
  /** Its files' name. The first one is the experiment's own table. */
  readonly name: string;
  /** `undefined` where there is nothing for it, such as a judge of chains. Columns may follow what was measured, such as layers. */
  readonly layout: (
    dataset: Dataset,
    measurements: readonly Measurement[],
  ) => Omit<TableLayout, "methods" | "marks" | "provenance"> | undefined;
  /** Notes that depend on the numbers. */
  readonly notes?: (results: Results) => readonly string[];
  /** false: the paper's numbers do not stand beside ours again, as in a table that is wide already. */
  readonly paper?: false;
}

/** What an analysis measures: its name in measurements, and as tables call it. */
export type Described = Pick<Metric, "name" | "title" | "help">;

/** What is measured of a method's model beyond its answers, such as its hidden states (§5.4). */
export interface Analysis {
  /** Short and unique in its experiment; `Results.found` has its results under it. */
  readonly name: string;
  readonly metrics: readonly Described[];
  /** Whether a dataset has what it asks for; absent where each has. */
  readonly appliesTo?: (dataset: Dataset) => boolean;
  /** The stage that does it; `undefined` where it does not apply, as to an encoder, which has no hidden states. */
  stage(recipe: Recipe, method: Method): Stage | undefined;
  /** The stage's result, as its kind's schema has it, as measurements of those metrics. */
  measure(result: unknown): readonly Measured[];
}

/** An analysis whose stages are all of one kind, which says what is measured from. */
export function defineAnalysis<R>(
  kind: Pick<StageKind<R>, "parse">,
  { measure, ...rest }: Omit<Analysis, "measure"> & { readonly measure: (result: R) => readonly Measured[] },
): Analysis {
  return { ...rest, measure: (result) => measure(kind.parse(result)) };
}

/** A figure, where there is something to draw. */
export interface FigureSpec {
  readonly name: string;
  readonly draw: (results: Results) => PlotlyFigure | undefined;
}

/** What a view is drawn from: a finished run, with one seed of each method. */
export interface Sight {
  readonly recipe: Recipe;
  readonly dataset: Dataset;
  /** The answers of the methods that were asked in a setting, in the order of the experiment. */
  readonly cases: (setting: Setting) => CaseSource;
  /** The chains that a stage curated. */
  readonly chains: (stage: Stage) => Promise<readonly CotRecord[]>;
}

/** A page of pictures and words, made where a run's answers are at hand. */
export interface ViewSpec {
  readonly name: string;
  /** `undefined` where there is nothing to show. */
  readonly draw: (sight: Sight) => Promise<View | undefined>;
}

/** The one number that the sentence on what came out is about. */
export interface Headline extends Pick<Measurement, "setting" | "metric" | "split" | "domain"> {
  /** What it is, after the number: "on unseen classes, open world". */
  readonly words: string;
}

/** One table, figure or ablation of a paper. */
export interface Experiment {
  readonly id: string;
  readonly title: string;
  /** What the paper says comes out, in a sentence. */
  readonly claim: string;
  /** The claim in parts that numbers decide (experiments/claims), each with its verdict. */
  readonly claims?: readonly Claim[];
  /** The paper's rows of the same methods: its numbers stand beside ours, and so do the effects. */
  readonly published?: readonly PublishedLink[];
  /** The methods as a graph of stages; nothing is computed by describing them. */
  methods(recipe: Recipe): readonly Method[];
  /** What it needs and a dataset (`undefined` where none is open) or a profile does not have, such as "general questions": it has no row there. */
  readonly lacks?: (dataset: Dataset | undefined, profile: Profile) => string | undefined;
  /** Further models that some of its rows are about; a profile that does not name one goes without those rows. */
  readonly models?: readonly FurtherModel[];
  /** How many seeds its record needs; default 3. */
  readonly seeds?: number;
  /** Methods that a run makes unless told otherwise; all where it is left out. */
  readonly usual?: readonly string[];
  /** The questions that each method is asked; none where only its model is analysed. */
  readonly ask: readonly Setting[];
  /** What is measured beyond answers. */
  readonly analyses?: readonly Analysis[];
  /** Names of metrics (eval/metrics); "chains" stands for all that a dataset's judge of chains tells. */
  readonly metrics: readonly string[];
  /** Differences over seeds: the first minus the second. */
  readonly compare: readonly (readonly [string, string])[];
  /** Default: accuracy on unseen classes, by text inclusion in the open world where it is asked. */
  readonly about?: Headline;
  readonly tables: readonly TableSpec[];
  readonly figures: readonly FigureSpec[];
  /** Pages beside the figures. */
  readonly views?: readonly ViewSpec[];
}

/** The further models of an experiment that a profile does not name. */
export function modelsLacking({ models = [] }: Pick<Experiment, "models">, profile: Profile): FurtherModel[] {
  return models.filter((part) => typeof profile.models?.[part] !== "string");
}

/** What methods can be described from. Where nothing of a profile needs to be there, its dataset is not known (`described`). */
export interface Describable {
  readonly profile: Profile;
  readonly dataset?: Dataset | undefined;
  readonly recipe: (seed: number) => Recipe;
}

/** Which rows a profile and its dataset, where that is known, have nothing for, a sentence each. */
export function rowsLeftOut(experiment: Experiment, { profile, dataset, recipe }: Describable): string[] {
  const whose = dataset === undefined ? `the profile ${profile.name}` : `the dataset ${dataset.name}`;
  const missing = experiment.lacks?.(dataset, profile);
  if (missing !== undefined) return [`Left out: all rows; ${whose} has no ${missing}.`];
  const lacking = modelsLacking(experiment, profile);
  const models = FURTHER_MODELS.filter(({ part }) => lacking.includes(part)).map(({ part, title }) => {
    return `Left out: the rows of ${title}; the profile ${profile.name} names none (models.${part}).`;
  });
  const unfit = experiment.methods(recipe(profile.seed)).flatMap(({ title, lacks }) => {
    const why = dataset && lacks?.(dataset);
    return why === undefined ? [] : [{ title, why }];
  });
  const rows = [...groupBy(unfit, ({ why }) => why)].map(
    ([why, all]) => `Left out: ${all.map(({ title }) => `“${title}”`).join(", ")}; ${whose} has no ${why}.`,
  );
  return [...models, ...rows];
}

/** The methods that a dataset, where one is open, has everything for. */
export function withoutUnfit(methods: readonly Method[], { dataset }: Pick<Describable, "dataset">): Method[] {
  return methods.filter(({ lacks }) => dataset === undefined || lacks?.(dataset) === undefined);
}

/**
 * Checks what can be known before a method is described: the id, which names folders, the metrics, and the paper's rows.
 * @throws LabError for a metric or a row that there is not, with the one most likely meant, or a metric that two analyses or answers have alike
 */
export function defineExperiment(experiment: Experiment): Experiment {
  requireSlug(experiment.id, "an experiment");
  for (const name of experiment.metrics) if (name !== CHAINS) metricNamed(name);
  experiment.published?.forEach(requirePublished);
  const analyses = experiment.analyses ?? [];
  const own = analyses.flatMap(({ metrics }) => metrics.map(({ name }) => name));
  for (const names of [[...METRICS.map(({ name }) => name), ...own], analyses.map(({ name }) => name)]) {
    const twice = names.find((name, i) => names.indexOf(name) < i);
    if (twice === undefined) continue;
    const reason = `has two analyses, or an analysis and answers, that measure "${twice}"`;
    throw new LabError(reason, "Rename one of them.", { subject: `the experiment ${experiment.id}` });
  }
  return experiment;
}
