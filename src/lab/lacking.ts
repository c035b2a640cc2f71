import { storeFolder } from "../config/places";
import { LabError } from "../core/errors";
import { silent } from "../core/progress";
import { lookAt } from "../model/open";
import { resultTable, type ResultTable } from "../report/table/table";
import { lackingData, type OpenDatasetOptions } from "./datasets";
import { described, describedLab } from "./described";
import type { Experiment } from "./experiment";
import { expectModels, givenOf, isServed, meetModels, modelsOf, NOT_BUILT, shownPlace } from "./given";
import { labOf } from "./lab";
import { unmade } from "./make";
import { planMany, stagesOfMany } from "./many";
import { absentFrom, howToGet } from "./missing";
import { vllmLine } from "./modelCommands";
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
  const whole = (await lackingData(profile.dataset, options)) === undefined;
  const lab = whole ? await describedLab(profile, options) : described(profile);
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
  const data = await lackingData(profile.dataset);
  const stages = await describedStages(profile, experiments, selection);
  const lacking: Lacking[] = data === undefined ? [] : [{ key: "dataset", at: data.at, get: data.get }];
  for (const missing of absentFrom(stages, profile.dataset).filter(({ at }) => at !== profile.dataset)) {
    lacking.push({ key: keyOf(profile, missing.at), at: shownPlace(missing.at), get: howToGet(missing) });
  }
  const served = stages.flatMap(givenOf).flatMap(({ at }) => (isServed(at) ? at : []));
  expectModels(modelsOf(profile));
  for (const at of new Set(served)) {
    const get = await troubleWith(profile, at, meetModels([at], store));
    if (get !== undefined) lacking.push({ key: keyOf(profile, at), at: shownPlace(at), get });
  }
  return lacking;
}

/** Pictures of a question in context, the most that a model is shown at once. */
const IN_CONTEXT = 5;

/**
 * Servers that answered once, are to be asked something that is not in the store, and do not answer now.
 * @param selection as for several experiments: by default each record's own seeds
 * @param selection.fresh whatever is in the store is to be made anew
 */
export async function silentFor(
  profile: Profile,
  experiments: readonly Experiment[],
  { store = storeFolder(), fresh = false, ...selection }: Selection & { readonly store?: string; readonly fresh?: boolean | undefined } = {}, // prettier-ignore
): Promise<Lacking[]> {
  if (!modelsOf(profile).some(isServed) || (await lackingData(profile.dataset)) !== undefined) return [];
  const lab = await labOf(profile, { progress: silent, store, models: "recalled" });
  const stages = stagesOfMany(planMany([lab], experiments, selection));
  const asked = (fresh ? stages : unmade(store, stages)).flatMap(givenOf);
  const met = asked.filter(({ at, fingerprint }) => isServed(at) && fingerprint !== NOT_BUILT);
  const silentOnes: Lacking[] = [];
  for (const at of new Set(met.map((one) => one.at))) {
    const get = await troubleWith(profile, at, lookAt(at));
    if (get !== undefined) silentOnes.push({ key: keyOf(profile, at), at: shownPlace(at), get });
  }
  return silentOnes;
}

/** `undefined` where a server answers; else how to get one, or what is wrong with it. */
async function troubleWith(profile: Profile, at: string, looking: Promise<unknown>): Promise<string | undefined> {
  try {
    await looking;
    return undefined;
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    const { Unanswered } = await import("../model/served/server"); // loaded where a server was asked
    if (!(error.cause instanceof Unanswered)) return `${error.reason}. ${error.remedy}`; // it is there: a key or a name is wrong
    const name = at.slice(at.indexOf("#") + 1);
    const pictures = keyOf(profile, at) === "cot.teacher" ? 1 : IN_CONTEXT;
    const line = vllmLine(name, { flags: "--max-model-len 8192", pictures, qwen: /qwen2(?:\.5)?-vl/iu.test(name) });
    return `${error.reason}. Start it (docs/served.md), such as by: ${line}`;
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
