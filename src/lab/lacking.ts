import { storeFolder } from "../config/places";
import { LabError } from "../core/errors";
import { silent } from "../core/progress";
import { lookAt } from "../model/open";
import { resultTable, type ResultTable } from "../report/table/table";
import { absentData, howToGetData, type OpenDatasetOptions } from "./datasets";
import { describedLab } from "./described";
import type { Experiment } from "./experiment";
import { expectModels, givenOf, isServed, meetModels, modelsOf, NOT_BUILT, shownPlace } from "./given";
import { labOf } from "./lab";
import { unmade } from "./make";
import { absentFrom, howToGet } from "./missing";
import { modelName } from "./plan/models";
import type { Profile } from "./profile";
import { planRun, stagesOf, type Selection } from "./run";
import type { Stage } from "./stage";

/** Something that a run needs and that is not there. */
export interface Lacking {
  /** The profile's key. */
  readonly key: string;
  readonly at: string;
  /** The command or the page that gets it. */
  readonly get: string;
}

/** The stages of the chosen methods of some experiments, described where nothing of a profile needs to be there. */
export async function describedStages(
  profile: Profile,
  experiments: readonly Experiment[],
  selection: Selection = {},
  options: OpenDatasetOptions = {},
): Promise<Stage[]> {
  const lab = await describedLab(profile, options);
  return experiments.flatMap((experiment) => stagesOf(planRun(lab, experiment, selection)));
}

/**
 * What the chosen methods of some experiments need and do not find, each once: files, and servers that never answered.
 * @param selection.store where it is kept what servers said; default: that of all runs
 */
export async function lackingFor(
  profile: Profile,
  experiments: readonly Experiment[],
  { store = storeFolder(), ...selection }: Selection & { readonly store?: string } = {},
): Promise<Lacking[]> {
  const stages = await describedStages(profile, experiments, selection);
  const data = absentData(profile.dataset);
  const lacking = data === undefined ? [] : [{ key: "dataset", at: data, get: howToGetData(profile.dataset) }];
  for (const missing of absentFrom(stages, profile.dataset).filter(({ at }) => at !== profile.dataset)) {
    lacking.push({ key: keyOf(profile, missing.at), at: shownPlace(missing.at), get: howToGet(missing) });
  }
  const served = stages.flatMap(givenOf).flatMap(({ at }) => (isServed(at) ? at : []));
  expectModels(modelsOf(profile));
  for (const at of new Set(served)) {
    const get = await troubleWith(at, meetModels([at], store));
    if (get !== undefined) lacking.push({ key: keyOf(profile, at), at: shownPlace(at), get });
  }
  return lacking;
}

/**
 * Servers that answered once, are to be asked something that is not in the store, and do not answer now.
 * @param selection.fresh whatever is in the store is to be made anew
 */
export async function silentFor(
  profile: Profile,
  experiments: readonly Experiment[],
  { store = storeFolder(), fresh = false, ...selection }: Selection & { readonly store?: string; readonly fresh?: boolean | undefined } = {}, // prettier-ignore
): Promise<Lacking[]> {
  if (absentData(profile.dataset) !== undefined || !modelsOf(profile).some(isServed)) return [];
  const lab = await labOf(profile, { progress: silent, store, models: "recalled" });
  const stages = experiments.flatMap((experiment) => stagesOf(planRun(lab, experiment, selection)));
  const asked = (fresh ? stages : unmade(store, stages)).flatMap(givenOf);
  const met = asked.filter(({ at, fingerprint }) => isServed(at) && fingerprint !== NOT_BUILT);
  const silentOnes: Lacking[] = [];
  for (const at of new Set(met.map((one) => one.at))) {
    const get = await troubleWith(at, lookAt(at));
    if (get !== undefined) silentOnes.push({ key: keyOf(profile, at), at: shownPlace(at), get });
  }
  return silentOnes;
}

/** `undefined` where a server answers; else how to get one, or what is wrong with it. */
async function troubleWith(at: string, looking: Promise<unknown>): Promise<string | undefined> {
  try {
    await looking;
    return undefined;
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    const { Unanswered } = await import("../model/served/server"); // loaded where a server was asked
    if (!(error.cause instanceof Unanswered)) return `${error.reason}. ${error.remedy}`; // it is there: a key or a name is wrong
    const name = at.slice(at.indexOf("#") + 1);
    return `a server, such as vllm serve ${name} --max-model-len 8192 --generation-config vllm: docs/served.md`;
  }
}

function keyOf(profile: Profile, at: string): string {
  const { base, encoder, mining, similarity, templates, models = {}, benchmarks = [], cot } = profile;
  const named: readonly (readonly [string, string | null | undefined])[] = [
    ["base", base],
    ["encoder", encoder],
    ["mining", mining],
    ["similarity", similarity],
    ["templates", templates],
    ["cot.teacher", cot.teacher],
    ["cot.released", cot.released],
    ...Object.entries(models).map(([part, place]) => [`models.${part}`, place] as const),
    ...benchmarks.map((place) => ["benchmarks", place] as const),
  ];
  return named.find(([, place]) => place === at)?.[0] ?? `rows: ${modelName(at)}`;
}

/** The list as a table. */
export function lackingTable(lacking: readonly Lacking[], { name }: Profile): ResultTable {
  return resultTable({
    caption: `Not there, and needed with the profile ${name}`,
    columns: [
      { key: "key", title: "Key of the profile", kind: "text" },
      { key: "at", title: "Place", kind: "text" },
      { key: "get", title: "How to get it", kind: "text" },
    ],
    rows: lacking.map(({ key, at, get }) => ({ key, at, get })),
  });
}
