import * as fs from "node:fs";
import * as path from "node:path";
import { z } from "zod";
import { storeFolder } from "../config/places";
import { readStored } from "../config/stored";
import { LabError } from "../core/errors";
import { hashKnown } from "../core/hash";
import type { Dataset } from "../data/dataset";
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
import { requireVocabulary } from "./vocabulary";

/** A profile with what its files name, and the store in which all work is kept. */
export interface Lab extends LabContext {
  readonly profile: Profile;
  readonly dataset: Dataset;
  /** What the methods of an experiment are made from, for a seed. */
  recipe(seed: number): Recipe;
}

/** What methods can be described from. Where nothing of a profile needs to be there, its dataset is not known (`described`). */
export type Describable = Pick<Lab, "profile" | "recipe"> & Partial<Pick<Lab, "dataset">>;

/** What is read of the card beside a built base (miniworld/base/card). */
const cardSchema = z.object({
  world: z.object({ name: z.string(), digest: z.string() }),
  files: z.array(z.object({ path: z.string(), sha256: z.string() })),
});

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
    await (wanted === "all" ? meetModels : meetThoseThere)(namedModels(profile), store);
    await meetThoseThere(placesOfRows(profile), store);
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

const REMEDY =
  "Get the folder again or make it with `npx fine-r1 base build`; remove the card where the weights are your own.";

/** A base that was built for a mini-world says so in its card. Nothing is asked of one without: it may be anybody's. */
function requireOwn(checkpoint: string, dataset: Dataset, spec: string): void {
  const file = path.join(path.dirname(checkpoint), "card.json");
  if (!fs.existsSync(file)) return;
  const card = readStored(file, cardSchema, "card of a base", REMEDY);
  const weights = path.join(checkpoint, "model.safetensors");
  const listed = card.files.find((each) => path.join(path.dirname(checkpoint), each.path) === weights);
  if (listed !== undefined && fs.existsSync(weights) && listed.sha256 !== hashKnown(weights)) {
    throw new LabError(`is not the file that ${file} describes: the hashes differ`, REMEDY, { subject: weights });
  }
  const { origin, name } = dataset;
  if (origin === undefined || card.world.digest === origin.fingerprint) return;
  const world = spec.replace(/^miniworld:/, "");
  throw new LabError(
    `was made for the world ${card.world.name} (${card.world.digest}), but the profile's world "${world}" is ${name} (${origin.fingerprint})`,
    `Choose the checkpoint of that world, or make one with \`npx fine-r1 base build --world ${world} --out <folder>\`.`,
    { subject: checkpoint },
  );
}
