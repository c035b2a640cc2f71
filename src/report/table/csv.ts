import { LabError } from "../../core/errors";
import {
  type Cell,
  type Column,
  type ResultTable,
  type Row,
  SUFFIX,
  bareValue,
  cellOf,
  isEstimate,
  markOf,
} from "./table";

/** A table as plain columns: intervals and marks stand in columns of their own (`key_low`, `key_high`, `key_mark`). */
export interface FlatTable {
  readonly keys: readonly string[];
  readonly rows: readonly (readonly (string | number | null)[])[];
}

/** Spreads intervals and marks over columns of their own, which exist only where some cell has them. */
export function flatten(table: ResultTable): FlatTable {
  const parts = table.columns.flatMap(({ key }) => {
    const cells = table.rows.map((row) => cellOf(row, key));
    const interval = cells.some((cell) => isEstimate(cell) && cell.low !== undefined);
    return [
      { key, take: bareValue },
      ...(interval ? [bound(key, "low"), bound(key, "high")] : []),
      ...(cells.some((cell) => markOf(cell) !== "")
        ? [{ key: key + SUFFIX.mark, take: (cell: Cell) => markOf(cell) || null }]
        : []),
    ].map((part) => ({ ...part, values: cells.map(part.take) }));
  });
  return {
    keys: parts.map((part) => part.key),
    rows: table.rows.map((_, index) => parts.map((part) => part.values[index] ?? null)),
  };
}

/** Comma-separated values (RFC 4180), one heading line, every digit kept; an empty field means not measured. */
export function toCsv(table: ResultTable): string {
  const { keys, rows } = flatten(table);
  return [keys, ...rows].map((row) => `${row.map(csvField).join(",")}\n`).join("");
}

/** The rows of a table that `toCsv` wrote, given its columns. A `LabError` names the line that does not fit. */
export function rowsFromCsv(text: string, columns: readonly Column[]): Row[] {
  const [heading = [], ...lines] = parseCsv(text);
  return lines.map((line, index) => {
    if (line.length !== heading.length) {
      throw new LabError(
        `has ${line.length} fields where the heading has ${heading.length}`,
        "Repair or remove that line.",
        { subject: `csv line ${index + 2}` },
      );
    }
    const field = (key: string): string | null => line[heading.indexOf(key)] ?? null;
    return Object.fromEntries(columns.map((column) => [column.key, cellFrom(column, field)]));
  });
}

/** Splits comma-separated values; a field that is empty and not quoted is `null`. */
export function parseCsv(text: string): (string | null)[][] {
  const rows: (string | null)[][] = [];
  let row: (string | null)[] = [];
  const pattern = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/gy;
  while (pattern.lastIndex < text.length || row.length > 0) {
    const at = pattern.lastIndex;
    const match = pattern.exec(text);
    if (match === null) {
      throw new LabError(`is not valid at character ${at + 1}`, "Repair or remove the file.", { subject: "csv text" });
    }
    const [, quoted, bare = "", end] = match;
    row.push(quoted?.replaceAll('""', '"') ?? (bare === "" ? null : bare));
    if (end === ",") continue;
    rows.push(row);
    row = [];
  }
  return rows;
}

function bound(key: string, side: "low" | "high"): { key: string; take: (cell: Cell) => number | null } {
  return { key: key + SUFFIX[side], take: (cell) => (isEstimate(cell) ? (cell[side] ?? null) : null) };
}

function csvField(value: string | number | null): string {
  if (value === null) return "";
  const text = String(value);
  return text === "" || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function cellFrom(column: Column, field: (key: string) => string | null): Cell {
  const text = field(column.key);
  const mark = field(column.key + SUFFIX.mark);
  if (text === null) return null;
  if (column.kind === "text") return mark === null ? text : { text, mark };
  const low = field(column.key + SUFFIX.low);
  const high = field(column.key + SUFFIX.high);
  if (low === null && mark === null) return Number(text);
  return {
    value: Number(text),
    ...(low === null || high === null ? {} : { low: Number(low), high: Number(high) }),
    ...(mark === null ? {} : { mark }),
  };
}
