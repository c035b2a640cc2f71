import type { Command } from "commander";
import { z } from "zod";
import { storeFolder } from "../config/places";
import { readStored } from "../config/stored";
import { requireTraining } from "../core/backend";
import { kindNamed } from "../lab/kinds";
import { make } from "../lab/make";
import { stageFrom } from "../lab/stage";
import { stoppable } from "./stop";
import { addWorkersOption, withWorkers, type WorkersArgument } from "./workers";

const workSchema = z.strictObject({ kind: z.string(), version: z.int(), inputs: z.record(z.string(), z.json()) });

/**
 * `fine-r1 stage FILE`: makes one stage from its JSON, `{ kind, version, inputs }` as stage.json has it; the stages that it
 * needs are taken from the store. For other processes and hosts that share the store.
 */
export function addStageCommand(program: Command): void {
  const command = program.command("stage", { hidden: true }).argument("<file>");
  addWorkersOption(command).action(async (file: string, options: WorkersArgument) => {
    const { kind, version, inputs } = readStored(file, workSchema, "description of a stage", "Take it from --dry-run.");
    await requireTraining();
    const stage = stageFrom(kindNamed(kind, version), inputs);
    const context = { store: storeFolder(), ...stoppable() };
    const made = await withWorkers(options, (workers) => make({ ...context, workers }, stage));
    console.log(made.folder);
  });
}
