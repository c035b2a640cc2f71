import * as fs from "node:fs";
import * as path from "node:path";
import type { Command } from "commander";
import { placeOf, resultsRoot, runsRoot, storeFolder } from "../config/places";
import { LabError } from "../core/errors";
import { isFolder } from "../core/folders";
import { hashFile } from "../core/hash";
import { recordedOutputs, RUN_RECORD } from "../lab/provenance";
import { verifyStore } from "../store/store";
import { stoppable } from "./stop";

/** `fine-r1 verify`: what was made, held against what was written of it. */
export function addVerifyCommand(program: Command): void {
  program
    .command("verify")
    .description(
      "hash again what was made: every stage in runs/store, every table in runs/ and results/, and say what changed",
    )
    .argument("[folder]", "a store or a folder with run.json; default: all of runs/ and results/")
    .action(verify);
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
    lines.push(...findingsIn(run));
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

/** What is not as a run's record says; of a record that is broken, that. */
function findingsIn(run: string): string[] {
  try {
    return recordedOutputs(run).flatMap(({ path: file, sha256 }) => {
      const at = path.join(run, path.posix.basename(file)); // by its name, since folders may be copied
      if (!fs.existsSync(at)) return [`${placeOf(at)}: is gone`];
      return hashFile(at) === sha256 ? [] : [`${placeOf(at)}: has changed since it was written`];
    });
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    return [`${placeOf(error.subject ?? run)}: ${error.reason}`];
  }
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
