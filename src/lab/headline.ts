import { select } from "../eval/measurements";
import { meanOverSeeds } from "../eval/statistics";
import { signed } from "../report/display/view";
import { described } from "./described";
import { isGiven, type Experiment, type Headline, type Method } from "./experiment";
import { keptParts, partKey, type Gathered, type Kept, type Origin } from "./kept";
import { FURTHER_MODELS, type Profile } from "./profile";
import type { MadeMethod } from "./run";

/** A method, or what is kept of one. */
export type Called = Pick<Method, "name" | "title"> & Partial<Pick<Method, "model">>;

/** A method's numbers for a seed; what is given has them under one, whatever the others have. */
export function partOf({ parts }: Pick<Gathered, "parts">, method: Called, seed: number) {
  const own = parts.get(partKey({ method: method.name, seed }));
  return own ?? (isGiven(method) ? [...parts.values()].find(({ by }) => by.method === method.name) : undefined);
}

/** What a report or a record came to, from its numbers alone: what the profile names may be gone. */
export function keptHeadline(experiment: Experiment, profile: Profile, kept: Kept): string | undefined {
  const models = Object.fromEntries(FURTHER_MODELS.map(({ part }) => [part, part])); // whichever the profile names today
  const methods = experiment.methods(described({ ...profile, models }).recipe(profile.seed));
  const made = methods.flatMap((method) => {
    const own = kept.made.filter((by) => by.method === method.name);
    return own.map(({ seed }) => ({ method, seed }));
  });
  return headline(experiment, methods, made, { parts: keptParts(kept) });
}

/**
 * What a run came to, in one sentence: the last of its differences that it can tell, else its last method. Over all seeds that are
 * shown, those from the record included: it stands beside the table over seeds.
 */
export function headline(
  { ask, compare, about }: Experiment,
  methods: readonly Method[],
  made: readonly Pick<MadeMethod, "method">[],
  gathered: Pick<Gathered, "parts">,
): string | undefined {
  const setting = ask.includes("open") ? "open" : "closed";
  const { words, ...where }: Headline = about ?? {
    ...{ metric: "accuracy", setting, split: "unseen", domain: "mean" },
    words: `${setting === "open" ? "in text inclusion " : ""}on unseen classes, ${setting} world`,
  };
  const named = (name: string): Method | undefined => methods.find((method) => method.name === name);
  const short = (name: string): string => named(name)?.short ?? named(name)?.title ?? name;
  const isOwn = (name: string): boolean => made.some(({ method }) => method.name === name);
  /** What was measured of some methods with each seed that all of them have. */
  const together = (...names: readonly string[]): Told[] => {
    const shown = names.flatMap((name) => named(name) ?? []);
    return shown.length < names.length
      ? []
      : seedsOf(gathered, shown).flatMap((seed): Told[] => {
          const parts = shown.flatMap((method) => partOf(gathered, method, seed) ?? []);
          const values = parts.flatMap(({ measurements }) => select(measurements, where)[0]?.value ?? []);
          return values.length < names.length ? [] : [{ values, origins: parts.map(({ origin }) => origin) }];
        });
  };
  const told = compare.flatMap(([a, b]) => {
    const pairs = isOwn(a) ? together(a, b) : [];
    return pairs.length > 0 ? [{ a, b, pairs }] : [];
  });
  const best = told.filter(({ b }) => isOwn(b)).at(-1) ?? told.at(-1); // rather of two methods that this run made
  if (best !== undefined) {
    const points = inPoints(best.pairs.map(({ values: [a = 0, b = 0] }) => a - b));
    return `${short(best.a)} − ${short(best.b)} = ${points} ${words} (${whose(best.pairs)}).`;
  }
  const last = made.at(-1)?.method;
  const alone = last === undefined ? [] : together(last.name);
  if (last === undefined || alone.length === 0) return undefined;
  const mean = alone.reduce((sum, { values: [value = 0] }) => sum + value, 0) / alone.length;
  return `${last.title}: ${(mean * 100).toFixed(1)} % ${words} (${whose(alone)}).`;
}

/** Of one seed, what was measured of some methods, and where their numbers come from. */
interface Told {
  readonly values: readonly number[];
  readonly origins: readonly Origin[];
}

/** The seeds that any of some methods was trained with; of those that are given alone, one. */
function seedsOf({ parts }: Pick<Gathered, "parts">, methods: readonly Method[]): number[] {
  const seeds = (some: readonly Method[]): number[] => {
    const own = [...parts.values()].filter(({ by }) => some.some(({ name }) => name === by.method));
    return [...new Set(own.map(({ by }) => by.seed))].sort((a, b) => a - b);
  };
  const trained = methods.filter((method) => !isGiven(method));
  return trained.length > 0 ? seeds(trained) : seeds(methods).slice(0, 1);
}

/** How many seeds a sentence is over, and whether the record has a part in it. */
function whose(told: readonly Told[]): string {
  const origins = told.flatMap((one) => one.origins);
  const recorded = origins.filter((origin) => origin === "record").length;
  const from = recorded === 0 ? "" : `, ${recorded < origins.length ? "partly " : ""}from results/`;
  return `${told.length === 1 ? "one seed" : `${told.length} seeds`}${from}`;
}

/** Differences of shares in percentage points, with their sign; of several seeds the mean and its interval. */
function inPoints(differences: readonly number[]): string {
  const points = (value: number): string => signed(100 * value, 1);
  if (differences.length === 1) return `${points(differences[0] ?? 0)} points`;
  const { value, low, high } = meanOverSeeds(differences);
  return `${points(value)} points [${points(low)}, ${points(high)}]`;
}
