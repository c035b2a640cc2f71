import { LabError } from "../../core/errors";

/** A measured number, with its interval and a mark that one of the table's notes explains. */
export interface Estimate {
  readonly value: number;
  readonly low?: number;
  readonly high?: number;
  readonly mark?: string;
}

/** A text with a mark. */
export interface MarkedText {
  readonly text: string;
  readonly mark: string;
}

/** `null` means not measured. */
export type Cell = string | number | null | Estimate | MarkedText;

/** One row: a cell for each column key; a missing key means `null`. */
export type Row = Readonly<Record<string, Cell>>;

export interface Column {
  /** The name in files: letters, digits and underscores. */
  readonly key: string;
  /** The heading people read. */
  readonly title: string;
  readonly kind: "text" | "number";
  /** A heading above this column and its neighbours of the same group, such as "Unseen classes". */
  readonly group?: string;
  /** Digits after the point, as shown; files keep every digit. Default: 1 for percent, 0 for whole numbers, else 3, or 1 where a value reaches 10. */
  readonly digits?: number;
  /** Values are above 0, however small, as p-values are: what would be shown as 0 is shown as "< 0.001". With "or 0" none may be: a 0 stays. */
  readonly positive?: boolean | "or 0";
  /** Values are fractions; tables, CSV and data frames give them in per cent and say so in the heading. */
  readonly percent?: boolean;
  /**
   * How intervals are shown: `range` as "66.1 [61.2, 70.0]"; `half-width` as "66.1 ± 4.9" or, in a column with an interval
   * whose sides differ in the digits shown, as "66.1 +3.9 −4.9". Default: `half-width` if no interval's sides differ, else `range`.
   */
  readonly interval?: "range" | "half-width";
}

/** A column of words. */
export function textColumn(key: string, title: string): Column {
  return { key, title, kind: "text" };
}

/** A column of numbers. */
export function numberColumn(key: string, title: string, more: Omit<Column, "key" | "title" | "kind"> = {}): Column {
  return { key, title, kind: "number", ...more };
}

/** A table of results: numbers stay numbers until a renderer (`toMarkdown`, `toLatex`, …) shows them. */
export interface ResultTable {
  readonly caption: string;
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
  readonly notes: readonly string[];
  /** What each mark means, such as { "†": "from results/, not trained in this run" }. */
  readonly marks: Readonly<Record<string, string>>;
  /** Where the numbers come from: experiment, profile, seed, commit, … */
  readonly provenance: Readonly<Record<string, string>>;
}

type TableParts = Pick<ResultTable, "caption" | "columns" | "rows"> & Partial<ResultTable>;

/**
 * A checked table. A `LabError` tells of a key that is not a column, a number that is not finite, an interval that does
 * not hold its value, a cell of the wrong kind, or a mark without an explanation.
 */
export function resultTable(spec: TableParts): ResultTable {
  const table: ResultTable = { notes: [], marks: {}, provenance: {}, ...spec };
  checkColumns(table.columns);
  table.rows.forEach((row, index) => {
    checkRow(table, row, index);
  });
  return table;
}

/** A cell's value in a row, `null` where the row has none. */
export function cellOf(row: Row, key: string): Cell {
  return Object.hasOwn(row, key) ? (row[key] ?? null) : null;
}

export function isEstimate(cell: Cell): cell is Estimate {
  return typeof cell === "object" && cell !== null && "value" in cell;
}

/** The number, or the text, or `null`: a cell without interval and mark. */
export function bareValue(cell: Cell): string | number | null {
  if (typeof cell !== "object" || cell === null) return cell;
  return "value" in cell ? cell.value : cell.text;
}

/** Whether tables and files give a column's numbers in per cent. */
export function inPercent({ kind, percent }: Column): boolean {
  return kind === "number" && percent === true;
}

/** The mark of a cell, "" if it has none. */
export function markOf(cell: Cell): string {
  return typeof cell === "object" && cell !== null ? (cell.mark ?? "") : "";
}

/** Suffixes of the file columns that hold what a cell knows beyond its value. */
export const SUFFIX = { percent: "_percent", low: "_low", high: "_high", mark: "_mark" } as const;

function checkColumns(columns: readonly Column[]): void {
  const keys = new Set<string>();
  for (const { key } of columns) {
    const reserved = Object.values(SUFFIX).some((suffix) => key.endsWith(suffix));
    if (!/^[A-Za-z][A-Za-z0-9_]*$/.test(key) || reserved || keys.has(key)) {
      throw new LabError(
        "cannot be a column key",
        "Keys are unique, start with a letter, hold letters, digits and underscores, and do not end in _percent, _low, _high or _mark.",
        { subject: `table column ${JSON.stringify(key)}` },
      );
    }
    keys.add(key);
  }
}

function checkRow(table: ResultTable, row: Row, index: number): void {
  const fail = (key: string, reason: string): never => {
    throw new LabError(reason, "Correct the row.", { subject: `table row ${index + 1}, column ${key}` });
  };
  for (const key of Object.keys(row)) {
    if (!table.columns.some((column) => column.key === key)) fail(key, "the table has no such column");
  }
  for (const column of table.columns) {
    const cell = cellOf(row, column.key);
    const value = bareValue(cell);
    const expected = column.kind === "text" ? "string" : "number";
    if (value !== null && typeof value !== expected) fail(column.key, `holds no ${column.kind}`);
    if (typeof value === "number" && !Number.isFinite(value)) fail(column.key, `${value} is not a finite number`);
    const mark = markOf(cell);
    if (mark !== "" && !Object.hasOwn(table.marks, mark)) fail(column.key, `the mark ${mark} has no explanation`);
    if (isEstimate(cell) && !holdsItsValue(cell)) fail(column.key, "the interval does not hold its value");
  }
}

function holdsItsValue({ value, low, high }: Estimate): boolean {
  if (low === undefined || high === undefined) return low === high;
  return Number.isFinite(low) && Number.isFinite(high) && low <= value && value <= high;
}
