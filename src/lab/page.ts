import type { Dataset } from "../data/dataset";
import type { StepFigures } from "../engine/metrics";
import type { Measurement } from "../eval/measurements";
import { drawnOf } from "../report/drawn";
import { methodColours } from "../report/figures";
import { ORIGINS } from "../report/notes";
import type { MeasuredColumn, MethodTitle } from "../report/pivot";
import type { Results } from "../report/standard";
import { changesInWords, isGiven, type Experiment, type Method } from "./experiment";
import { partOf, type Called } from "./headline";
import type { Gathered } from "./kept";
import { testItems } from "./kinds/asking";
import type { Lab } from "./lab";
import type { MadeMethod } from "./run";

/** What all tables of a layout have in common. */
export interface Page {
  readonly seed: number;
  readonly methods: readonly Method[];
  /** Names of the methods whose models are given: they have one seed, whatever the others have. */
  readonly given: ReadonlySet<string>;
  readonly results: Results;
  /** Of the experiment's own table. */
  readonly columns: readonly MeasuredColumn[];
  readonly provenance: Readonly<Record<string, string>>;
  readonly caption: (text: string) => string;
}

export function pageOf(
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
  const given = new Set(methods.filter(isGiven).map(({ name }) => name));
  const shown = made.filter(({ method, seed: own }) => isShown({ seed, given }, { method: method.name, seed: own }));
  const results = {
    ...resultsOf([...methods, ...variants], { made: shown, gathered, seed, given }),
    chance: chanceOf(dataset),
  };
  return {
    seed,
    methods,
    given,
    results,
    columns: experiment.tables[0]?.layout(dataset, results.measurements)?.columns ?? [],
    provenance: { experiment: experiment.id, profile: profile.name, dataset: dataset.name },
    caption: (text) => (changed === "" ? text : `${text} (${changed})`),
  };
}

/** Of what a run trained the profile's seed, or else its first; `undefined` where it trained nothing. */
export function shownSeed({ profile }: Pick<Lab, "profile">, made: readonly MadeMethod[]): number | undefined {
  const trained = made.flatMap(({ method, seed }) => (isGiven(method) ? [] : [seed]));
  return trained.includes(profile.seed) ? profile.seed : trained[0];
}

/** Whether what was made of a method with a seed stands on a page. */
export function isShown(
  { seed, given }: Pick<Page, "seed" | "given">,
  one: Pick<Measurement, "method" | "seed">,
): boolean {
  return one.seed === seed || given.has(one.method);
}

/** The closed world's accuracy of whoever guesses; `undefined` where nothing is asked. */
function chanceOf(dataset: Dataset): number | undefined {
  const items = testItems(dataset);
  const sum = items.reduce((all, { options }) => all + 1 / options.length, 0);
  return items.length === 0 ? undefined : sum / items.length;
}

/** The experiment's methods in their order, then those that a reader added. */
function methodsOf(lab: Lab, experiment: Experiment, made: readonly MadeMethod[], seed: number): Method[] {
  const own = experiment.methods(lab.recipe(seed));
  const known = new Set(own.map(({ name }) => name));
  const added = new Map(made.map(({ method }) => [method.name, method]));
  return [...own, ...[...added.values()].filter(({ name }) => !known.has(name))];
}

/** What a page is made of. */
interface Sources extends Pick<Page, "seed" | "given"> {
  /** What was made and is shown. */
  readonly made: readonly MadeMethod[];
  readonly gathered: Gathered;
}

function resultsOf(methods: readonly Called[], { made, gathered, seed, given }: Sources): Omit<Results, "chance"> {
  const shown = methods.flatMap((method) => {
    const part = partOf(gathered, method, seed);
    return part === undefined ? [] : [{ method, part }];
  });
  const marked = shown.map(({ method: { name, title }, part: { origin } }): MethodTitle => {
    return { name, title, ...(origin === "run" ? {} : { mark: ORIGINS[origin].mark }) };
  });
  const ofAllSeeds = shown.flatMap(({ method }) => [...gathered.parts.values()].filter(({ by }) => by.method === method.name)); // prettier-ignore
  const steps = made.filter((one) => one.steps.length > 0);
  const curves = new Map<string, readonly StepFigures[]>(steps.map((one) => [one.method.name, one.steps]));
  return {
    methods: marked,
    measurements: shown.flatMap(({ part }) => part.measurements),
    drawn: drawnOf(ofAllSeeds.flatMap(({ measurements }) => measurements), given, seed), // prettier-ignore
    seed,
    curves,
    found: new Map(made.map((one) => [one.method.name, one.found])),
    colours: methodColours(methods),
  };
}
