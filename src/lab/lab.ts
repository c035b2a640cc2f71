import * as fs from "node:fs";
import * as path from "node:path";
import { z } from "zod";
import { loadWorldConfig } from "../miniworld/config";
import { configFile } from "../config/names";
import { runFolder } from "../config/places";
import { readStored } from "../config/stored";
import { LabError } from "../core/errors";
import { hashFile } from "../core/hash";
import type { Progress } from "../core/progress";
import type { StepFigures } from "../engine/train";
import { buildMiniWorld } from "../miniworld/world";
import type { MiniDataset } from "../miniworld/types";
import type { Profile } from "./profile";
import type { RunContext } from "../store/stage";

/** What is read of the card beside a built base (miniworld/base/card). */
const cardSchema = z.object({
  world: z.object({ name: z.string(), digest: z.string() }),
  files: z.array(z.object({ path: z.string(), sha256: z.string() })),
});

/** What every stage of an experiment works with. */
export interface Lab extends RunContext {
  readonly profile: Profile;
  readonly world: MiniDataset;
  /** Called after every training step, for live curves. */
  readonly onStep?: (stage: string, figures: StepFigures) => void;
}

export interface LabOptions {
  readonly progress: Progress;
  readonly signal?: AbortSignal;
  readonly onStep?: (stage: string, figures: StepFigures) => void;
  /** Where the work goes; runs/<experiment>/<profile> by default. */
  readonly folder?: string;
}

/**
 * Generates the profile's world and names the run folder.
 * @throws LabError when the base or the encoder was made for another world, or has changed, by the card beside it
 */
export function openLab(experiment: string, profile: Profile, options: LabOptions): Lab {
  const world = buildMiniWorld(loadWorldConfig(configFile("worlds", profile.world)));
  for (const checkpoint of [profile.base, profile.dualEncoder]) requireWorldOf(checkpoint, world, profile.world);
  return { ...options, folder: options.folder ?? runFolder(experiment, profile.name), profile, world };
}

const REMEDY =
  "Get the folder again or make it with `npx fine-r1 base build`; remove the card where the weights are your own.";

/** Nothing is asked of a checkpoint without a card: it may be anybody's. */
function requireWorldOf(checkpoint: string, world: MiniDataset, name: string): void {
  const file = path.join(path.dirname(checkpoint), "card.json");
  if (!fs.existsSync(file)) return;
  const card = readStored(file, cardSchema, "card of a base", REMEDY);
  const weights = path.join(checkpoint, "model.safetensors");
  const listed = card.files.find((each) => path.join(path.dirname(checkpoint), each.path) === weights);
  if (listed !== undefined && fs.existsSync(weights) && listed.sha256 !== hashFile(weights)) {
    throw new LabError(`is not the file that ${file} describes: the hashes differ`, REMEDY, { subject: weights });
  }
  if (card.world.digest === world.fingerprint) return;
  throw new LabError(
    `was made for the world ${card.world.name} (${card.world.digest}), but the profile's world "${name}" is ${world.name} (${world.fingerprint})`,
    `Choose the checkpoint of that world, or make one with \`npx fine-r1 base build --world ${name} --out <folder>\`.`,
    { subject: checkpoint },
  );
}
