import * as z from "zod";
import { LabError } from "../../core/errors";
import { printableLine } from "../../core/printable";
import { readJson } from "../../core/files";

/** One compared figure of a reference file. */
export interface ParityRow {
  readonly figure: string;
  /** The largest error over all cases. */
  readonly error: number;
  readonly tolerance: number;
  readonly pass: boolean;
}

/** A row; an error that is not a number does not pass. */
export function parityRow(figure: string, error: number, tolerance: number): ParityRow {
  return { figure, error, tolerance, pass: error <= tolerance };
}

/**
 * The largest |actual − expected|, relative where |expected| > 1; infinite when the counts differ or a value that
 * should be finite is not.
 */
export function largestError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Infinity;
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    const reference = expected[i] as number;
    const error = Math.abs((actual[i] as number) - reference) / Math.max(1, Math.abs(reference));
    if (!(error <= largest)) largest = Number.isNaN(error) ? Infinity : error;
  }
  return largest;
}

/** Collects the largest error of each figure over the cases of a file, in the order the figures first appear. */
export class ParityCollector {
  private readonly rows = new Map<string, { error: number; tolerance: number }>();

  add(figure: string, error: number, tolerance: number): void {
    const known = this.rows.get(figure)?.error ?? 0;
    this.rows.set(figure, { error: error <= known ? known : error, tolerance });
  }

  finish(): ParityRow[] {
    return [...this.rows].map(([figure, { error, tolerance }]) => parityRow(figure, error, tolerance));
  }
}

/**
 * Reads a reference file of a known shape.
 * @throws LabError naming the file and the first field that is not as in the golden files
 */
export function readReference<T>(file: string, schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(readJson(file));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue?.path.join(".") ?? "";
  throw malformed(file, `${where === "" ? "the file" : where}: ${issue?.message ?? "not understood"}`);
}

/** The error of a reference file that is not of the golden shape. */
export function malformed(file: string, reason: string): LabError {
  return new LabError(
    `is not a reference of this kind (${reason})`,
    "Give a file in the format of tests/reference/golden.",
    {
      subject: file,
    },
  );
}

/** A matrix of numbers whose rows are all of one length. */
export const matrix = z
  .array(z.array(z.number()).min(1))
  .min(1)
  .refine((rows) => rows.every((row) => row.length === rows[0]?.length), "rows of different lengths");

/** The rows as a text table, with a verdict below. */
export function formatParity(rows: readonly ParityRow[]): string {
  const head = ["figure", "largest error", "tolerance", ""];
  const body = rows.map((row) => [
    printableLine(row.figure),
    number(row.error),
    number(row.tolerance),
    row.pass ? "ok" : "FAILED",
  ]);
  const widths = head.map((title, i) => Math.max(title.length, ...body.map((line) => line[i]?.length ?? 0)));
  const print = (line: readonly string[]): string =>
    line
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join("  ")
      .trimEnd();
  const failed = rows.filter((row) => !row.pass).length;
  const verdict =
    failed === 0
      ? `all ${rows.length} figures within tolerance`
      : `${failed} of ${rows.length} figures beyond tolerance`;
  return [print(head), print(widths.map((width) => "-".repeat(width))), ...body.map(print), verdict].join("\n");
}

function number(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  return value.toExponential(1);
}
