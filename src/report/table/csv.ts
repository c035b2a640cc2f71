import { csvField, notFormula } from "../../core/csv";
import { printable } from "../../core/printable";
import { type Column, type ResultTable, SUFFIX, bareValue, cellOf, inPercent, isEstimate, markOf } from "./table";

/** A table as plain columns: intervals and marks stand in columns of their own (`key_low`, `key_high`, `key_mark`). */
export interface FlatTable {
  readonly columns: readonly { readonly key: string; readonly kind: "text" | "number" }[];
  readonly rows: readonly (readonly (string | number | null)[])[];
}

/**
 * Spreads intervals and marks over columns of their own, which exist only where some cell has them. Columns in per cent end
 * in `_percent` (`key_percent`, `key_percent_low`, …) and hold what the table shows: 31.5, not 0.315.
 */
export function flatten(table: ResultTable): FlatTable {
  const parts = partsOf(table);
  return {
    columns: parts.map(({ key, kind }) => ({ key, kind })),
    rows: table.rows.map((_, index) =>
      parts.map(({ values, percent }) => {
        const value = values[index] ?? null;
        return percent && typeof value === "number" ? Number(timesHundred(value)) : value;
      }),
    ),
  };
}

/**
 * Comma-separated values (RFC 4180), one heading line, every digit kept, units as `flatten` gives them; an empty field means
 * not measured. A text that a spreadsheet would take for a formula gets an apostrophe in front; control characters but line
 * ends and tabs are written out, as in `\u001b`.
 */
export function toCsv(table: ResultTable): string {
  const parts = partsOf(table);
  const rows = table.rows.map((_, index) =>
    parts.map(({ values, percent }) => {
      const value = values[index] ?? null;
      if (typeof value !== "number") return value === null ? "" : textField(value);
      return percent ? timesHundred(value) : String(value);
    }),
  );
  return [parts.map(({ key }) => key), ...rows].map((row) => `${row.join(",")}\n`).join("");
}

interface Part {
  readonly key: string;
  readonly kind: "text" | "number";
  readonly percent: boolean;
  readonly values: readonly (string | number | null)[];
}

function partsOf({ columns, rows }: ResultTable): Part[] {
  return columns.flatMap((column): Part[] => {
    const cells = rows.map((row) => cellOf(row, column.key));
    const name = fileKey(column);
    const { kind } = column;
    const percent = inPercent(column);
    const bound = (side: "low" | "high"): Part => ({
      key: name + SUFFIX[side],
      kind,
      percent,
      values: cells.map((cell) => (isEstimate(cell) ? (cell[side] ?? null) : null)),
    });
    const interval = cells.some((cell) => isEstimate(cell) && cell.low !== undefined);
    const marks = cells.map((cell) => markOf(cell) || null);
    return [
      { key: name, kind, percent, values: cells.map(bareValue) },
      ...(interval ? [bound("low"), bound("high")] : []),
      ...(marks.some((mark) => mark !== null)
        ? [{ key: name + SUFFIX.mark, kind: "text", percent: false, values: marks } as const]
        : []),
    ];
  });
}

/** The column's name in files. */
function fileKey(column: Column): string {
  return inPercent(column) ? column.key + SUFFIX.percent : column.key;
}

function textField(value: string): string {
  const text = value.split("\r").map(printable).join("\r");
  return csvField(notFormula(text));
}

/** A hundred times a number, digit by digit: a product of doubles would round. */
function timesHundred(number: number): string {
  const [, sign = "", whole = "", part = "", exponent = "0"] = /^(-?)(\d*)\.?(\d*)(?:e([-+]?\d+))?$/.exec(String(number)) ?? []; // prettier-ignore
  const digits = whole + part;
  const point = whole.length + Number(exponent) + 2;
  if (point > MOST_DIGITS || point < -MOST_DIGITS) return `${sign}${digits}e${point - digits.length}`;
  const padded = digits.padStart(digits.length + Math.max(0, 1 - point), "0");
  const at = Math.max(1, point);
  const before = padded
    .slice(0, at)
    .padEnd(at, "0")
    .replace(/^0+(?=\d)/, "");
  const after = padded.slice(at).replace(/0+$/, "");
  return sign + before + (after === "" ? "" : `.${after}`);
}

/** Numbers with more zeros than this are written with an exponent. */
const MOST_DIGITS = 20;
