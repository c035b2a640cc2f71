import { absentData, openDataset, type OpenDatasetOptions } from "./datasets";
import type { Describable, Recipe } from "./experiment";
import { placeOfRow } from "./given";
import { benchmarksOf } from "./lab";
import { isEncoderRow } from "./modelConfig";
import { FURTHER_MODELS, type Profile } from "./profile";
import type { Given } from "./stage";

/** What methods are described from where nothing of a profile needs to be there: the places of models and pictures stand for their contents. */
export function described(profile: Profile): Describable {
  const at = <K extends Given["given"]>(given: K, place: string) => ({ given, at: place, fingerprint: place });
  const models = FURTHER_MODELS.flatMap(({ part, given }) => {
    const place = profile.models?.[part];
    return typeof place === "string" ? [[part, at(given, place)] as const] : [];
  });
  const { mining, cot } = profile;
  const { teacher } = cot;
  return {
    profile,
    recipe: (seed): Recipe => ({
      dataset: at("dataset", profile.dataset),
      base: at("checkpoint", profile.base),
      encoder: at("encoder", profile.encoder),
      ...(mining === undefined ? {} : { miner: at("encoder", mining) }),
      similarity: at("encoder", profile.similarity ?? profile.encoder),
      ...(teacher === undefined ? {} : { teacher: at("checkpoint", teacher) }),
      models: Object.fromEntries(models),
      rowModel: (config) => at(isEncoderRow(config) ? "encoder" : "checkpoint", placeOfRow(config, profile.servers)),
      get benchmarks() {
        return benchmarksOf(profile, (place) => at("dataset", place));
      },
      profile,
      seed,
    }),
  };
}

/** The same with the dataset where it is there: some experiments have no row on it (`Experiment.lacks`). */
export async function describedLab(profile: Profile, options: OpenDatasetOptions = {}): Promise<Describable> {
  if (absentData(profile.dataset) !== undefined) return described(profile);
  return { ...described(profile), dataset: await openDataset(profile.dataset, options) };
}
