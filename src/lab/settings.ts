import { profileSchema } from "./profile";
import type { FileFact } from "../store/facts";
import type { RecordedRun } from "./provenance";
import { stableJson } from "../store/stage";

/** What decides a run's numbers: a profile's keys with their values as JSON, and the hashes of the files it reads. */
export type Settings = Readonly<Record<string, string>>;

/** Keys that decide no number: names, and folders whose contents `inputs` tells by their hashes. */
const NAMES = ["name", "description", "base", "dualEncoder"];

/** The settings of a run; those of an older record are filled up with the defaults of the keys it does not have. */
export function settingsOf({ config, inputs }: { config: unknown; inputs: RecordedRun["inputs"] }): Settings {
  const whole = profileSchema.safeParse(config);
  const entries = flat(whole.success ? whole.data : config, "").filter(([key]) => !NAMES.includes(key));
  const files = [...inputs].map(({ sha256 }: Pick<FileFact, "sha256">) => sha256).join(" ");
  return Object.fromEntries([...entries, ["the checkpoints", files]]);
}

/** The settings without the seeds of training. The evaluation's stays: no run changes it. */
export function withoutSeeds(settings: Settings): Settings {
  const isSeed = (key: string): boolean => key !== "evaluation.seed" && key.split(".").at(-1) === "seed";
  return Object.fromEntries(Object.entries(settings).filter(([key]) => !isSeed(key)));
}

/** The keys in which two runs differ; none where their numbers may stand side by side. */
export function differingSettings(a: Settings, b: Settings): string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((key) => a[key] !== b[key]);
}

function flat(value: unknown, at: string): [string, string][] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [[at, stableJson(value)]];
  return Object.entries(value).flatMap(([key, inner]) => flat(inner, at === "" ? key : `${at}.${key}`));
}
