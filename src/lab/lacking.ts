import { storeFolder } from "../config/places";
import { LabError } from "../core/errors";
import { resultTable, type ResultTable } from "../report/table/table";
import { lackingData, type OpenDatasetOptions } from "./datasets";
import { described, describedLab } from "./described";
import type { Experiment } from "./experiment";
import { expectModels, givenOf, isServed, meetModels, modelsOf, shownPlace } from "./given";
import { absentFrom, howToGet, type Missing } from "./missing";
import { vllmLine } from "./modelCommands";
import { modelName } from "./plan/models";
import type { Profile } from "./profile";
import { planRun, stagesOf, type Selection } from "./run";
import type { Describable } from "./lab";
import type { Stage } from "./stage";

/** Something that a run needs and that is not there. */
export interface Lacking {
  /** The profile's key. */
  readonly key: string;
  readonly at: string;
  /** The command or the page that gets it. */
  readonly get: string;
}

/** What the chosen methods of some experiments need of a profile's files and do not find, each once. */
export async function missingFor(
  profile: Profile,
  experiments: readonly Experiment[],
  selection: Selection = {},
  options: OpenDatasetOptions = {},
): Promise<Missing[]> {
  return absentFrom(stagesOfAll(await describedLab(profile, options), experiments, selection), profile.dataset);
}

/**
 * The same, what is served and does not answer among it.
 * @param selection.store where it is kept what servers said; default: that of all runs
 */
export async function lackingFor(
  profile: Profile,
  experiments: readonly Experiment[],
  { store = storeFolder(), ...selection }: Selection & { readonly store?: string } = {},
): Promise<Lacking[]> {
  const data = await lackingData(profile.dataset);
  const lab = data === undefined ? await describedLab(profile) : described(profile);
  const stages = stagesOfAll(lab, experiments, selection);
  const lacking: Lacking[] = data === undefined ? [] : [{ key: "dataset", at: data.at, get: data.get }];
  for (const missing of absentFrom(stages, profile.dataset).filter(({ at }) => at !== profile.dataset)) {
    lacking.push({ key: keyOf(profile, missing.at), at: shownPlace(missing.at), get: howToGet(missing) });
  }
  const served = stages.flatMap(givenOf).flatMap(({ at }) => (isServed(at) ? at : []));
  expectModels(modelsOf(profile));
  for (const at of new Set(served)) {
    const key = keyOf(profile, at);
    const get = await howToServe(at, store, key === "cot.teacher" ? 1 : IN_CONTEXT);
    if (get !== undefined) lacking.push({ key, at: shownPlace(at), get });
  }
  return lacking;
}

function stagesOfAll(lab: Describable, experiments: readonly Experiment[], selection: Selection): Stage[] {
  return experiments.flatMap((experiment) => stagesOf(planRun(lab, experiment, selection)));
}

/** Pictures of a question in context, the most that a model is shown at once. */
const IN_CONTEXT = 5;

/** `undefined` where its server answers, or did once; else how to get one, or what is wrong with it. */
async function howToServe(at: string, store: string, pictures: number): Promise<string | undefined> {
  try {
    await meetModels([at], store);
    return undefined;
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    const { Unanswered } = await import("../model/served/server"); // loaded where a server was asked
    if (!(error.cause instanceof Unanswered)) return `${error.reason}. ${error.remedy}`; // it is there: a key or a name is wrong
    const name = at.slice(at.indexOf("#") + 1);
    const line = vllmLine(name, { flags: "--max-model-len 8192", pictures, qwen: /qwen2(?:\.5)?-vl/iu.test(name) });
    return `a server, such as ${line}: docs/served.md`;
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
