import { select } from "../eval/measurements";
import { meanOverSeeds } from "../eval/statistics";
import { described } from "./described";
import { isGiven, type Experiment, type Headline, type Method } from "./experiment";
import { keptParts, partKey, type Gathered, type Kept } from "./kept";
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

/** What a run came to, in one sentence: the last of its differences that it can tell, else its last method. */
export function headline(
  { ask, compare, about }: Experiment,
  methods: readonly Method[],
  made: readonly Pick<MadeMethod, "method" | "seed">[],
  gathered: Pick<Gathered, "parts">,
): string | undefined {
  const setting = ask.includes("open") ? "open" : "closed";
  const { words, ...where }: Headline = about ?? {
    ...{ metric: "accuracy", setting, split: "unseen", domain: "mean" },
    words: `${setting === "open" ? "in text inclusion " : ""}on unseen classes, ${setting} world`,
  };
  const named = (name: string): Method | undefined => methods.find((method) => method.name === name);
  const partFor = (name: string, seed: number) => {
    const method = named(name);
    return method === undefined ? undefined : partOf(gathered, method, seed);
  };
  const valueOf = (name: string, seed: number): number | undefined =>
    select(partFor(name, seed)?.measurements ?? [], where)[0]?.value;
  const trained = made.filter(({ method }) => !isGiven(method));
  const seeds = [...new Set((trained.length > 0 ? trained : made).map(({ seed }) => seed))];
  const short = (name: string): string => named(name)?.short ?? named(name)?.title ?? name;
  const on = (of: readonly number[]): string => `${words} (${of.length === 1 ? "one seed" : `${of.length} seeds`})`;
  const isOwn = (name: string): boolean => made.some(({ method }) => method.name === name);
  const told = compare.flatMap(([a, b]) => {
    const pairs = seeds.flatMap((seed) => {
      const [first, second] = [valueOf(a, seed), valueOf(b, seed)];
      return first === undefined || second === undefined ? [] : [{ seed, difference: first - second }];
    });
    return isOwn(a) && pairs.length > 0 ? [{ a, b, pairs }] : [];
  });
  const best = told.filter(({ b }) => isOwn(b)).at(-1) ?? told.at(-1); // rather of two methods that this run made
  if (best !== undefined) {
    const { a, b, pairs } = best;
    const both = pairs.map(({ seed }) => seed);
    const from = both.some((seed) => partFor(b, seed)?.origin === "record");
    const points = inPoints(pairs.map(({ difference }) => difference));
    return `${short(a)} − ${short(b)} = ${points} ${on(both)}${from ? `; ${short(b)} from results/` : ""}.`;
  }
  const last = made.at(-1)?.method;
  if (last === undefined) return undefined;
  const values = (isGiven(last) ? seeds.slice(0, 1) : seeds).flatMap((seed) => valueOf(last.name, seed) ?? []);
  if (values.length === 0) return undefined;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return `${last.title}: ${(mean * 100).toFixed(1)} % ${on(values)}.`;
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
