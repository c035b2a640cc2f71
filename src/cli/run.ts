import * as path from "node:path";
import { Argument, Option, type Command } from "commander";
import { ROOT } from "../config/load";
import { loadBackend, requireTraining } from "../core/backend";
import { LabError } from "../core/errors";
import { requireWritable } from "../core/files";
import { openLab } from "../experiments/lab";
import { loadProfile, type Profile } from "../experiments/profile";
import { startRun } from "../experiments/provenance";
import { digest, forgetStages } from "../experiments/stage";
import { needTraining, quickstart, QUICKSTART_ROWS, type QuickstartRowName } from "../experiments/quickstart";
import { weightsFile } from "../experiments/training";
import { terminalProgress } from "../report/display/terminal";
import { publishQuickstart, quickstartFolder } from "../report/quickstart/publish";
import { toText } from "../report/table/text";

interface RunArguments {
  readonly profile: string;
  readonly all?: boolean;
  readonly rows?: string;
  readonly seed?: string;
  readonly fresh?: boolean;
  readonly set: Readonly<Record<string, unknown>>;
}

/** What `npm start` trains in six minutes; the other rows are shown from results/. */
const FAST_ROWS: readonly QuickstartRowName[] = ["cot-sft", "tapo"];

/** `fine-r1 run <experiment>`. */
export function addRunCommand(program: Command): void {
  program
    .command("run")
    .description("run an experiment: train, evaluate, write tables and figures to results/")
    .addArgument(new Argument("<experiment>", "what to run").choices(["quickstart"]))
    .addOption(new Option("-p, --profile <name>", "sizes: a file of configs/profiles").default("mini"))
    .option("--all", "train every row, not only CoT SFT and TAPO")
    .option("--rows <names>", `rows to make, separated by commas: ${QUICKSTART_ROWS.join(", ")}`)
    .option("--seed <n>", "seed of every training stage; run several for intervals over seeds")
    .option("--fresh", "make every stage anew, whatever is in runs/")
    .option("--set <key=value>", "replace a profile key, for example --set rl.options.n1=8 (repeatable)", collect, {})
    .addHelpText(
      "after",
      `
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
  const profile = variant(seeded(loadProfile(options.profile, options.set), options.seed), options);
  const rows = chosenRows(options);
  requireWritable(quickstartFolder(profile)); // asked before the training, not after it
  await (needTraining(rows) ? requireTraining() : loadBackend());
  const inputs = [profile.base, profile.dualEncoder].map(weightsFile);
  const run = await startRun({
    experiment: "quickstart",
    profile: profile.name,
    config: portable(profile),
    seeds: { seed: profile.seed },
    inputs,
  });
  const lab = openLab("quickstart", profile, { progress: terminalProgress() });
  if (options.fresh === true) forgetStages(lab.folder);
  const result = await quickstart(lab, rows);
  const { table, chains, files } = await publishQuickstart(profile, result, run);
  console.log(`\n${toText(table)}\n\n${toText(chains)}\n`);
  console.log(
    `Tables, figures and the run record:\n${files.map((file) => `  ${path.relative(process.cwd(), file)}`).join("\n")}`,
  );
  console.log(
    `\nThis is one seed (${profile.seed}). More: npx fine-r1 run quickstart --seed 2 (3, …), each in a folder of results/ of its own; then npx fine-r1 seeds.` +
      `\nOpen the notebooks: npm run lab`,
  );
}

function chosenRows(options: RunArguments): readonly QuickstartRowName[] {
  if (options.all === true) return QUICKSTART_ROWS;
  if (options.rows === undefined) return FAST_ROWS;
  return options.rows.split(",").map((name) => {
    const known = QUICKSTART_ROWS.find((row) => row === name.trim());
    if (known === undefined)
      throw new LabError(`there is no row "${name}"`, `Choose from ${QUICKSTART_ROWS.join(", ")}.`);
    return known;
  });
}

/** A run with its own seed or settings has folders of its own: rows of different settings never share a table. */
function variant(profile: Profile, { seed, set }: RunArguments): Profile {
  const settings = Object.keys(set).length === 0 ? [] : [`set-${digest(set).slice(0, 6)}`];
  const parts = [profile.name, ...(seed === undefined ? [] : [`seed${seed}`]), ...settings];
  return { ...profile, name: parts.join("-") };
}

/** The profile with another seed for every stage. */
function seeded(profile: Profile, seed: string | undefined): Profile {
  if (seed === undefined) return profile;
  const value = Number(seed);
  if (!/^\d+$/.test(seed) || !Number.isSafeInteger(value))
    throw new LabError(`"${seed}" is no seed`, "Give a whole number from 0 on.");
  return {
    ...profile,
    seed: value,
    sftCot: { ...profile.sftCot, seed: value },
    sftLabels: { ...profile.sftLabels, seed: value },
    rl: { ...profile.rl, options: { ...profile.rl.options, seed: value } },
  };
}

function collect(text: string, before: Record<string, unknown>): Record<string, unknown> {
  const at = text.indexOf("=");
  if (at < 1) throw new LabError(`"${text}" is not of the form key=value`, "For example: --set rl.options.n1=8");
  const raw = text.slice(at + 1);
  let value: unknown = raw;
  try {
    value = JSON.parse(raw);
  } catch {
    // a bare word is a text
  }
  return { ...before, [text.slice(0, at)]: value };
}

/** The profile as its file states it: folders from the project's root, so that a record reads alike on every machine. */
function portable(profile: Profile): Profile {
  const inProject = (folder: string): string => path.relative(ROOT, folder).split(path.sep).join("/");
  return { ...profile, base: inProject(profile.base), dualEncoder: inProject(profile.dualEncoder) };
}
