import { storeFolder } from "../config/places";
import { LabError } from "../core/errors";
import { resultTable, type ResultTable } from "../report/table/table";
import { absentData } from "./datasets";
import type { Experiment } from "./experiment";
import { givenOf, isServed, meetModels, shownPlace } from "./given";
import { howToGet, missingOf } from "./missing";
import { describeAnywhere } from "./plan/plan";
import { modelName } from "./plan/models";
import type { Profile } from "./profile";
import { stagesOf, type Selection } from "./run";

/** Something that a run needs and that is not there. */
export interface Lacking {
  /** The profile's key. */
  readonly key: string;
  readonly at: string;
  /** The command or the page that gets it. */
  readonly get: string;
}

/**
 * What the chosen methods of some experiments need of a profile's files and servers and do not find, each once.
 * @param selection.store where it is kept what servers said; default: that of all runs
 */
export async function lackingFor(
  profile: Profile,
  experiments: readonly Experiment[],
  { store = storeFolder(), ...selection }: Selection & { readonly store?: string } = {},
): Promise<Lacking[]> {
  const stages = experiments.flatMap((experiment) => stagesOf(describeAnywhere(profile, experiment, selection)));
  const models = stages.flatMap(givenOf).filter(({ given }) => given === "checkpoint" || given === "encoder");
  const data = absentData(profile.dataset);
  const page = profile.dataset.startsWith("folder:") ? "docs/datasets.md" : "docs/published-sets.md";
  const lacking = data === undefined ? [] : [{ key: "dataset", at: data, get: `the pictures: ${page}` }];
  for (const at of new Set(models.map((model) => model.at))) {
    const get = isServed(at) ? await howToServe(at, store) : missingOf([at], profile.dataset).map(howToGet)[0];
    if (get !== undefined) lacking.push({ key: keyOf(profile, at), at: shownPlace(at), get });
  }
  return lacking;
}

/** `undefined` where its server answers, or did once. */
async function howToServe(at: string, store: string): Promise<string | undefined> {
  try {
    await meetModels([at], store);
    return undefined;
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    const name = at.slice(at.indexOf("#") + 1);
    return `a server, such as vllm serve ${name} --max-model-len 8192 --generation-config vllm: docs/served.md`;
  }
}

function keyOf({ base, encoder, mining, similarity, models = {}, cot }: Profile, at: string): string {
  const further = Object.entries(models).map(([part, place]) => [`models.${part}`, place] as const);
  const named = [["base", base], ["encoder", encoder], ["mining", mining], ["similarity", similarity], ["cot.teacher", cot.teacher], ...further]; // prettier-ignore
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
