import { storeFolder } from "../config/places";
import { LabError } from "../core/errors";
import type { Dataset } from "../data/dataset";
import { TOGETHER } from "../eval/measurements";
import { vocabularyOf } from "../model/open";
import { benchmarkOf, openDataset } from "./datasets";
import type { Recipe } from "./experiment";
import {
  expectModels,
  givenBenchmark,
  givenIfBuilt,
  givenMiner,
  meetModels,
  meetThoseThere,
  modelsOf,
  namedModels,
  placesOfRows,
  recallModels,
} from "./given";
import { missingOf, requireBuilt } from "./missing";
import { FURTHER_MODELS, type Profile } from "./profile";
import type { Given, LabContext } from "./stage";
import { requireOwn } from "./ownWorld";
import { requireVocabulary } from "./vocabulary";

/** A profile with what its files name, and the store in which all work is kept. */
export interface Lab extends LabContext {
  readonly profile: Profile;
  readonly dataset: Dataset;
  /** What the methods of an experiment are made from, for a seed. */
  recipe(seed: number): Recipe;
}

/**
 * Which of a profile's models a lab asks for when it is opened: all of them; those that are there, and what needs another is refused when it is
 * to be made (`requireReady`); or none, for who makes nothing and looks at what was made: what a server said earlier stands.
 */
export type WantedModels = "all" | "there" | "recalled";

/**
 * Opens what a profile names.
 * @param context who watches; `store` is runs/store by default
 * @param context.models all of them by default
 * @throws LabError when the base or the encoder is not there, was made for another dataset, or has changed, by the card beside it
 */
export async function labOf(
  profile: Profile,
  {
    models: wanted = "all",
    ...context
  }: Omit<LabContext, "store"> & Partial<Pick<LabContext, "store">> & { readonly models?: WantedModels },
): Promise<Lab> {
  const { progress, signal } = context;
  const dataset = await openDataset(profile.dataset, { progress, ...(signal === undefined ? {} : { signal }) });
  if (dataset.subCategories.length === 0) {
    const remedy = "Name it under the key benchmarks, and a dataset with classes under dataset.";
    throw new LabError("is a benchmark: it has questions, and no classes to be trained on", remedy, { subject: profile.dataset }); // prettier-ignore
  }
  requireDomains(dataset);
  const { similarity = profile.encoder } = profile;
  const { teacher } = profile.cot;
  const own = [...new Set([profile.base, profile.encoder, similarity])];
  const missing = missingOf([...own, ...(teacher === undefined ? [] : [teacher])], profile.dataset);
  if (wanted === "all") requireBuilt(missing);
  for (const checkpoint of own) requireOwn(checkpoint, dataset, profile.dataset);
  const store = context.store ?? storeFolder();
  expectModels(modelsOf(profile));
  if (wanted === "recalled") recallModels(modelsOf(profile), store);
  else {
    await (wanted === "all" ? meetModels : meetThoseThere)(namedModels(profile), store, signal);
    await meetThoseThere(placesOfRows(profile), store, signal);
  }
  const given = {
    dataset: { given: "dataset" as const, fingerprint: dataset.fingerprint, at: profile.dataset },
    base: givenIfBuilt("checkpoint", profile.base),
    encoder: givenIfBuilt("encoder", profile.encoder),
    ...(profile.mining === undefined ? {} : { miner: givenMiner(profile.mining) }),
    similarity: givenIfBuilt("encoder", similarity),
    ...(teacher === undefined ? {} : { teacher: givenIfBuilt("checkpoint", teacher) }),
  };
  const vocabulary = missing.some(({ at }) => at === profile.base) ? undefined : vocabularyOf(profile.base);
  if (vocabulary !== undefined) requireVocabulary(vocabulary, dataset, { subject: profile.base });
  let models: Recipe["models"] | undefined;
  let benchmarks: Recipe["benchmarks"] | undefined;
  return {
    ...context,
    store,
    profile,
    dataset,
    recipe: (seed) => ({
      ...given,
      // looked at when an experiment asks for them: most do without
      get models() {
        return (models ??= furtherModels(profile, dataset));
      },
      get benchmarks() {
        return (benchmarks ??= benchmarksOf(profile, givenBenchmark));
      },
      profile,
      seed,
    }),
  };
}

function furtherModels({ models = {}, dataset: spec }: Profile, dataset: Dataset): Recipe["models"] {
  const named = FURTHER_MODELS.flatMap(({ part, given }) => {
    const at = models[part];
    if (typeof at !== "string") return [];
    requireOwn(at, dataset, spec);
    return [[part, givenIfBuilt(given, at)] as const];
  });
  return Object.fromEntries(named);
}

/** The general benchmarks of a profile by their names. @throws LabError for one that there is not, or that is named twice */
export function benchmarksOf(
  { benchmarks = [], name: profile }: Profile,
  given: (at: string) => Given,
): Recipe["benchmarks"] {
  const found = benchmarks.map((at) => ({ at, name: benchmarkOf(at).name }));
  const twice = found.find(({ name }, i) => found.findIndex((one) => one.name === name) < i);
  if (twice !== undefined) {
    throw new LabError(`names ${twice.name} twice under benchmarks`, "Name each benchmark once.", { subject: `the profile ${profile}` }); // prettier-ignore
  }
  return Object.fromEntries(found.map(({ name, at }) => [name, given(at)]));
}

/** @throws LabError for a super-category whose measurements could not be told from those over all of them */
function requireDomains({ name, subCategories }: Dataset): void {
  const taken = subCategories.find(({ superCategory }) => TOGETHER.includes(superCategory));
  if (taken === undefined) return;
  const reason = `has a super-category called "${taken.superCategory}", which is what measurements over all of them are called`;
  throw new LabError(reason, "Call it otherwise.", { subject: name });
}
