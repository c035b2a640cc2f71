import * as path from "node:path";
import { Option, type Command } from "commander";
import { loadProfile } from "../experiments/profile";
import { quickstartFolder } from "../report/quickstart/publish";
import { readSeedRuns, seedTable } from "../report/quickstart/seeds";
import { exportTable } from "../report/table/export";
import { toText } from "../report/table/text";

/** `fine-r1 seeds`. */
export function addSeedsCommand(program: Command): void {
  program
    .command("seeds")
    .description("the quickstart's table over all seeds that were run: means and paired differences")
    .addOption(new Option("-p, --profile <name>", "a file of configs/profiles").default("mini"))
    .addHelpText(
      "after",
      `
Reads results/quickstart/<profile> and the folders <profile>-seed<n> beside it, and writes seeds.csv, .json, .md and .tex.

  $ npx fine-r1 run quickstart --seed 2 --rows cot-sft,dapo,tapo
  $ npx fine-r1 seeds`,
    )
    .action((options: { profile: string }) => {
      const profile = loadProfile(options.profile);
      const folder = quickstartFolder(profile);
      const runs = readSeedRuns(folder);
      const provenance = { experiment: "quickstart", profile: profile.name, world: profile.world };
      const table = seedTable(runs, provenance);
      const files = exportTable(table, folder, "seeds");
      console.log(`\n${toText(table)}\n\n${files.map((file) => path.relative(process.cwd(), file)).join("\n")}`);
    });
}
