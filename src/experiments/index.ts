/**
 * The experiments, one file each: what is claimed, methods, what is asked, metrics, tables, figures. Nothing that two of them would
 * share (lab/recipe, report/standard), and nothing that runs, trains or measures by itself.
 */

import { LabError, required } from "../core/errors";
import { didYouMean } from "../core/similar";
import type { Experiment } from "../lab/experiment";
import { inference } from "./inference";
import { quickstart } from "./quickstart";
import { thinking } from "./thinking";

/** Every experiment; a new one is a file and a line here. */
export const EXPERIMENTS: readonly Experiment[] = [quickstart, thinking, inference];

/** An experiment by its id. @throws LabError with the one most likely meant */
export function experimentNamed(id: string): Experiment {
  const ids = EXPERIMENTS.map((experiment) => experiment.id);
  return required(
    EXPERIMENTS.find((experiment) => experiment.id === id),
    () => new LabError(`there is no experiment "${id}"`, `${didYouMean(id, ids)}Choose one of: ${ids.join(", ")}.`),
  );
}

export { CLAIMS, claimsOf } from "./claims";
export { inference, quickstart, thinking };
