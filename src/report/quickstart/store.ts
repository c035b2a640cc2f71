import * as fs from "node:fs";
import { LabError } from "../../core/errors";
import { readJson, writeJson } from "../../core/files";
import type { ChainErrorRow } from "../../analysis/chainErrors";
import type { SplitScores, TableScores } from "../../eval/aggregate";
import type { Score } from "../../eval/intervals";
import { QUICKSTART_ROWS, type QuickstartRow } from "../../experiments/quickstart";

/** The numbers of a quickstart as they are kept in results/: every row that some run has made. */
export interface StoredQuickstart {
  readonly rows: readonly QuickstartRow[];
  readonly chainErrors: readonly ChainErrorRow[];
}

const VERSION = 1;

/** Adds the rows of a run to those of earlier ones, whose place they take, in the order of the table. */
export function mergeRows(before: StoredQuickstart, made: StoredQuickstart): StoredQuickstart {
  const names = new Set(made.rows.map((row) => row.name));
  const rows = [...made.rows, ...before.rows.filter((row) => !names.has(row.name))];
  const methods = new Set(made.chainErrors.map((row) => row.method));
  return {
    rows: rows.sort((a, b) => QUICKSTART_ROWS.indexOf(a.name) - QUICKSTART_ROWS.indexOf(b.name)),
    chainErrors: [...before.chainErrors.filter((row) => !methods.has(row.method)), ...made.chainErrors].sort(
      (a, b) => place(a.method) - place(b.method),
    ),
  };
}

/** A method's place in the table. */
function place(method: string): number {
  return QUICKSTART_ROWS.findIndex((row) => row === method);
}

/** Writes the numbers as JSON, atomically. */
export function saveQuickstart(file: string, { rows, chainErrors }: StoredQuickstart): void {
  const plain = rows.map((row) => ({
    ...row,
    closed: toPlain(row.closed),
    open: row.open && toPlain(row.open),
    openSimilarity: row.openSimilarity && toPlain(row.openSimilarity),
  }));
  writeJson(file, { version: VERSION, rows: plain, chainErrors });
}

/** Reads what `saveQuickstart` wrote; nothing where there is no file. */
export function readQuickstart(file: string): StoredQuickstart {
  if (!fs.existsSync(file)) return { rows: [], chainErrors: [] };
  const stored = readJson(file) as { version?: number; rows: PlainRow[]; chainErrors: ChainErrorRow[] };
  if (stored.version !== VERSION) {
    throw new LabError(`is of version ${String(stored.version)}, not ${VERSION}`, "Remove it and run again.", {
      subject: file,
    });
  }
  const rows = stored.rows.map((row) => ({
    ...row,
    closed: fromPlain(row.closed),
    open: row.open && fromPlain(row.open),
    openSimilarity: row.openSimilarity && fromPlain(row.openSimilarity),
  }));
  return { rows, chainErrors: stored.chainErrors };
}

interface PlainSplit {
  readonly domains: Readonly<Record<string, Score>>;
  readonly average: Score;
}
type PlainScores = Omit<TableScores, "seen" | "unseen"> & { seen: PlainSplit | null; unseen: PlainSplit | null };
type PlainRow = Omit<QuickstartRow, "closed" | "open" | "openSimilarity"> & {
  closed: PlainScores;
  open: PlainScores | null;
  openSimilarity: PlainScores | null;
};

function toPlain(scores: TableScores): PlainScores {
  const split = (s: SplitScores | null) => s && { ...s, domains: Object.fromEntries(s.domains) };
  return { ...scores, seen: split(scores.seen), unseen: split(scores.unseen) };
}

function fromPlain(scores: PlainScores): TableScores {
  const split = (s: PlainSplit | null) => s && { ...s, domains: new Map(Object.entries(s.domains)) };
  return { ...scores, seen: split(scores.seen), unseen: split(scores.unseen) };
}
