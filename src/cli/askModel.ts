import * as fs from "node:fs";
import * as path from "node:path";
import { storeFolder } from "../config/places";
import { LabError } from "../core/errors";
import { isFolder } from "../core/folders";
import { silent } from "../core/progress";
import { quickstart } from "../experiments/quickstart";
import { trainedMethods } from "../lab/finished";
import { labOf } from "../lab/lab";
import type { Profile } from "../lab/profile";

/** Which model is asked, and whether it was taught to reason before it answers. */
export interface ChosenModel {
  readonly folder: string;
  readonly description: string;
  readonly thinks: boolean;
}

/** The methods of the quickstart that are asked with, the furthest trained first. */
const TRAINED = ["tapo", "cot-sft"];

/** The checkpoint that was named, else the best that runs with the profile left, else the profile's base. */
export async function chooseModel(profile: Profile, checkpoint: string | undefined): Promise<ChosenModel> {
  if (checkpoint !== undefined) {
    requireFolder(checkpoint);
    return { folder: checkpoint, description: shown(checkpoint), thinks: false };
  }
  const trained = trainedMethods(await labOf(profile, { progress: silent }), quickstart);
  for (const name of TRAINED) {
    const found = trained.find(({ method }) => method.name === name);
    const folder = found && path.join(found.record.folder, "model");
    if (found !== undefined && folder !== undefined && fs.existsSync(folder)) {
      return { folder, description: `${found.method.title}, trained in ${shown(found.record.folder)}`, thinks: true };
    }
  }
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
