import * as fs from "node:fs";
import * as path from "node:path";
import { LabError } from "../core/errors";
import { JsonlFile, unreadable } from "../core/files";
import { METRICS_FILE, parseStepFigures } from "../engine/metrics";
import type { Curve } from "../report/curves/curve";
import { readRecord } from "../store/record";
import { folderOf } from "../store/store";
import type { Experiment } from "./experiment";
import type { Lab } from "./lab";
import { planRun, seedsOf, stagesOf, type Selection } from "./run";
import { workOf } from "./stage";

/**
 * What the trainings of an experiment logged, as far as they have come: finished ones and those under way. Runs are called as progress
 * calls their stages, such as "seed-2-cot-sft".
 */
export function experimentCurves(lab: Lab, experiment: Experiment, selection: Selection): Curve[] {
  const plan = planRun(lab, experiment, selection);
  const prefix = seedsOf(plan);
  const taken = new Set<string>();
  return stagesOf(plan).flatMap((stage) => {
    const folder = folderOf(lab.store, workOf(stage));
    if (!fs.existsSync(path.join(folder, METRICS_FILE))) return [];
    const label = `${prefix(stage)}${stage.label}`.replace(/[^\w.]+/gu, "-");
    const run = taken.has(label) ? `${label}-${stage.key.slice(0, 10)}` : label;
    taken.add(run);
    return [readCurve(folder, run)];
  });
}

/** Every curve in a folder and below it: a stage's, or a store's. Runs are called by their folders. @throws LabError where there is none */
export function curvesBelow(folder: string): Curve[] {
  const found = filesBelow(folder)
    .filter((file) => path.basename(file) === METRICS_FILE)
    .map((file) => path.dirname(file))
    .sort();
  if (found.length === 0) throw new LabError(`holds no ${METRICS_FILE}`, "Give the folder of a training stage, or a store.", { subject: folder }); // prettier-ignore
  return found.map((below) => {
    const run = below === "." ? path.basename(path.resolve(folder)) : below.split(path.sep).join("/");
    return readCurve(path.join(folder, below), run);
  });
}

function filesBelow(folder: string): string[] {
  try {
    return fs.readdirSync(folder, { recursive: true, encoding: "utf8" });
  } catch (error) {
    throw unreadable(folder, error);
  }
}

function readCurve(folder: string, run: string): Curve {
  const file = path.join(folder, METRICS_FILE);
  const steps = JsonlFile.peek(file, parseStepFigures);
  const started = readRecord(folder)?.startedAt;
  const startedAt = (started === undefined ? fs.statSync(file).birthtimeMs : Date.parse(started)) / 1000;
  return { run, steps, startedAt };
}
