import * as path from "node:path";
import { readAnswers, type Answer } from "../eval/answers";
import type { Setting } from "../eval/metrics";
import { isGiven, type Experiment } from "./experiment";
import { ANSWERS } from "./kinds/asking";
import type { Lab } from "./lab";
import { planRun, type PlannedMethod } from "./run";
import { workOf } from "./stage";
import { findFinished, takeChecked, type FinishedRecord } from "../store/store";

/** A method whose training is in the store. */
export interface TrainedMethod extends PlannedMethod {
  readonly record: FinishedRecord;
}

/** The methods of an experiment that were trained with a lab's settings and the profile's seed. */
export function trainedMethods(lab: Lab, experiment: Experiment): TrainedMethod[] {
  return planRun(lab, experiment, { only: "all" }).flatMap((planned) => {
    const record = planned.training === undefined ? undefined : findFinished(lab.store, workOf(planned.training));
    return record === undefined ? [] : [{ ...planned, record }];
  });
}

/** What a method answered in one setting, as the store keeps it. */
export interface AnsweredMethod {
  /** The method's name; where several seeds are asked for, with the seed. */
  readonly key: string;
  readonly title: string;
  readonly setting: Setting;
  readonly thinking: boolean;
  readonly answers: readonly Answer[];
}

/** Everything that the methods of an experiment answered with a lab's settings, and what is not in the store. */
export async function answeredMethods(
  lab: Lab,
  experiment: Experiment,
  seeds: readonly number[],
): Promise<{ asked: AnsweredMethod[]; missing: string[] }> {
  const missing: string[] = [];
  const asked: AnsweredMethod[] = [];
  for (const { method, seed, asked: stages } of planRun(lab, experiment, { seeds, only: "all" })) {
    const { name, thinking } = method;
    const alone = seeds.length === 1 || isGiven(method);
    const [key, title] = alone ? [name, method.title] : [`${name} ${seed}`, `${method.title}, seed ${seed}`];
    for (const { setting, answers } of stages) {
      const record = await takeChecked(lab, workOf(answers));
      if (record === undefined) missing.push(`${title}, ${setting} questions: not asked with these settings`);
      else asked.push({ key, title, setting, thinking, answers: readAnswers(path.join(record.folder, ANSWERS)) });
    }
  }
  return { asked, missing };
}
