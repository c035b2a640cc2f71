import * as fs from "node:fs";
import * as path from "node:path";
import type { Command } from "commander";
import { placeOf, resultsRoot, runsRoot, storeFolder } from "../config/places";
import { LabError, required } from "../core/errors";
import { isFolder } from "../core/folders";
import { hashFile } from "../core/hash";
import { experimentNamed } from "../experiments";
import { differingSettings, keptFolder, readKept, type Kept } from "../lab/kept";
import { recordedOutputs, RUN_RECORD } from "../lab/provenance";
import { compareMeasurements } from "../report/compare";
import { STANDARD_COLUMNS } from "../report/standard";
import { toText } from "../report/table/text";
import { verifyStore } from "../store/store";
import { commandLine } from "./again";
import { addProfileOptions, profileWords, readProfile, type ProfileArguments } from "./options";
import { stoppable } from "./stop";

/** `fine-r1 compare A B` and `fine-r1 verify`: what was made, held against something else. */
export function addCheckCommands(program: Command): void {
  addProfileOptions(
    program
      .command("compare")
      .description("two runs of an experiment beside each other, method by method")
      .argument("<a>", "a folder with measurements.json, or record:EXPERIMENT, or mine:EXPERIMENT")
      .argument("<b>", "the other one, which counts as the record"),
  ).action(compare);
  program
    .command("verify")
    .description(
      "hash again what was made: every stage in runs/store, every table in runs/ and results/, and say what changed",
    )
    .argument("[folder]", "a store or a folder with run.json; default: all of runs/ and results/")
    .action(verify);
}

function compare(a: string, b: string, options: ProfileArguments): void {
  const [ours, theirs] = [open(a, options), open(b, options)];
  const keys = differingSettings(ours.settings, theirs.settings);
  const seeds = [...new Set(ours.made.map(({ seed }) => seed))].filter((seed) =>
    theirs.made.some((m) => m.seed === seed),
  );
  const names = [...new Set(ours.made.map(({ method }) => method))];
  const processor = ({ made }: Kept): string => [...new Set(made.map((by) => by.processor))].join(" and ");
  const compared = seeds.flatMap((seed) => {
    const found = compareMeasurements(
      ours.measurements.filter((one) => one.seed === seed),
      theirs.measurements.filter((one) => one.seed === seed),
      {
        methods: names.map((name) => ({ name, title: name })),
        columns: STANDARD_COLUMNS,
        processors: { here: processor(ours), recorded: processor(theirs) },
        sides: [a, b],
        provenance: { seed: String(seed) },
      },
    );
    return found === undefined ? [] : [`${toText(found.table)}\n\n${found.sentence}`];
  });
  if (compared.length === 0)
    throw new LabError("have no method and seed in common", "Compare runs of one experiment.", {
      subject: `${a} and ${b}`,
    });
  if (keys.length > 0) compared.push(`They were made with other settings: ${keys.join(", ")}.`);
  console.log(compared.join("\n\n"));
}

function open(name: string, options: ProfileArguments): Kept {
  const [kind, id = ""] = name.split(":");
  const folder =
    kind === "record" || kind === "mine"
      ? keptFolder(experimentNamed(id).id, readProfile(options).name, kind === "mine" ? "report" : "record")
      : name;
  return required(readKept(folder), () => {
    const words = profileWords(options);
    const remedy =
      kind === "mine"
        ? `Run it first: ${commandLine("run", id, ...words)}`
        : kind === "record"
          ? `Nothing was recorded with this profile; fine-r1 list says what was.`
          : "Give a folder that a run wrote, or record:quickstart, or mine:quickstart.";
    return new LabError("holds no measurements", remedy, { subject: placeOf(folder) });
  });
}

async function verify(folder: string | undefined): Promise<void> {
  if (folder !== undefined && !isFolder(folder)) {
    throw new LabError("is no folder", "Give a store, or a folder with run.json.", { subject: folder });
  }
  const watched = stoppable();
  const lines: string[] = [];
  let checked = 0;
  const store = folder ?? storeFolder();
  for (const stage of isStore(store) ? await verifyStore({ store, ...watched }) : []) {
    checked += 1;
    lines.push(...stage.findings.map(({ file, what }) => `${placeOf(file)}: ${what}`));
  }
  const places = folder === undefined ? [runsRoot(), resultsRoot()] : [folder];
  for (const run of places.flatMap(runsIn)) {
    checked += 1;
    for (const { path: file, sha256 } of recordedOutputs(run)) {
      const at = path.join(run, path.posix.basename(file)); // by its name, since folders may be copied
      if (!fs.existsSync(at)) lines.push(`${placeOf(at)}: is gone`);
      else if (hashFile(at) !== sha256) lines.push(`${placeOf(at)}: has changed since it was written`);
    }
  }
  if (folder !== undefined && checked === 0) {
    const remedy = "Give a store (the folder above those of stages), or a folder with run.json.";
    throw new LabError("holds neither stages nor the record of a run", remedy, { subject: folder });
  }
  if (lines.length === 0) {
    console.log(`${checked} stages and records checked: all are as they were written.`);
    return;
  }
  console.log(lines.join("\n"));
  const remedy = "Remove the folders of the stages named, and they are made again; restore records from git.";
  throw new LabError(`${lines.length} of the files of ${checked} stages and records are not what was written`, remedy);
}

/** Whether a folder holds stages. */
function isStore(folder: string): boolean {
  if (!isFolder(folder)) return false;
  return fs.readdirSync(folder).some((name) => fs.existsSync(path.join(folder, name, "stage.json")));
}

/** Every folder with a run's record, a folder itself and those below it. */
function runsIn(folder: string): string[] {
  if (!isFolder(folder)) return [];
  const names = fs.readdirSync(folder, { recursive: true, encoding: "utf8" });
  const records = names.filter((name) => path.basename(name) === RUN_RECORD);
  return records.map((name) => path.join(folder, path.dirname(name)));
}
