import * as path from "node:path";
import { Option, type Command } from "commander";
import { placeOf, resultsRoot, runsRoot } from "../config/places";
import { loadProfile } from "../lab/profile";
import { quickstartFolder, quickstartSettings } from "../report/quickstart/publish";
import { readSeedRuns, seedTable } from "../report/quickstart/seeds";
import { exportTable } from "../report/table/export";
import { toText } from "../report/table/text";
import { commandLine, profileOption } from "./again";

interface SeedsArguments {
  readonly profile: string;
  readonly record?: boolean;
}

/** `fine-r1 seeds`. */
export function addSeedsCommand(program: Command): void {
  program
    .command("seeds")
    .description("the quickstart's table over all seeds that were run: means and paired differences")
    .addOption(new Option("-p, --profile <name>", "a file of configs/profiles").default("mini"))
    .option("--record", "take recorded seeds only, and write the table to results/")
    .addHelpText(
      "after",
      `
Reads the seeds of runs/quickstart and those recorded in results/quickstart. A seed counts once: a row made here goes
before the recorded one, and the table says which are which. Writes seeds.csv, .json, .md and .tex.

  $ npx fine-r1 run quickstart --seed 2 --rows cot-sft,dapo,tapo
  $ npx fine-r1 seeds`,
    )
    .action(showSeeds);
}

function showSeeds({ profile: name, record }: SeedsArguments): void {
  const profile = loadProfile(name);
  const recorded = { record: path.join(resultsRoot(), "quickstart") };
  const places = record === true ? recorded : { ...recorded, own: path.join(runsRoot(), "quickstart") };
  const provenance = { experiment: "quickstart", profile: profile.name, world: profile.world };
  const more = commandLine("run", "quickstart", profileOption(name), "--seed", String(profile.seed + 1));
  const table = seedTable(readSeedRuns(places, profile.name, quickstartSettings(profile)), provenance, more);
  const files = exportTable(table, quickstartFolder(profile, record === true ? "record" : "report"), "seeds");
  console.log(`\n${toText(table)}\n\n${files.map(placeOf).join("\n")}`);
}
