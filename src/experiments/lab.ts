import * as path from "node:path";
import { loadWorldConfig } from "../config/world";
import { ROOT } from "../config/load";
import { runsRoot } from "../config/places";
import type { Progress } from "../core/progress";
import type { StepFigures } from "../engine/train";
import { buildMiniWorld, type MiniWorld } from "../data/miniworld/world";
import type { Profile } from "./profile";
import type { RunContext } from "./stage";

/** What every stage of an experiment works with. */
export interface Lab extends RunContext {
  readonly profile: Profile;
  readonly world: MiniWorld;
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

/** Generates the profile's world and names the run folder. */
export function openLab(experiment: string, profile: Profile, options: LabOptions): Lab {
  const world = buildMiniWorld(loadWorldConfig(path.join(ROOT, "configs", "worlds", `${profile.world}.yaml`)));
  return { ...options, folder: options.folder ?? path.join(runsRoot(), experiment, profile.name), profile, world };
}
