/**
 * The kinds of stages: what each takes, gives and asks of a model, and how it is done. Loops, losses and metrics live in their own
 * folders, and no kind knows an experiment.
 */

import { LabError, required } from "../../core/errors";
import { didYouMean } from "../../core/similar";
import type { StageKind } from "../stage";
import { answersStage, similarityStage } from "./asking";
import { changesStage } from "./changes";
import { cotStage, tripletStage } from "./data";
import { probeStage, taxonomyStage } from "./knowledge";
import { questionsStage } from "./questions";
import { sharesStage } from "./shares";
import { separabilityStage, statesStage } from "./states";
import { rlStage, sftStage } from "./training";

/** Every kind of stage: what a process needs to run one from its JSON. */
export const KINDS: readonly StageKind[] = [
  cotStage,
  tripletStage,
  sftStage,
  rlStage,
  sharesStage,
  answersStage,
  similarityStage,
  statesStage,
  probeStage,
  taxonomyStage,
  separabilityStage,
  questionsStage,
  changesStage,
];

/** @throws LabError for a kind, or a version of it, that this program does not have */
export function kindNamed(name: string, version: number): StageKind {
  const names = KINDS.map(({ kind }) => kind);
  const found = required(
    KINDS.find(({ kind }) => kind === name),
    () => new LabError(`there is no kind of stage "${name}"`, `${didYouMean(name, names)}Kinds: ${names.join(", ")}.`),
  );
  if (found.version === version) return found;
  throw new LabError(
    `is described in version ${version}, and this program makes version ${found.version}`,
    "Describe it again with this program, or run it with the one that described it.",
    { subject: `the stage "${name}"` },
  );
}
