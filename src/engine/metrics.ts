import * as fs from "node:fs";
import * as path from "node:path";
import { z } from "zod";
import { parserOf } from "../config/stored";
import { LabError } from "../core/errors";
import { JsonlFile, writeFileAtomic } from "../core/files";

export type StepFigures = Readonly<Record<string, number>> & { readonly step: number };

/** What a training leaves of its steps, a line for each. */
export const METRICS_FILE = "metrics.jsonl";

/** A line of metrics.jsonl: JSON has no NaN and writes null for it. */
const figure = z
  .number()
  .nullable()
  .transform((value) => value ?? NaN);
const parseLine = parserOf(z.object({ step: z.int().min(0) }).catchall(figure));

/** Figures by name, as a stage's record keeps them. */
export const figuresSchema = z.record(z.string(), figure);

/** Checks a line of metrics.jsonl. */
export function parseStepFigures(value: unknown): StepFigures {
  return parseLine(value);
}

/** metrics.jsonl: one line per step; lines beyond the checkpoint that a run resumes from are dropped. */
export class MetricsLog {
  private readonly file: string | undefined;
  private kept: StepFigures[] = [];
  private open: JsonlFile<StepFigures> | undefined;

  constructor(folder: string | undefined) {
    this.file = folder === undefined ? undefined : path.join(folder, METRICS_FILE);
  }

  /** Opens the file with the lines of the steps before `step`. @throws LabError when one of them is missing */
  keepBelow(step: number): void {
    if (this.file === undefined) return;
    if (fs.existsSync(this.file)) {
      const before = JsonlFile.open(this.file, parseStepFigures);
      before.close();
      this.kept = before.existing.filter((line) => line.step < step);
    }
    requireEvery(this.file, this.kept, step);
    writeFileAtomic(this.file, this.kept.map((line) => `${JSON.stringify(line)}\n`).join(""));
    this.open = JsonlFile.open(this.file, parseStepFigures);
  }

  add(figures: StepFigures): void {
    this.kept.push(figures);
    this.open?.append(figures);
  }

  /** To be called before a checkpoint is written: the steps that it counts as done are on disk then. */
  sync(): void {
    this.open?.sync();
  }

  all(): StepFigures[] {
    return this.kept;
  }

  close(): void {
    this.open?.close();
  }
}

/** A curve without the steps of an earlier run would pass for a whole one. */
function requireEvery(file: string, lines: readonly StepFigures[], steps: number): void {
  const wrong = Array.from({ length: steps }, (_, step) => step).find((step) => lines[step]?.step !== step);
  if (wrong === undefined && lines.length === steps) return;
  throw new LabError(
    `does not hold each of the ${steps} steps before the checkpoint once (see step ${wrong ?? steps})`,
    `Put the file back, or remove ${path.dirname(file)} to train from the start.`,
    { subject: file },
  );
}
