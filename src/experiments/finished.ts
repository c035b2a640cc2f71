import * as fs from "node:fs";
import * as path from "node:path";
import { z } from "zod";
import { LabError } from "../core/errors";
import { readJson } from "../core/files";

const stageSchema = z.object({ stage: z.string(), inputs: z.unknown(), startedAt: z.string() });

/** A piece of work that a run left finished, for whoever looks at a run without knowing its settings. */
export interface FinishedStage {
  readonly name: string;
  readonly folder: string;
  /** What it was made from, as its stage.json says. */
  readonly inputs: unknown;
  readonly startedAt: string;
}

/** The finished stages of a run folder, the oldest first; none where there is no such folder. */
export function finishedStages(run: string): FinishedStage[] {
  if (!fs.existsSync(run)) return [];
  const folders = fs.readdirSync(run, { withFileTypes: true }).flatMap((e) => (e.isDirectory() ? [e.name] : []));
  const stages = folders.flatMap((name): FinishedStage[] => {
    const file = path.join(run, name, "stage.json");
    if (!fs.existsSync(file)) return [];
    const read = stageSchema.safeParse(readJson(file));
    if (!read.success) {
      throw new LabError("does not describe a finished stage", "Remove its folder, then run again.", { subject: file });
    }
    const { stage, inputs, startedAt } = read.data;
    return [{ name: stage, folder: path.dirname(file), inputs, startedAt }];
  });
  return stages.sort((a, b) => (a.startedAt < b.startedAt ? -1 : 1));
}
