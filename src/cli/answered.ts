import { LabError } from "../core/errors";
import { silent } from "../core/progress";
import { experimentNamed } from "../experiments";
import type { Experiment } from "../lab/experiment";
import { readSeeds } from "../lab/parameters";
import { answeredMethods, type AnsweredMethod } from "../lab/finished";
import { labOf, type Lab } from "../lab/lab";
import { commandLine } from "./again";
import { profileWords, readProfile, rowWords, withRows, type ProfileArguments, type RowsArguments } from "./options";

/** What says whose answers are meant. */
export interface AnsweredArguments extends ProfileArguments, RowsArguments {
  readonly seeds?: string;
}

/** What the methods of an experiment answered, as the store keeps it. */
export interface KeptRun {
  readonly experiment: Experiment;
  readonly lab: Lab;
  readonly asked: readonly AnsweredMethod[];
  /** What was not asked with these settings. */
  readonly missing: readonly string[];
}

/** Finds the answers of an experiment, whether or not the models that gave them are there still. @throws LabError with the command that asks, where there are none */
export async function openAnswered(id: string, options: AnsweredArguments): Promise<KeptRun> {
  const experiment = experimentNamed(id);
  if (experiment.ask.length === 0)
    throw new LabError("asks its models nothing: it analyses them", "Take another: fine-r1 list.", { subject: id });
  const profile = withRows(readProfile(options), options);
  const lab = await labOf(profile, { progress: silent, models: "recalled" });
  const seeds = options.seeds === undefined ? [profile.seed] : readSeeds(options.seeds);
  const found = await answeredMethods(lab, experiment, seeds);
  if (found.asked.length > 0) return { experiment, lab, ...found };
  const again = commandLine("run", id, ...rowWords(options), ...profileWords(options));
  throw new LabError("was not asked anything yet", `Run it first: ${again}`, {
    subject: `${id}, profile ${profile.name}`,
  });
}
