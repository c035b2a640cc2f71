import type { Experiment } from "./experiment";
import type { Lab } from "./lab";
import { planRun, type PlannedMethod } from "./run";
import { workOf } from "./stage";
import { findFinished, type FinishedRecord } from "../store/store";

/** A method whose training is in the store. */
export interface TrainedMethod extends PlannedMethod {
  readonly record: FinishedRecord;
}

/** The methods of an experiment that were trained with a lab's settings and the profile's seed. */
export function trainedMethods(lab: Lab, experiment: Experiment): TrainedMethod[] {
  const all = experiment.methods(lab.recipe(lab.profile.seed)).map(({ name }) => name);
  return planRun(lab, experiment, { only: all }).flatMap((planned) => {
    const record = planned.training === undefined ? undefined : findFinished(lab.store, workOf(planned.training));
    return record === undefined ? [] : [{ ...planned, record }];
  });
}
