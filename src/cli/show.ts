import * as fs from "node:fs";
import * as path from "node:path";
import type { Command } from "commander";
import { placeOf } from "../config/places";
import { LabError } from "../core/errors";
import { readText } from "../core/files";
import { silent } from "../core/progress";
import { EXPERIMENTS, experimentNamed } from "../experiments";
import { keptFolder, readKept, type Destination } from "../lab/kept";
import { labOf } from "../lab/lab";
import { layOutAnew } from "../lab/publish";
import { keptFindings } from "../lab/findings";
import { countVerdicts, verdictsIn } from "../report/scorecard";
import { tableFromJson } from "../report/table/json";
import { resultTable, textColumn } from "../report/table/table";
import { toText } from "../report/table/text";
import { commandLine } from "./again";
import { terminalText } from "./terminalText";
import { addProfileOptions, addRowsOption, profileWords, readProfile, rowWords, withRows, type ProfileArguments, type RowsArguments } from "./options"; // prettier-ignore

/** `fine-r1 list` and `fine-r1 show <experiment>`: what there is, without making anything. */
export function addShowCommands(program: Command): void {
  addProfileOptions(
    program.command("list").description("the experiments, what each asks, and what was recorded of it"),
  ).action((options: ProfileArguments) => {
    const profile = readProfile(options);
    const made = (id: string, destination: Destination): string => {
      const kept = readKept(keptFolder(id, profile.name, destination));
      if (kept === undefined) return "–";
      const seeds = new Set(kept.made.map(({ seed }) => seed));
      const methods = new Set(kept.made.map(({ method }) => method));
      return `${methods.size} ${methods.size === 1 ? "method" : "methods"}, ${seeds.size === 1 ? "1 seed" : `${seeds.size} seeds`}`;
    };
    const table = resultTable({
      caption: `Experiments (profile ${profile.name})`,
      columns: [
        textColumn("experiment", "Experiment"),
        textColumn("claim", "Claim"),
        textColumn("verdicts", "Verdicts"),
        textColumn("recorded", "Recorded"),
        textColumn("mine", "Made here"),
      ],
      rows: EXPERIMENTS.map(({ id, claim }) => ({
        experiment: id,
        claim,
        verdicts: recordedVerdicts(id, profile.name),
        recorded: made(id, "record"),
        mine: made(id, "report"),
      })),
    });
    console.log(terminalText(table));
  });
  const command = program
    .command("show")
    .description("the tables of an experiment as recorded, or as made here")
    .argument("<experiment>");
  addRowsOption(addProfileOptions(command))
    .option("--mine", "what was made here (runs/) instead of the record (results/)")
    .option("--write", "write them and the figures anew from the measurements, by today's code; nothing is made again")
    .action((id: string, options: ShowArguments) => show(id, options));
}

/** How the claims of an experiment fare by its recorded table of them: "1 reproduced, 2 not reproduced"; `null` where there is none. */
function recordedVerdicts(id: string, profile: string): string | null {
  const file = path.join(keptFolder(id, profile, "record"), "claims.json");
  return fs.existsSync(file) ? countVerdicts(verdictsIn(tableFromJson(readText(file), placeOf(file)))) : null;
}

interface ShowArguments extends ProfileArguments, RowsArguments {
  readonly mine?: boolean;
  readonly write?: boolean;
}

async function show(id: string, options: ShowArguments): Promise<void> {
  const experiment = experimentNamed(id);
  const profile = withRows(readProfile(options), options);
  const destination = options.mine === true ? "report" : "record";
  const folder = keptFolder(id, profile.name, destination);
  const kept = readKept(folder);
  if (kept === undefined) {
    const mine = readKept(keptFolder(id, profile.name, "report")) !== undefined && options.mine !== true;
    const remedy = mine
      ? "See what was made here: add --mine."
      : `Make it: ${commandLine("run", id, ...rowWords(options), ...profileWords(options))}`;
    throw new LabError("holds no tables", remedy, { subject: placeOf(folder) });
  }
  // whether rows are of today can be told of those alone whose models are there: before they are written anew, all must be
  const models = options.write === true && options.rows === undefined ? "all" : "recalled";
  const lab = await labOf(profile, { progress: silent, models });
  const written = options.write === true ? await layOutAnew(lab, experiment, destination) : undefined;
  const { tables, sentences } = written ?? keptFindings(lab, experiment, kept);
  for (const table of tables.values()) console.log(`\n${toText(table)}`);
  console.log(`\n${sentences.join("\n")}`);
  if (written !== undefined) console.log(`\nWritten anew: ${written.files.length} files in ${placeOf(folder)}.`);
}
