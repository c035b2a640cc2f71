import * as path from "node:path";
import type { Command } from "commander";
import { placeOf } from "../config/places";
import { csvText, notFormula } from "../core/csv";
import { words } from "../core/answer";
import { writeFileAtomic } from "../core/files";
import { RECORDS_FILE, writeCotRecords } from "../cot/records";
import { readReleased, type ReleasedRecord } from "../cot/released";
import {
  releasedFindings,
  importReleased,
  RELEASED_FINDINGS,
  type ReleasedFinding,
  type ReleasedFindingKind,
} from "../cot/releasedFindings";
import { openDataset, type OpenDatasetOptions } from "../lab/datasets";
import { numberColumn, resultTable, textColumn, type ResultTable } from "../report/table/table";
import { toText } from "../report/table/text";
import { watched } from "./watched";

const KINDS = Object.keys(RELEASED_FINDINGS) as ReleasedFindingKind[];

interface ChainsOptions {
  readonly dataset?: string;
  readonly out?: string;
}

/** `fine-r1 data chains`. */
export function addChainsCommand(data: Command): void {
  data
    .command("chains")
    .description("check the released chains of thought as our own are checked, and import them")
    .argument("<file>", "the released stage-1 file, Fine-R1-Stage1-data.json")
    .option("-d, --dataset <spec>", "look for the chains' pictures among its training pictures, and import those found")
    .option("-o, --out <folder>", "write findings.csv there, and with --dataset records.jsonl, which stage 1 trains on")
    .action((file: string, options: ChainsOptions) => watched((context) => showChains(file, options, context)));
}

async function showChains(file: string, { dataset: spec, out }: ChainsOptions, context: OpenDatasetOptions) {
  const records = readReleased(file);
  const dataset = spec === undefined ? undefined : await openDataset(spec, context);
  const findings = releasedFindings(records, dataset);
  console.log(`\n${toText(findingsTable(records, findings))}\n${legend(findings)}\n\n${sizesLine(records)}`);
  const imported = dataset === undefined ? [] : importReleased(records, dataset);
  if (dataset !== undefined) {
    console.log(`${imported.length} of ${records.length} chains are about a training picture of ${dataset.name} and have all four stages.`); // prettier-ignore
  }
  if (out === undefined) return;
  const at = path.resolve(out);
  writeFileAtomic(path.join(at, "findings.csv"), findingsCsv(findings));
  if (dataset !== undefined) writeCotRecords(path.join(at, RECORDS_FILE), imported);
  console.log(`Written to ${placeOf(at)}: findings.csv${dataset === undefined ? "" : `, ${RECORDS_FILE}`}.`);
}

/** The release keeps the pictures of each set in a folder of its own. */
function folderOf({ image }: Pick<ReleasedRecord, "image">): string {
  return image.split("/")[0] ?? "";
}

/** How many chains each finding is about, by the folder of their pictures. */
function findingsTable(records: readonly ReleasedRecord[], findings: readonly ReleasedFinding[]): ResultTable {
  const folders = [...new Set(records.map(folderOf))].sort();
  const key = (folder: string): string => `folder${folders.indexOf(folder)}`;
  const count = (among: readonly Pick<ReleasedRecord, "image">[]) => ({
    ...Object.fromEntries(folders.map((folder) => [key(folder), among.filter((one) => folderOf(one) === folder).length])), // prettier-ignore
    all: among.length,
  });
  const flawed = new Set(findings.map(({ image }) => image));
  const rows = KINDS.map((finding) => ({ finding, ...count(findings.filter((one) => one.finding === finding)) }));
  return resultTable({
    caption: "What our own checks find in released chains, by the folder of their pictures",
    columns: [
      textColumn("finding", "finding"),
      ...folders.map((folder) => numberColumn(key(folder), folder)),
      numberColumn("all", "all"),
    ],
    rows: [
      { finding: "chains", ...count(records) },
      ...rows.filter(({ all }) => all > 0),
      { finding: "none of these", ...count(records.filter(({ image }) => !flawed.has(image))) },
    ],
  });
}

/** What each finding of a table means. */
function legend(findings: readonly ReleasedFinding[]): string {
  const found = KINDS.filter((kind) => findings.some(({ finding }) => finding === kind));
  return found.map((kind) => `  ${kind}: ${RELEASED_FINDINGS[kind]}`).join("\n");
}

function sizesLine(records: readonly ReleasedRecord[]): string {
  const lengths = records.map(({ thinking }) => words(thinking).length).sort((a, b) => a - b);
  const mean = lengths.reduce((sum, length) => sum + length, 0) / Math.max(1, lengths.length);
  const answers = new Set(records.map(({ answer }) => answer)).size;
  return `${records.length} chains with ${answers} answers, of ${lengths[0] ?? 0} to ${lengths.at(-1) ?? 0} words (mean ${Math.round(mean)}).`; // prettier-ignore
}

function findingsCsv(findings: readonly ReleasedFinding[]): string {
  const rows = findings.map(({ image, answer, finding, detail }) => [image, answer, finding, detail].map(notFormula));
  return csvText([["image", "answer", "finding", "detail"], ...rows]);
}
