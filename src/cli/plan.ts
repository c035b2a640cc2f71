import * as path from "node:path";
import { Option, type Command } from "commander";
import { placeOf, storeFolder } from "../config/places";
import { LabError, required } from "../core/errors";
import { silent } from "../core/progress";
import { didYouMean } from "../core/similar";
import { experimentNamed } from "../experiments";
import { describedLab } from "../lab/described";
import { lackingFor } from "../lab/lacking";
import { labOf } from "../lab/lab";
import { readSeeds } from "../lab/parameters";
import { machines, type Machine } from "../lab/plan/assumptions";
import { planExperiment, type Plan } from "../lab/plan/plan";
import { sizeOfData } from "../lab/plan/sizes";
import { workOf } from "../lab/stage";
import { exportTable } from "../report/table/export";
import { toText } from "../report/table/text";
import type { ResultTable } from "../report/table/table";
import { findFinished } from "../store/store";
import { addProfileOptions, addRowsOption, collectPairs, keysAndValues, methodsAsked, readNames, readProfile, wholeFrom, withRows, type MethodsArguments, type ProfileArguments } from "./options"; // prettier-ignore
import { assumptionsTable, costTable, modelsTable, timeTable, workTable } from "./planTables";

interface PlanArguments extends ProfileArguments, MethodsArguments {
  readonly seeds?: string;
  readonly gpu: string;
  readonly gpus: string;
  readonly efficiency?: string;
  readonly assume: readonly string[];
  readonly price: readonly string[];
  readonly json?: boolean;
  readonly out?: string;
}

/** `fine-r1 plan`. */
export function addPlanCommand(program: Command): void {
  const command = program
    .command("plan")
    .description("what an experiment takes: FLOPs, hours and memory by arithmetic, before anything is downloaded")
    .argument("[experiment]", "fine-r1 list shows them; without one, what the row Fine-R1 of Table 1 takes");
  addRowsOption(addProfileOptions(command))
    .addOption(new Option("--all", "every method, not only the usual ones").conflicts("only"))
    .option("--only <names>", "methods, separated by commas")
    .option("--seeds <list>", "seeds of training, such as 3 or 1-5")
    .option("--gpu <name>", "the GPU of the table of stages: one of configs/plan/machines.yaml", "H100")
    .option("--gpus <counts>", "how many GPUs, separated by commas", "1,4,16")
    .option("--efficiency <share>", "share of the peak that products reach, instead of 0.35")
    .option(
      "--assume <name=value>",
      "another value of an assumption (repeatable); the last table lists them",
      collectPairs,
      [],
    )
    .option(
      "--price <gpu=price>",
      "of an hour of a GPU, in any currency (repeatable), for a column of costs",
      collectPairs,
      [],
    )
    .addOption(new Option("--json", "print the tables as JSON").conflicts("out"))
    .option("-o, --out <folder>", "write each table as csv, json, md and tex")
    .addHelpText(
      "after",
      `
Nothing needs to be there but the profile: what lies on this machine is counted, the rest is taken as published.

  $ npx fine-r1 plan --profile paper
  $ npx fine-r1 plan closed-world --all --profile paper --gpu A6000 --gpus 4
  $ npx fine-r1 plan --profile paper --efficiency 0.5 --price H100=2.5
  $ npx fine-r1 plan quickstart --profile smoke`,
    )
    .action(run);
}

async function run(id: string | undefined, options: PlanArguments): Promise<void> {
  const tables = await tablesOf(id, options);
  if (options.out !== undefined) {
    for (const [name, table] of Object.entries(tables))
      for (const file of exportTable(table, path.resolve(options.out), name)) console.log(placeOf(file));
  } else if (options.json === true) console.log(JSON.stringify(tables, null, 2));
  else for (const table of Object.values(tables)) console.log(`\n${toText(table)}`);
}

async function tablesOf(
  id: string | undefined,
  options: PlanArguments,
): Promise<Readonly<Record<string, ResultTable>>> {
  const profile = withRows(readProfile(options), options);
  const experiment = experimentNamed(id ?? "closed-world");
  const machine = machineNamed(options.gpu);
  const counts = readCounts(options.gpus);
  const prices = readPrices(options.price);
  const data = await sizeOfData(profile.dataset, profile.promptSet);
  const only = methodsAsked(options) ?? (id === undefined ? ["tapo"] : undefined);
  // what took how long stands under the keys of the store, which follow from what is there; a teacher elsewhere is not asked for it
  const whole = profile.cot.teacher === undefined && (await lackingFor(profile, [experiment], { only })).length === 0;
  const lab = whole ? labOf(profile, { progress: silent, models: "there" }) : data.counted ? describedLab(profile) : undefined; // prettier-ignore
  const shorthand = options.efficiency === undefined ? [] : [`efficiency=${options.efficiency}`];
  const plan = planExperiment(profile, experiment, data, {
    ...(options.seeds === undefined ? {} : { seeds: readSeeds(options.seeds) }),
    only,
    assume: numbers([...options.assume, ...shorthand], "assume"),
    lab: await lab,
  });
  return allTables(plan, machine, counts, prices, whole);
}

function allTables(
  plan: Plan,
  machine: Machine,
  counts: readonly number[],
  prices: ReadonlyMap<string, number>,
  kept: boolean,
): Readonly<Record<string, ResultTable>> {
  return {
    models: modelsTable(plan),
    work: workTable(plan, ({ stage }) => (kept ? findFinished(storeFolder(), workOf(stage))?.seconds : undefined)),
    time: timeTable(plan, machine, counts),
    cost: costTable(plan, counts, prices),
    assumptions: assumptionsTable(plan),
  };
}

/** @throws LabError with the names that there are */
function machineNamed(name: string): Machine {
  const names = machines().map((machine) => machine.name);
  return required(
    machines().find((machine) => machine.name.toLowerCase() === name.toLowerCase()),
    () =>
      new LabError(
        `there is no GPU "${name}"`,
        `${didYouMean(name, names)}There are: ${names.join(", ")}. configs/plan/machines.yaml takes more.`,
      ),
  );
}

/** More than anyone has in one place. */
const MOST_GPUS = 100_000;

/** @throws LabError unless they are whole numbers from 1 on */
function readCounts(text: string): number[] {
  return readNames(text).map(wholeFrom(1, MOST_GPUS));
}

/** What an hour of each GPU costs. @throws LabError for a price below 0, and for two of one GPU */
function readPrices(pairs: readonly string[]): Map<string, number> {
  const prices = new Map<string, number>();
  for (const [name, price] of Object.entries(numbers(pairs, "price"))) {
    const machine = machineNamed(name).name;
    if (price < 0) throw new LabError(`the price ${price} of ${machine} is below 0`, "Give what an hour costs.");
    if (prices.has(machine)) throw twice(machine, "price");
    prices.set(machine, price);
  }
  return prices;
}

/** The numbers of `name=value`, in decimal digits. @throws LabError for another value, and for a name that comes twice */
function numbers(pairs: readonly string[], option: string): Record<string, number> {
  const read = keysAndValues(pairs).map(([name, text]): [string, number] => {
    if (/^-?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/iu.test(text) && Number.isFinite(Number(text))) return [name, Number(text)];
    throw new LabError(`"${name}=${text}" is not of the form name=number`, `For example: --${option} ${name}=0.5.`);
  });
  const again = read.find(([name], at) => read.findIndex(([other]) => other === name) < at);
  if (again !== undefined) throw twice(again[0], option);
  return Object.fromEntries(read);
}

function twice(name: string, option: string): LabError {
  return new LabError(`${name} is given twice`, `Give it once: --${option} ${name}=NUMBER.`, {
    subject: `--${option}`,
  });
}
