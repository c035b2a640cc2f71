import { placeOf } from "../config/places";
import { resultTable, type ResultTable } from "../report/table/table";
import type { Experiment } from "./experiment";
import { howToGet, missingOf } from "./given";
import { hubOf } from "./plan/models";
import { absentData } from "./plan/sizes";
import type { Profile } from "./profile";

/** Something that a run needs and that is not on this machine. */
export interface Lacking {
  /** The profile's key. */
  readonly key: string;
  readonly at: string;
  /** The command or the page that gets it. */
  readonly get: string;
  /** Whether others publish it: nothing of this project makes it. */
  readonly published: boolean;
}

/** What an experiment needs of a profile's files and does not find; who answers at a URL cannot be seen. */
export function lackingFor(profile: Profile, { models = [] }: Pick<Experiment, "models">): Lacking[] {
  const data = absentData(profile.dataset);
  const page = profile.dataset.startsWith("sets:") ? "docs/paper-scale.md" : "docs/datasets.md";
  const further = models.flatMap((part) => {
    const at = profile.models?.[part];
    return typeof at === "string" ? [[`models.${part}`, at] as const] : [];
  });
  const own = [["base", profile.base] as const, ["encoder", profile.encoder] as const, ...further];
  return [
    ...(data === undefined ? [] : [{ key: "dataset", at: data, get: `the pictures: ${page}`, published: true }]),
    ...own.flatMap(([key, at]) =>
      missingOf([at], profile.dataset).map((one) => ({
        ...{ key, at: placeOf(at), get: howToGet(one), published: hubOf(at) !== undefined },
      })),
    ),
  ];
}

/** The list as a table, with what serves the teacher. */
export function lackingTable(lacking: readonly Lacking[], { name, cot }: Profile): ResultTable {
  const { teacher } = cot;
  const served = teacher === undefined ? undefined : /^served:([^#]*)#(.*)$/u.exec(teacher);
  return resultTable({
    caption: `Not on this machine, and needed with the profile ${name}`,
    columns: [
      { key: "key", title: "Key of the profile", kind: "text" },
      { key: "at", title: "Place", kind: "text" },
      { key: "get", title: "How to get it", kind: "text" },
    ],
    rows: lacking.map(({ key, at, get }) => ({ key, at, get })),
    notes: [
      ...(served === null || served === undefined
        ? []
        : [
            `Chains are written by ${served[2] ?? ""}, which must answer at ${served[1] ?? ""} by then, for example by \`vllm serve ${served[2] ?? ""}\`.`,
          ]),
    ],
  });
}
