import type { Command } from "commander";
import { placeOf } from "../config/places";
import { LabError, required } from "../core/errors";
import { silent } from "../core/progress";
import { EXPERIMENTS, experimentNamed } from "../experiments";
import { openDataset } from "../lab/datasets";
import { differingSettings, keptFolder, readKept, type Kept } from "../lab/kept";
import { experimentIn } from "../lab/provenance";
import { compareMeasurements } from "../report/compare";
import type { MeasuredColumn } from "../report/pivot";
import { STANDARD_COLUMNS } from "../report/standard";
import { toText } from "../report/table/text";
import { commandLine } from "./again";
import { addProfileOptions, profileWords, readProfile, type ProfileArguments } from "./options";

/** `fine-r1 compare A B`. */
export function addCompareCommand(program: Command): void {
  addProfileOptions(
    program
      .command("compare")
      .description("two runs of an experiment beside each other, method by method, in the columns of its own table")
      .argument("<a>", "a folder with measurements.json, or record:EXPERIMENT, or mine:EXPERIMENT")
      .argument("<b>", "the other one, which counts as the record"),
  ).action(compare);
}

/** One of the two runs. */
interface Side extends Kept {
  readonly name: string;
  readonly folder: string;
}

async function compare(a: string, b: string, options: ProfileArguments): Promise<void> {
  const [ours, theirs] = [open(a, options), open(b, options)];
  const seeds = [...new Set(ours.made.map(({ seed }) => seed))].filter((seed) =>
    theirs.made.some((m) => m.seed === seed),
  );
  const names = [...new Set(ours.made.map(({ method }) => method))];
  const processor = ({ made }: Kept): string => [...new Set(made.map((by) => by.processor))].join(" and ");
  const { columns, sentences } = await columnsOf(ours, theirs);
  const compared = seeds.flatMap((seed) => {
    const found = compareMeasurements(
      ours.measurements.filter((one) => one.seed === seed),
      theirs.measurements.filter((one) => one.seed === seed),
      {
        methods: names.map((name) => ({ name, title: name })),
        columns,
        processors: { here: processor(ours), recorded: processor(theirs) },
        sides: [a, b],
        provenance: { seed: String(seed) },
      },
    );
    if (found === undefined) return [];
    return columns.length === 0 ? [`Seed ${seed}. ${found.sentence}`] : [`${toText(found.table)}\n\n${found.sentence}`];
  });
  if (compared.length === 0)
    throw new LabError("have no method and seed in common", "Compare runs of one experiment.", {
      subject: `${a} and ${b}`,
    });
  const keys = differingSettings(ours.settings, theirs.settings);
  const other = keys.length === 0 ? [] : [`They were made with other settings: ${keys.join(", ")}.`];
  console.log([...compared, ...sentences, ...other].join("\n\n"));
}

/** The columns that both have numbers for, of the first one's own table, and what is to be said of those that only one has. */
async function columnsOf(ours: Side, theirs: Side): Promise<{ columns: MeasuredColumn[]; sentences: string[] }> {
  const own = await tableOf(ours);
  const has = ({ measurements }: Side, { setting, metric }: MeasuredColumn): boolean =>
    measurements.some((one) => one.setting === setting && one.metric === metric);
  const measured = (own ?? STANDARD_COLUMNS).map((column) => {
    return { column, by: [ours, theirs].filter((side) => has(side, column)) };
  });
  const columns = measured.flatMap(({ column, by }) => (by.length === 2 ? [column] : []));
  const lone = measured.flatMap(({ column: { group, title, metric }, by: [side, other] }) =>
    side === undefined || other !== undefined ? [] : [`${group ?? title ?? metric} (${side.name})`],
  );
  const sentences = [
    ...(own === undefined
      ? ["In the columns of most experiments: what lays out a table of their own is not here."]
      : []),
    ...(columns.length === 0 ? ["No column can be shown; the verdict is over all numbers that both have."] : []),
    ...(lone.length === 0 ? [] : [`Not compared, since only one of the two has it: ${[...new Set(lone)].join("; ")}.`]),
  ];
  return { columns, sentences };
}

/** The columns of a run's own table; `undefined` where its experiment, or the dataset that the table follows, is not here. */
async function tableOf({ folder, measurements }: Side): Promise<readonly MeasuredColumn[] | undefined> {
  const run = experimentIn(folder);
  const table = EXPERIMENTS.find(({ id }) => id === run?.experiment)?.tables[0];
  if (run === undefined || table === undefined) return undefined;
  const dataset = await openDataset(run.dataset, { progress: silent }).catch((error: unknown) => {
    if (error instanceof LabError) return undefined;
    throw error;
  });
  return dataset && table.layout(dataset, measurements)?.columns;
}

function open(name: string, options: ProfileArguments): Side {
  const [kind, id = ""] = name.split(":");
  const folder =
    kind === "record" || kind === "mine"
      ? keptFolder(experimentNamed(id).id, readProfile(options).name, kind === "mine" ? "report" : "record")
      : name;
  const kept = required(readKept(folder), () => {
    const words = profileWords(options);
    const remedy =
      kind === "mine"
        ? `Run it first: ${commandLine("run", id, ...words)}`
        : kind === "record"
          ? `Nothing was recorded with this profile; fine-r1 list says what was.`
          : "Give a folder that a run wrote, or record:quickstart, or mine:quickstart.";
    return new LabError("holds no measurements", remedy, { subject: placeOf(folder) });
  });
  return { ...kept, name, folder };
}
