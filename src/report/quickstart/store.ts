import * as fs from "node:fs";
import * as path from "node:path";
import { z } from "zod";
import type { ChainErrorRow } from "../../analysis/chainErrors";
import { placeOf } from "../../config/places";
import { readStored } from "../../config/stored";
import { removeQuietly, writeJson } from "../../core/files";
import { CHAIN_STAGES } from "../../miniworld/chainMarks";
import { METRICS, type SplitScores, type TableScores } from "../../eval/aggregate";
import type { Score } from "../../eval/intervals";
import { readRunRecord, type RecordedRun } from "../../lab/provenance";
import { QUICKSTART_ROWS, type QuickstartRow } from "../../experiments/quickstart";

/** The numbers of a quickstart as they are kept in files. */
export interface StoredQuickstart {
  readonly rows: readonly QuickstartRow[];
  readonly chainErrors: readonly ChainErrorRow[];
}

/** A finished report or record: its numbers, and the run that made them. */
export interface StoredReport extends StoredQuickstart {
  readonly folder: string;
  readonly run: RecordedRun;
}

const VERSION = 1;
const ROWS = "rows.json";
const RUN = "run.json";

const score: z.ZodType<Score> = z.object({ value: z.number(), low: z.number(), high: z.number(), n: z.number() });
const split: z.ZodType<SplitScores> = z.object({
  domains: z.record(z.string(), score).transform((domains) => new Map(Object.entries(domains))),
  average: score,
});
const scores: z.ZodType<TableScores> = z.object({
  metric: z.enum(METRICS),
  seen: split.nullable(),
  unseen: split.nullable(),
  average: score,
});
const choice: z.ZodType<NonNullable<QuickstartRow["choice"]>> = z.object({
  items: z.number(),
  nested: z.number(),
  wrongCounted: z.number(),
  differ: z.number(),
  seen: z.number().nullable(),
  unseen: z.number().nullable(),
});
const row: z.ZodType<QuickstartRow> = z.object({
  name: z.enum(QUICKSTART_ROWS),
  closed: scores,
  choice: z.exactOptional(choice),
  open: scores.nullable(),
  openSimilarity: scores.nullable(),
  wellFormed: score.nullable(),
  seenNames: score.nullable(),
  checkpoint: z.string().nullable(),
});
const perStage = z.record(z.enum(CHAIN_STAGES), z.number());
const chainErrorRow: z.ZodType<ChainErrorRow> = z.object({
  method: z.enum(QUICKSTART_ROWS),
  split: z.enum(["seen", "unseen"]),
  items: z.number(),
  counts: perStage,
  shares: perStage,
  rightChains: z.exactOptional(z.number()),
  analysisRight: z.number(),
  seenNames: z.number(),
});
const storedSchema: z.ZodType<StoredQuickstart> = z
  .object({ version: z.literal(VERSION), rows: z.array(row), chainErrors: z.array(chainErrorRow) })
  .transform(({ rows, chainErrors }) => ({ rows, chainErrors }));

/** Writes the numbers as JSON, atomically. */
export function saveQuickstart(file: string, { rows, chainErrors }: StoredQuickstart): void {
  writeJson(file, { version: VERSION, rows: rows.map(plainRow), chainErrors });
}

/** Reads what `saveQuickstart` wrote. @throws LabError that names the file and what is wrong with it */
export function readQuickstart(file: string): StoredQuickstart {
  return readStored(file, storedSchema, "file of a quickstart's rows", "Remove it and run again.");
}

/**
 * Writes a report's numbers. Its run record, which makes it whole, is written last, by `finishReport`; until then there is
 * no report in the folder, so that rows never stand beside the record of another run.
 */
export function beginReport(folder: string, stored: StoredQuickstart): string {
  removeQuietly(path.join(folder, RUN));
  const file = path.join(folder, ROWS);
  saveQuickstart(file, stored);
  return file;
}

/** Writes the run record of a report. */
export function finishReport(folder: string, record: unknown): string {
  const file = path.join(folder, RUN);
  writeJson(file, record);
  return file;
}

/** The finished report, or record, of a folder; `undefined` where there is none. */
export function readReport(folder: string): StoredReport | undefined {
  const files = [path.join(folder, ROWS), path.join(folder, RUN)] as const;
  if (!files.every((file) => fs.existsSync(file))) return undefined;
  return { folder, ...readQuickstart(files[0]), run: readRunRecord(files[1]) };
}

/** Says of a report that its rows are not shown. @param keys those in which its settings differ */
export function leftOutSentence({ folder }: StoredReport, keys: readonly string[]): string {
  return `Left out: the rows of ${placeOf(folder)}, made with other settings (${keys.join(", ")}).`;
}

/** A row as JSON keeps it. */
export function plainRow(of: QuickstartRow) {
  return {
    ...of,
    closed: plainScores(of.closed),
    open: of.open && plainScores(of.open),
    openSimilarity: of.openSimilarity && plainScores(of.openSimilarity),
  };
}

function plainScores(of: TableScores) {
  const plain = (s: SplitScores | null) => s && { ...s, domains: Object.fromEntries(s.domains) };
  return { ...of, seen: plain(of.seen), unseen: plain(of.unseen) };
}
