import type { Command } from "commander";
import { placeOf } from "../config/places";
import { measure } from "../eval/measure";
import { chainMetrics, METRICS, metricNamed, SETTINGS } from "../eval/metrics";
import { keptFolder } from "../lab/kept";
import { methodTable, type MeasuredColumn } from "../report/pivot";
import { exportTable } from "../report/table/export";
import { toText } from "../report/table/text";
import { openAnswered, type AnsweredArguments } from "./answered";
import { addProfileOptions, addRowsOption, readNames } from "./options";

interface ScoreArguments extends AnsweredArguments {
  readonly metrics: string;
}

/** What is measured unless told otherwise. */
const USUAL = ["accuracy", "choice", "exact", "wellFormed", "cut"];

/** `fine-r1 score <experiment>`. */
export function addScoreCommand(program: Command): void {
  const command = program
    .command("score")
    .description("measure the answers that are in runs/store again, by any metric; nothing is asked anew")
    .argument("<experiment>", "whose answers; fine-r1 list shows them");
  addRowsOption(addProfileOptions(command))
    .option("--metrics <names>", "metrics, separated by commas", USUAL.join(","))
    .option("--seeds <list>", "seeds of training, such as 3 or 1-5")
    .addHelpText(
      "after",
      `
Metrics:
${METRICS.filter(({ name }) => name !== "similarity")
  .map(({ name, help }) => `  ${name.padEnd(14)}${help}`)
  .join("\n")}
and those of chains, where the dataset can judge them: chain:right, chain:malformed, …, faithful. SS_rel needs an encoder
of texts: a run measures it.

  $ npx fine-r1 score quickstart --metrics firstPosition,truthFirst,cut`,
    )
    .action(scoreKept);
}

async function scoreKept(id: string, options: ScoreArguments): Promise<void> {
  const { experiment, lab, asked, missing } = await openAnswered(id, options);
  const { profile } = lab;
  const { chains, subCategories, name: dataset } = lab.dataset;
  const known = [...METRICS, ...(chains === undefined ? [] : chainMetrics(chains))];
  const { superCategory } = profile.evaluation;
  // SS_rel is told by an encoder and kept apart from the answers: a run measures it
  const all = known.filter(({ name }) => name !== "similarity");
  const metrics = readNames(options.metrics).map((name) => metricNamed(name, all));
  const measurements = asked.flatMap(({ key, setting, thinking, answers }) => {
    const context = { thinking, classes: subCategories, superCategory };
    return measure(answers, { method: key, seed: 0, dataset, setting, metrics, context });
  });
  const columns = SETTINGS.flatMap((setting) =>
    metrics.map(({ name, title }): MeasuredColumn => ({
      ...{ setting, metric: name, title, group: `${setting} questions` },
    })),
  );
  const measured = columns.filter((column) =>
    measurements.some(({ metric, setting }) => metric === column.metric && setting === column.setting),
  );
  const methods = [...new Map(asked.map(({ key, title }) => [key, { name: key, title }])).values()];
  const table = methodTable(measurements, {
    caption: `${experiment.title}: kept answers, measured again, %`,
    methods,
    splitRows: ["seen", "unseen"],
    columns: measured,
    notes: [
      "Mean over the domains, 95 % intervals over test items.",
      ...(missing.length === 0 ? [] : [`Left out: ${missing.join("; ")}.`]),
    ],
    provenance: { experiment: id, profile: profile.name, dataset },
  });
  const files = exportTable(table, keptFolder(id, profile.name, "report"), "score");
  console.log(`${toText(table)}\n\n${files.map(placeOf).join("\n")}`);
}
