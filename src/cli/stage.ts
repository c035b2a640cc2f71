import * as path from "node:path";
import type { Command } from "commander";
import { z } from "zod";
import { storeFolder } from "../config/places";
import { readStored } from "../config/stored";
import { requireTraining } from "../core/backend";
import { required, LabError } from "../core/errors";
import { kindNamed } from "../lab/kinds";
import { make } from "../lab/make";
import { STAGE_VARIABLE, stageOfJob } from "../lab/ray/job";
import { reportInLines } from "../lab/ray/lines";
import { stageFrom, type Stage } from "../lab/stage";
import { stoppable } from "./stop";
import { addWorkersOption, withWorkers, type WorkersArgument } from "./workers";

/** What of a stage.json says how the stage is made; the record's other keys say what came of it. */
const workSchema = z.object({ kind: z.string(), version: z.int(), inputs: z.record(z.string(), z.json()) });

interface StageArguments extends WorkersArgument {
  readonly store: string;
  readonly report?: boolean;
}

/**
 * `fine-r1 stage [FILE]`: makes one stage from its JSON: a stage.json, or its `kind`, `version` and `inputs` alone; the stages that it
 * needs are taken from the store. For other processes and hosts that share the store. Without a file the stage is that of a cluster's job.
 */
export function addStageCommand(program: Command): void {
  const command = program.command("stage", { hidden: true }).argument("[file]");
  addWorkersOption(command)
    .option("--store <folder>", "where stages are kept", storeFolder())
    .option("--report", "progress in lines that another program reads")
    .action(async (file: string | undefined, options: StageArguments) => {
      await requireTraining();
      const stage = file === undefined ? ownStage() : readStage(file);
      const lines = options.report === true ? reportInLines((line) => void process.stdout.write(`${line}\n`)) : undefined; // prettier-ignore
      const context = { store: path.resolve(options.store), ...stoppable(lines?.progress), onStep: lines?.onStep };
      const made = await withWorkers(options, (workers) => make({ ...context, workers }, stage));
      console.log(made.folder);
    });
}

function readStage(file: string): Stage {
  const remedy = "Give the stage.json of a stage's folder, or its kind, version and inputs.";
  const { kind, version, inputs } = readStored(file, workSchema, "description of a stage", remedy);
  return stageFrom(kindNamed(kind, version), inputs);
}

function ownStage(): Stage {
  const none = (): LabError => new LabError("no stage is named", `Give a file, or set ${STAGE_VARIABLE}.`);
  return stageOfJob(required(process.env[STAGE_VARIABLE], none));
}
