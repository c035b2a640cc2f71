import * as fs from "node:fs";
import * as path from "node:path";
import { storeFolder } from "../config/places";
import { LabError } from "../core/errors";
import { isFolder } from "../core/folders";
import { silent } from "../core/progress";
import { EXPERIMENTS } from "../experiments";
import { trainedMethods } from "../lab/finished";
import { modelIn } from "../lab/kinds/training";
import { labOf } from "../lab/lab";
import { missingOf, requireBuilt } from "../lab/missing";
import type { Profile } from "../lab/profile";

/** Which model is asked, and whether it was taught to reason before it answers. */
export interface ChosenModel {
  readonly folder: string;
  readonly description: string;
  readonly thinks: boolean;
}

/**
 * The checkpoint that was named; else the last method of the first experiment that runs with the profile trained to reason; else
 * the profile's base.
 */
export async function chooseModel(profile: Profile, checkpoint: string | undefined): Promise<ChosenModel> {
  if (checkpoint !== undefined) {
    requireFolder(checkpoint);
    return { folder: checkpoint, description: shown(checkpoint), thinks: false };
  }
  const lab = await labOf(profile, { progress: silent, models: "recalled" });
  for (const experiment of EXPERIMENTS) {
    const found = trainedMethods(lab, experiment)
      .filter(({ method }) => method.thinking)
      .at(-1);
    if (found === undefined) continue;
    const { folder } = found.record;
    const description = `${found.method.title}, trained in ${shown(folder)}`;
    return { folder: modelIn(folder), description, thinks: true };
  }
  requireBuilt(missingOf([profile.base], profile.dataset));
  const description = `the base of the profile ${profile.name}, ${shown(profile.base)} (nothing trained in ${shown(storeFolder())})`;
  return { folder: profile.base, description, thinks: false };
}

function requireFolder(folder: string): void {
  if (isFolder(folder)) return;
  const reason = fs.existsSync(folder) ? "is no folder" : "there is no such checkpoint";
  throw new LabError(reason, "Give a folder with config.json, model.safetensors and tokenizer.json.", {
    subject: folder,
  });
}

function shown(file: string): string {
  const relative = path.relative(process.cwd(), file);
  return relative.startsWith("..") ? path.resolve(file) : relative;
}
