import * as path from "node:path";
import { Argument, Option, type Command } from "commander";
import { placeOf } from "../config/places";
import { loadBackend, requireTraining } from "../core/backend";
import { LabError } from "../core/errors";
import { requireWritable } from "../core/files";
import { didYouMean } from "../core/similar";
import { openLab } from "../lab/lab";
import { loadVariant, type Profile } from "../lab/profile";
import { startRun } from "../lab/provenance";
import { forgetStages } from "../store/stage";
import { needTraining, quickstart, QUICKSTART_ROWS, type QuickstartRowName } from "../experiments/quickstart";
import { publishQuickstart, quickstartFolder, quickstartSpec, type Published } from "../report/quickstart/publish";
import { readReport } from "../report/quickstart/store";
import { toText } from "../report/table/text";
import { commandLine, profileOption } from "./again";
import { stoppable } from "./stop";

interface RunArguments {
  readonly profile: string;
  readonly all?: boolean;
  readonly rows?: string;
  readonly seed?: string;
  readonly fresh?: boolean;
  readonly record?: boolean;
  /** As given: key=value. */
  readonly set: readonly string[];
}

/** What `npm start` trains in six minutes; the other rows are shown from results/. */
const FAST_ROWS: readonly QuickstartRowName[] = ["cot-sft", "tapo"];

/** `fine-r1 run <experiment>`. */
export function addRunCommand(program: Command): void {
  program
    .command("run")
    .description("run an experiment: train, evaluate, write tables and figures, compare with the record")
    .addArgument(new Argument("<experiment>", "what to run").choices(["quickstart"]))
    .addOption(new Option("-p, --profile <name>", "sizes: a file of configs/profiles").default("mini"))
    .addOption(new Option("--all", "train every row, not only CoT SFT and TAPO").conflicts("rows"))
    .option("--rows <names>", `rows to make, separated by commas: ${QUICKSTART_ROWS.join(", ")}`)
    .option("--seed <n>", "seed of every training stage; run several for intervals over seeds")
    .option("--fresh", "make every stage anew, whatever is in runs/")
    .option("--record", "write results/, the record that other runs are compared with, instead of runs/")
    .option("--set <key=value>", "replace a profile key, for example --set rl.options.n1=8 (repeatable)", collect, [])
    .addHelpText(
      "after",
      `
Tables, figures and the run record go to runs/<experiment>/<profile>/report. Where results/ has a record with the same
settings, the rows that were not made are shown from it, and the run ends with a comparison. Nothing but --record
changes results/.

Finished stages are kept in runs/ and are not made again while their inputs stay the same; an interrupted run goes on
where it stopped when the same command is given again. The library's own code is no input: after changing it, give
--fresh once. Runs with --seed or --set have folders of their own.

  $ npx fine-r1 run quickstart --all
  $ npx fine-r1 run quickstart --rows cot-sft,tapo --seed 2
  $ npx fine-r1 run quickstart --set rl.options.n1=8 --set rl.options.n2=2`,
    )
    .action(async (_experiment: string, options: RunArguments) => {
      await runQuickstart(options);
    });
}

async function runQuickstart(options: RunArguments): Promise<void> {
  const profile = variant(options);
  const rows = chosenRows(options);
  const destination = options.record === true ? "record" : "report";
  // asked before the training, not after it
  requireWritable(quickstartFolder(profile, destination));
  readReport(quickstartFolder(profile, "record"));
  await (needTraining(rows) ? requireTraining() : loadBackend());
  const run = startRun(quickstartSpec(profile));
  const lab = openLab("quickstart", profile, stoppable());
  if (options.fresh === true) forgetStages(lab.folder);
  const result = await quickstart(lab, rows);
  showEnd(await publishQuickstart(profile, result, run, destination), profile, options);
}

function showEnd(published: Published, profile: Profile, options: RunArguments): void {
  const { table, chains, comparison, sentences, files } = published;
  for (const shown of [table, chains, ...(comparison === undefined ? [] : [comparison.table])]) {
    console.log(`\n${toText(shown)}`);
  }
  const folder = placeOf(path.dirname(files[0] ?? ""));
  const others =
    options.set.length > 0 ? "" : `\nMeans over seeds: ${commandLine("seeds", profileOption(options.profile))}`;
  console.log(`
${sentences.join("\n")}

Tables, figures and the run record lie in ${folder}:
  ${grouped(files).join("  ")}

Another seed: ${commandLine("run", "quickstart", ...repeated(options), "--seed", String(profile.seed + 1))}${others}
Open the notebooks: npm run lab`);
}

/** File names, those that differ only in their ending together: table.{csv,md}. */
function grouped(files: readonly string[]): string[] {
  const endings = new Map<string, string[]>();
  for (const { name, ext } of files.map((file) => path.parse(file))) {
    endings.set(name, [...(endings.get(name) ?? []), ext.slice(1)]);
  }
  return [...endings].map(([name, all]) => `${name}.${all.length === 1 ? all.join("") : `{${all.join(",")}}`}`);
}

/** The options that a next command must repeat to be about the same thing. */
function repeated(options: RunArguments): string[] {
  const rows = options.all === true ? ["--all"] : options.rows === undefined ? [] : ["--rows", options.rows];
  return [...profileOption(options.profile), ...rows, ...options.set.flatMap((text) => ["--set", text])];
}

function chosenRows(options: RunArguments): readonly QuickstartRowName[] {
  if (options.all === true) return QUICKSTART_ROWS;
  if (options.rows === undefined) return FAST_ROWS;
  return options.rows.split(",").map((text) => {
    const name = text.trim();
    const known = QUICKSTART_ROWS.find((row) => row === name);
    if (known !== undefined) return known;
    throw new LabError(
      `there is no row "${name}"`,
      `${didYouMean(name, QUICKSTART_ROWS)}Choose from ${QUICKSTART_ROWS.join(", ")}.`,
    );
  });
}

/** The profile with the options of the command. */
function variant({ profile, seed, set }: RunArguments): Profile {
  if (seed !== undefined && (!/^\d+$/.test(seed) || !Number.isSafeInteger(Number(seed))))
    throw new LabError(`"${seed}" is no seed`, "Give a whole number from 0 on.");
  return loadVariant(profile, overrides(set), seed === undefined ? undefined : Number(seed));
}

function collect(text: string, before: readonly string[]): string[] {
  if (text.indexOf("=") < 1)
    throw new LabError(`"${text}" is not of the form key=value`, "For example: --set rl.options.n1=8");
  return [...before, text];
}

/** The keys and values of `--set`: JSON, and a bare word is a text. */
function overrides(texts: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    texts.map((text) => {
      const at = text.indexOf("=");
      const [key, raw] = [text.slice(0, at), text.slice(at + 1)];
      try {
        return [key, JSON.parse(raw) as unknown];
      } catch {
        return [key, raw];
      }
    }),
  );
}
