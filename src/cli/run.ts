import * as path from "node:path";
import { Option, type Command } from "commander";
import { placeOf } from "../config/places";
import { LabError } from "../core/errors";
import { silent } from "../core/progress";
import { experimentNamed } from "../experiments";
import { rowsLeftOut, type Experiment } from "../lab/experiment";
import { requireFit, wordingWarnings } from "../lab/fit";
import { labOf } from "../lab/lab";
import { describedStages } from "../lab/lacking";
import { requireReady } from "../lab/make";
import { absentFrom, requireBuilt } from "../lab/missing";
import { beginRun, publish, type Published } from "../lab/publish";
import { readSeeds } from "../lab/parameters";
import { workOf } from "../lab/stage";
import { makeMethods, planRun, requireRows, stagesOf } from "../lab/run";
import { toText } from "../report/table/text";
import { forget } from "../store/store";
import { commandLine } from "./again";
import { makeBases } from "./base";
import { showLacking, showPlan } from "./dryRun";
import { addExecutorOptions, requireEngine, requireExecutor, withHands } from "./executor";
import { addProfileOptions, methodsAsked, methodWords, overrides, profileWords, readProfile, rowWords, withRows } from "./options"; // prettier-ignore
import { destinationOf, requirePlaces, runMany, showTeachers, type RunArguments } from "./runMany";
import { begunAnew, stoppable } from "./stop";
import { addWorkersOption } from "./workers";

/** `fine-r1 run`: an experiment, several, or all. */
export function addRunCommand(program: Command): void {
  const command = program
    .command("run")
    .description("run an experiment: train, ask, measure, write tables and figures, compare with the record")
    .argument("[experiments...]", "what to run; fine-r1 list shows them; with --all alone every one");
  addExecutorOptions(addWorkersOption(addProfileOptions(command)))
    .addOption(new Option("--all", "make every method, not only the usual ones").conflicts("only"))
    .addOption(
      new Option(
        "--profiles <names>",
        "several profiles, separated by commas, as one run, with as many seeds as each record needs",
      ).conflicts("profile"),
    )
    .option("--only <names>", "methods to make, separated by commas")
    .option(
      "--rows <names>",
      "published models to ask, separated by commas (fine-r1 models), and with no --only these alone",
    )
    .option("--seeds <list>", "seeds of training, such as 3 or 1-5; several give means and intervals over seeds")
    .option("--with-bases", "first build the bases that are not there: on two cores the better part of an hour each")
    .option("--fresh", "make every stage of this run anew, whatever is in runs/store, if all that it needs is there")
    .option("--record", "write results/, the record that other runs are compared with, instead of runs/")
    .option("--dry-run", "show what would be made, and what is there already")
    .addHelpText(
      "after",
      `
Tables, figures and the run record go to runs/<experiment>/<profile>. Where results/ has a record with the same settings,
the methods that were not made are shown from it, and the run ends with a comparison. Nothing but --record changes results/.

Every stage is kept in runs/store, for all experiments, and is not made again while its inputs stay the same; an
interrupted run goes on where it stopped when the same command is given again.

Several experiments are one piece of work: each stage is made once, as many side by side as there are workers, with as many
seeds as each record needs; the tables of each are written as soon as it is done, and where one fails the others go on.

  $ npx fine-r1 run quickstart --all
  $ npx fine-r1 run quickstart --only cot-sft,tapo --seeds 1-3
  $ npx fine-r1 run quickstart --set rl.n1=8 --set rl.n2=2 --dry-run
  $ npx fine-r1 run closed-world --rows siglip-l         a published model as a row of its own (fine-r1 models)
  $ npx fine-r1 run --all --dry-run                  every experiment, every method: what there is and what it would take
  $ npx fine-r1 run training-methods --all --profiles mini,mini-2,mini-3
  $ npx fine-r1 run ratio --executor ray --address http://head:8265     the same on a Ray cluster (docs/ray.md)`,
    )
    .action((ids: readonly string[], options: RunArguments) => {
      requireExecutor(options);
      const [id, another] = ids;
      if (id !== undefined && another === undefined && options.profiles === undefined)
        return run(experimentNamed(id), options);
      if (id === undefined && options.all !== true)
        throw new LabError(
          "no experiment is named",
          "Name one, or give --all for every one. fine-r1 list shows them, and fine-r1 run --help the options.",
        );
      return runMany(ids, options);
    });
}

async function run(experiment: Experiment, options: RunArguments): Promise<void> {
  const profile = withRows(readProfile(options), options);
  const seeds = options.seeds === undefined ? [profile.seed] : readSeeds(options.seeds);
  const only = methodsAsked(options);
  const watched = options.dryRun === true ? undefined : stoppable();
  const described = await describedStages(profile, [experiment], { seeds, only }, watched);
  await requireFit(described); // first: what is not fit need not be got
  const warn = () => {
    for (const warning of wordingWarnings(described)) console.log(warning);
  };
  if (options.dryRun === true && (await showLacking(profile, [experiment], { seeds, only, fresh: options.fresh }))) {
    const words = [methodWords(options), seedWords(options), profileWords(options)];
    console.log(`\nWhat it takes: ${commandLine("plan", experiment.id, ...words)}`);
    warn();
    return;
  }
  const destination = destinationOf(options);
  if (watched !== undefined) {
    if (options.withBases === true) {
      requirePlaces(experiment, profile, destination);
      await makeBases(absentFrom(described, profile.dataset), options, watched);
    }
    requireBuilt(absentFrom(described, profile.dataset));
  }
  // not every method needs all that a profile names
  const lab = await labOf(profile, { ...(watched ?? { progress: silent }), models: "there" });
  const plan = planRun(lab, experiment, { seeds, only });
  requireRows(lab, experiment, plan);
  await requireReady(lab, stagesOf(plan), options);
  if (options.dryRun === true) {
    showPlan(lab, plan);
    warn();
    for (const sentence of rowsLeftOut(experiment, lab)) console.log(sentence);
    return;
  }
  requirePlaces(experiment, profile, destination);
  warn();
  await requireEngine(stagesOf(plan), options);
  const record = beginRun(lab, experiment, seeds, plan);
  const published = await withHands(options, async (hands) => {
    if (options.fresh === true) {
      await forget(lab, stagesOf(plan).map(workOf));
      begunAnew();
    }
    const shared = { ...lab, ...hands };
    const made = await makeMethods(shared, experiment, plan);
    return publish(shared, experiment, made, record, { destination, set: overrides(options.set) });
  });
  showTeachers(lab, plan);
  const trained = plan.filter(({ training, seed }) => training !== undefined && seed === profile.seed).at(-1)
    ?.method.name;
  showEnd(published, experiment, { ...options, trained }, seeds);
}

interface Ended extends RunArguments {
  /** The last method that was trained with the profile's seed, whose models are exported. */
  readonly trained: string | undefined;
}

function showEnd(published: Published, experiment: Experiment, options: Ended, seeds: readonly number[]): void {
  const { tables, comparison, sentences, files, folder } = published;
  for (const shown of [...tables.values(), ...(comparison === undefined ? [] : [comparison.table])]) {
    console.log(`\n${toText(shown)}`);
  }
  const next = String(Math.max(...seeds) + 1);
  console.log(`
${sentences.join("\n")}

Tables, figures and the run record lie in ${placeOf(folder)}:
  ${grouped(files).join("  ")}

${exportLine(experiment, options)}Another seed: ${commandLine("run", experiment.id, methodWords(options), profileWords(options), "--seeds", next, options.record === true ? ["--record"] : [])}
The same tables again: ${commandLine("show", experiment.id, options.record === true ? [] : ["--mine"], rowWords(options), profileWords(options))}
Open the notebooks: npm run lab
All results in a browser: npm run report${options.record === true ? "" : " -- --mine"}`);
}

function exportLine({ id }: Experiment, options: Ended): string {
  if (options.trained === undefined) return "";
  const words = ["--method", options.trained, ...profileWords(options), "--out", "my-model"];
  return `A trained model for other programs: ${commandLine("export", id, words)}\n`;
}

function seedWords({ seeds }: RunArguments): string[] {
  return seeds === undefined ? [] : ["--seeds", seeds];
}

/** File names, those that differ only in their ending together: table.{csv,md}. */
function grouped(files: readonly string[]): string[] {
  const endings = new Map<string, string[]>();
  for (const { name, ext } of files.map((file) => path.parse(file))) {
    endings.set(name, [...(endings.get(name) ?? []), ext.slice(1)]);
  }
  return [...endings].map(([name, all]) => `${name}.${all.length === 1 ? all.join("") : `{${all.join(",")}}`}`);
}
