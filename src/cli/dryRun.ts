import type { Lab } from "../lab/lab";
import { stagesOf, type PlannedMethod } from "../lab/run";
import { workOf } from "../lab/stage";
import { toText } from "../report/table/text";
import { resultTable } from "../report/table/table";
import { findFinished } from "../store/store";

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
      { key: "stage", title: "Stage", kind: "text" },
      { key: "key", title: "Key", kind: "text" },
      { key: "state", title: "State", kind: "text" },
      { key: "seconds", title: "Seconds it took", kind: "number", digits: 1 },
      { key: "for", title: "For (method, seed)", kind: "text" },
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
