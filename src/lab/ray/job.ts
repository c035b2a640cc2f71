import * as path from "node:path";
import { z } from "zod";
import { ROOT } from "../../config/load";
import { parserOf } from "../../config/stored";
import { decidingVariables } from "../../core/backend";
import { LabError, messageOf } from "../../core/errors";
import { parseJson } from "../../core/files";
import { quoted } from "../../core/shell";
import { digest } from "../../store/key";
import { requireSame, shownPlace, type Unlike } from "../given";
import { kindNamed } from "../kinds";
import { givenSchema, stageFrom, workOf, type Inputs, type Stage } from "../stage";
import type { Submission } from "./client";
import { buildDigest } from "./package";

/** A stage as the job of a cluster, and back. */

/** Where a node finds what a job works with. */
export interface JobPlaces {
  /** The store, as the nodes name it. */
  readonly store: string;
  /** A prepared copy of this project on every node, as they name it; or the package of it, which each node sets up on first use. */
  readonly project: { readonly at: string } | { readonly package: string };
  /** Processes that share the work of one job. */
  readonly workers: string;
  /** Which program is to do it (`buildDigest`). */
  readonly build: string;
}

/** The variable of a job that holds its stage as JSON. */
export const STAGE_VARIABLE = "FINE_R1_STAGE";
/** Seconds that a stage has for its checkpoint when its job is stopped; then it is killed. */
const STOP_SECONDS = 120;

/** Of a stage that was described on another machine. */
const ELSEWHERE: Unlike = {
  gone: "is not on this machine",
  other: "is another one on this machine than where this work was described",
  remedy: "Bring the same files to every machine.",
};

const stageSchema = z.strictObject({
  kind: z.string(),
  version: z.int(),
  inputs: z.record(z.string(), z.json()),
  label: z.string(),
  build: z.string(),
});

/**
 * What the jobs of a stage are called, up to the number of the attempt: whoever asks for the same work in the same place, of the same program
 * and with the same digits, finds the job that is at it.
 */
export function jobName({ kind, key }: Stage, { store, project, build }: Omit<JobPlaces, "workers">): string {
  const how = digest([store, project, build, decidingVariables()]);
  return `fine-r1-${kind.kind}-${key.slice(0, 10)}-${how.slice(0, 6)}`;
}

/** The command of a stage's job, and what goes with it. */
export function jobOf(
  stage: Stage,
  places: JobPlaces,
): Pick<Submission, "command" | "variables" | "metadata" | "workingDir"> {
  const { label } = stage;
  const { store, project, workers, build } = places;
  const task = { ...workOf(stage), inputs: travelling(stage.inputs), label, build };
  const run = `exec node dist/cli.js stage --report --store ${quoted(store)} --workers ${quoted(workers)}`;
  return {
    command: "at" in project ? `cd ${quoted(project.at)} && ${run}` : `node scripts/setup.mjs && ${run}`,
    ...("at" in project ? {} : { workingDir: project.package }),
    variables: {
      [STAGE_VARIABLE]: JSON.stringify(task),
      // Ray stops jobs by SIGTERM and kills them 3 s later; ours save a checkpoint at SIGINT
      RAY_JOB_STOP_SIGNAL: "SIGINT",
      RAY_JOB_STOP_WAIT_TIME_S: String(STOP_SECONDS),
      ...decidingVariables(), // and no keys: everybody on the cluster can read a job's variables
    },
    metadata: { stage: label, kind: stage.kind.kind, key: stage.key },
  };
}

/** The stage that this process was started for. @throws LabError where it is not the same program, or has other models, than who sent it */
export function stageOfJob(text: string): Stage {
  let task: z.infer<typeof stageSchema>;
  try {
    task = parserOf(stageSchema)(parseJson(text));
  } catch (error) {
    const remedy = "Update this copy of the project and run `npm run setup` there.";
    throw new LabError(`is no description of a stage (${messageOf(error)})`, remedy, { subject: STAGE_VARIABLE });
  }
  const { kind, version, inputs, label, build } = task;
  if (build !== buildDigest()) {
    throw new LabError(
      "is another build of this program than the one that sent the job, and may make other numbers",
      "Bring both to the same commit and run `npm run setup`, or send the project with the jobs (--send).",
      { subject: path.join(ROOT, "dist") },
    );
  }
  const stage = stageFrom(kindNamed(kind, version), inputs, label);
  requireSame(stage, ELSEWHERE);
  return stage;
}

/** Inputs whose models are named from the project's root, where they lie in it: elsewhere it may lie elsewhere. */
function travelling(inputs: Inputs): Inputs {
  const entries = Object.entries(inputs).map(([name, value]) => {
    const ref = givenSchema.safeParse(value);
    if (!ref.success || ref.data.given === "dataset") return [name, value];
    return [name, { ...ref.data, at: shownPlace(ref.data.at) }];
  });
  return Object.fromEntries(entries) as Inputs;
}
