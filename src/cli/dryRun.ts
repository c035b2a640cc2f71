import type { Experiment } from "../lab/experiment";
import type { Lab } from "../lab/lab";
import { lackingFor, lackingTable, silentFor } from "../lab/lacking";
import type { Profile } from "../lab/profile";
import type { Tally } from "../lab/many";
import { formatDuration } from "../report/display/pace";
import { stagesOf, type PlannedMethod, type Selection } from "../lab/run";
import { workOf } from "../lab/stage";
import { toText } from "../report/table/text";
import { numberColumn, resultTable, textColumn } from "../report/table/table";
import { findFinished } from "../store/store";

/** Prints what the chosen methods of some experiments need and do not find. @returns whether there is any */
export async function showLacking(
  profile: Profile,
  experiments: readonly Experiment[],
  selection: Selection & { readonly fresh?: boolean | undefined } = {},
): Promise<boolean> {
  const lacking = await lackingFor(profile, experiments, selection);
  lacking.push(...(await silentFor(profile, experiments, selection)));
  if (lacking.length === 0) return false;
  console.log(toText(lackingTable(lacking, profile)));
  return true;
}

/** Prints the stages of a plan: which are in the store, which would be made, and how long each took. */
export function showPlan(lab: Lab, plan: readonly PlannedMethod[]): void {
  const stages = stagesOf(plan).map((stage) => ({ stage, finished: findFinished(lab.store, workOf(stage)) }));
  const users = (key: string): string => {
    const own = plan.filter((planned) => stagesOf([planned]).some((stage) => stage.key === key));
    return [...new Set(own.map(({ method, seed }) => `${method.name} ${seed}`))].join(", ");
  };
  const missing = stages.filter(({ finished }) => finished === undefined).length;
  const table = resultTable({
    caption: `${stages.length} stages: ${stages.length - missing} are in the store, ${missing} would be made`,
    columns: [
      textColumn("stage", "Stage"),
      textColumn("key", "Key"),
      textColumn("state", "State"),
      numberColumn("seconds", "Seconds it took", { digits: 1 }),
      textColumn("for", "For (method, seed)"),
    ],
    rows: stages.map(({ stage, finished }) => ({
      stage: stage.label === stage.kind.kind ? stage.label : `${stage.kind.kind}: ${stage.label}`,
      key: stage.key.slice(0, 10),
      state: finished === undefined ? "to be made" : "in the store",
      seconds: finished?.seconds ?? null,
      for: users(stage.key),
    })),
  });
  console.log(toText(table));
}

/** Prints what several experiments come to: what is in the store, what is to be made, and about how long that takes. @param lanes stages at a time */
export function showTally(tally: readonly Tally[], lanes: number): void {
  const toMake = tally.flatMap((one) => one.toMake);
  const sum = tally.reduce((all, { stages }) => all + stages, 0);
  const known = tally.reduce((all, { seconds }) => all + (seconds ?? 0), 0);
  const unknown = tally.some(({ seconds }) => seconds === undefined);
  const left = known === 0 ? "how long is not known yet" : `${unknown ? "at least" : "about"} ${inTime(known / lanes)}`;
  const time = toMake.length === 0 ? "" : `, ${left}`;
  const table = resultTable({
    caption: `${tally.length} experiment${tally.length === 1 ? "" : "s"}: ${toMake.length} stages are to be made${time}`,
    columns: [
      textColumn("experiment", "Experiment"),
      textColumn("profile", "Profile"),
      numberColumn("seeds", "Seeds"),
      numberColumn("stages", "Stages"),
      numberColumn("there", "In the store"),
      numberColumn("toMake", "To be made"),
      textColumn("time", "Time"),
    ],
    rows: tally.map(({ one, stages, there, toMake: own, seconds }) => ({
      experiment: one.experiment.id,
      profile: one.lab.profile.name,
      seeds: one.seeds.length,
      stages,
      there,
      toMake: own.length,
      time: seconds === undefined ? "unknown" : own.length === 0 ? "" : inTime(seconds / lanes),
    })),
    notes: [
      `${sum} stages stand in the rows, one that several need in each of them; it is made once, for the first.`,
      `Times: as long as the stages of each kind in the store took, ${lanes} at a time; hours, minutes and seconds.`,
    ],
  });
  console.log(toText(table));
}

function inTime(seconds: number): string {
  return formatDuration(1000 * seconds);
}
