import * as fs from "node:fs";
import * as path from "node:path";
import { runFolder } from "../config/places";
import { LabError } from "../core/errors";
import { isFolder } from "../core/folders";
import { finishedStages } from "../store/finished";
import type { Profile } from "../lab/profile";

/** Which model is asked, and whether it was taught to reason before it answers. */
export interface ChosenModel {
  readonly folder: string;
  readonly description: string;
  readonly thinks: boolean;
}

/** Stages whose models reason, the furthest first. */
const TRAINED = [
  ["tapo", "CoT SFT + TAPO"],
  ["cot-sft", "CoT SFT"],
] as const;

/** The checkpoint that was named, else the best that the profile's own runs left, else the profile's base. */
export function chooseModel(profile: Profile, checkpoint: string | undefined): ChosenModel {
  if (checkpoint !== undefined) {
    requireFolder(checkpoint);
    return { folder: checkpoint, description: shown(checkpoint), thinks: false };
  }
  const run = runFolder("quickstart", profile.name);
  const stages = finishedStages(run).reverse();
  for (const [name, title] of TRAINED) {
    const stage = stages.find((one) => one.stage === name);
    const folder = stage && path.join(stage.folder, "model");
    if (folder !== undefined && fs.existsSync(folder)) {
      return { folder, description: `${title}, trained in ${shown(run)}`, thinks: true };
    }
  }
  const description = `the base of the profile ${profile.name}, ${shown(profile.base)} (no trained model in ${shown(run)})`;
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
