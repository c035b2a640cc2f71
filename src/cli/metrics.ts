import * as path from "node:path";
import type { Command } from "commander";
import { LabError } from "../core/errors";
import { writeFileAtomic } from "../core/files";
import { isFolder } from "../core/folders";
import { silent } from "../core/progress";
import { didYouMean } from "../core/similar";
import { EXPERIMENTS } from "../experiments";
import { curvesBelow, experimentCurves } from "../lab/curves";
import { labOf } from "../lab/lab";
import { readSeeds } from "../lab/parameters";
import { curvesCsv, figureNames, type Curve } from "../report/curves/curve";
import { writeEventFiles } from "../report/curves/tensorboard";
import { numberColumn, resultTable, textColumn } from "../report/table/table";
import { toText } from "../report/table/text";
import { commandLine } from "./again";
import {
  addProfileOptions,
  profileWords,
  readNames,
  readProfile,
  refuseChoice,
  type ProfileArguments,
} from "./options";

interface MetricsArguments extends ProfileArguments {
  readonly seeds?: readonly number[];
  readonly only?: readonly string[];
  readonly tensorboard?: string;
  readonly csv?: string;
}

/** `fine-r1 metrics RUN`: the figures of every training step, for TensorBoard or as a table. */
export function addMetricsCommand(program: Command): void {
  addProfileOptions(
    program
      .command("metrics")
      .description("the figures of every training step, as TensorBoard's event files or as CSV")
      .argument("<run>", "an experiment, or a folder: a stage's, or a store's such as runs/store"),
  )
    .option("--seeds <list>", "seeds of an experiment, such as 1-3", readSeeds)
    .option("--only <methods>", "some methods of an experiment, separated by commas", readNames)
    .option("--tensorboard <folder>", "write event files there; then: tensorboard --logdir <folder>")
    .option("--csv <file>", "write a row for each run and step")
    .action(showMetrics);
}

async function showMetrics(run: string, options: MetricsArguments): Promise<void> {
  const curves = await curvesOf(run, options);
  const table = resultTable({
    caption: `Trainings of ${run}`,
    columns: [
      textColumn("run", "Run"),
      numberColumn("steps", "Steps", { digits: 0 }),
      textColumn("figures", "Figures of a step"),
    ],
    rows: curves.map((curve) => ({
      run: curve.run,
      steps: curve.steps.length,
      figures: figureNames([curve]).join(", "),
    })),
  });
  console.log(toText(table));
  const { tensorboard, csv } = options;
  if (tensorboard !== undefined) {
    writeEventFiles(tensorboard, curves);
    console.log(`Look at them with: tensorboard --logdir ${tensorboard}`);
  }
  if (csv !== undefined) {
    writeFileAtomic(csv, curvesCsv(curves));
    console.log(path.normalize(csv));
  }
}

async function curvesOf(run: string, options: MetricsArguments): Promise<Curve[]> {
  const experiment = EXPERIMENTS.find(({ id }) => id === run);
  if (experiment === undefined) {
    if (isFolder(run)) {
      refuseChoice(options, { "--seeds": options.seeds, "--only": options.only });
      return curvesBelow(run);
    }
    const names = EXPERIMENTS.map(({ id }) => id);
    const remedy = `${didYouMean(run, names)}Give a folder, or one of ${names.join(", ")}.`;
    throw new LabError("is neither an experiment nor a folder", remedy, { subject: run });
  }
  const lab = await labOf(readProfile(options), { progress: silent, models: "recalled" });
  const curves = experimentCurves(lab, experiment, { seeds: options.seeds, only: options.only ?? "all" });
  if (curves.length > 0) return curves;
  throw new LabError(
    "was not trained here with these settings",
    `Run it: ${commandLine("run", run, ...profileWords(options))}`,
    { subject: run },
  );
}
