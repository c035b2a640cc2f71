import * as fs from "node:fs";
import * as path from "node:path";
import { Option, type Command } from "commander";
import { placeOf } from "../config/places";
import { LabError } from "../core/errors";
import { CLAIMS } from "../experiments/claims";
import { VERDICT_RULE, WORLDS_RULE } from "../eval/claims";
import { exportScorecard, requireProfiles, SCORECARD, scorecardFolder, scorecardOf } from "../lab/scorecard";
import { tableFromJson } from "../report/table/json";
import { cellOf, type ResultTable } from "../report/table/table";
import { briefScorecard, countVerdicts, verdictsIn } from "../report/scorecard";
import { readNames } from "./options";
import { terminalText } from "./terminalText";

interface ScorecardArguments {
  readonly profiles: string;
  readonly mine?: boolean;
  readonly record?: boolean;
  readonly brief?: boolean;
}

/** Rows that the brief form shows. */
const FEW = 6;

/** `fine-r1 scorecard`. */
export function addScorecardCommand(program: Command): void {
  program
    .command("scorecard")
    .description("every claim of the paper beside what came out here, with a verdict; from results alone")
    .option("--profiles <names>", "profiles whose results count, a world each", "mini,mini-2,mini-3")
    .option("--mine", "one's own runs (runs/) instead of the record (results/)")
    .option("--record", "write results/scorecard instead of runs/scorecard/PROFILES")
    .addOption(
      new Option("--brief", "the first lines of the recorded scorecard; nothing is computed").conflicts([
        "profiles",
        "mine",
        "record",
      ]),
    ) // prettier-ignore
    .addHelpText(
      "after",
      `
${VERDICT_RULE}

${WORLDS_RULE}

  $ npx fine-r1 scorecard
  $ npx fine-r1 scorecard --profiles smoke --mine`,
    )
    .action(async (options: ScorecardArguments) => {
      if (options.brief === true) brief();
      else await scorecard(options);
    });
}

async function scorecard({ profiles, mine, record }: ScorecardArguments): Promise<void> {
  if (mine === true && record === true) {
    const remedy = "Record the runs first (fine-r1 run EXPERIMENT --record), then give --record without --mine.";
    throw new LabError("--mine and --record: one's own runs are not the record", remedy);
  }
  const [names, from] = [readNames(profiles), mine === true ? "report" : "record"] as const;
  requireProfiles(CLAIMS, names, from);
  const made = scorecardOf(CLAIMS, names, from);
  if (record === true && made.judged.every(({ verdict }) => verdict === "not measured")) {
    const remedy = "Record an experiment first: fine-r1 run EXPERIMENT --record";
    throw new LabError(`nothing is measured under ${names.join(", ")}, and so nothing recorded`, remedy);
  }
  const files = await exportScorecard(made, scorecardFolder(record === true ? "record" : "report", names));
  const plain = { ...made.table, notes: made.table.notes.filter((note) => note !== VERDICT_RULE) };
  console.log(`${VERDICT_RULE}\n\n${terminalText(plain)}\n\n${made.counts}.\n\n${files.map(placeOf).join("\n")}`);
}

/** Shows what is recorded, and nothing where nothing is: it stands at the end of `npm start`. */
function brief(): void {
  const file = path.join(scorecardFolder("record"), `${SCORECARD}.json`);
  if (!fs.existsSync(file)) return;
  const table = tableFromJson(fs.readFileSync(file, "utf8"), placeOf(file));
  const verdicts = verdictsIn(table);
  console.log(`\n${terminalText(firstRows(table))}\n\nAll ${verdicts.length} claims: ${countVerdicts(verdicts)}.
The whole scorecard: npx fine-r1 ${SCORECARD}, or ${placeOf(path.dirname(file))}`);
}

function firstRows(table: ResultTable): ResultTable {
  const brief = briefScorecard(table);
  const measured = brief.rows.filter((row) => cellOf(row, "ours") !== null);
  return { ...brief, rows: (measured.length > 0 ? measured : brief.rows).slice(0, FEW), provenance: {} };
}
