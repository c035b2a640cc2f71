import { z } from "zod";
import { describeIssue } from "../../config/describe";
import { csvText, parseCsv } from "../../core/csv";
import { LabError } from "../../core/errors";
import { readText } from "../../core/files";
import { printableLine } from "../../core/printable";

/** The file beside the class folders that says what their names do not. */
export const CLASSES_FILE = "classes.csv";

/** A name as it is asked for and answered: one printable line, with single spaces and without the marks of an answer. */
export const classNameSchema = z
  .string()
  .refine((name) => name === printableLine(name), "must be one line of printable text")
  .transform((name) => name.normalize("NFC").trim().replaceAll(/\s+/gu, " "))
  .refine((name) => name !== "", "must not be empty")
  .refine((name) => name.length <= 200, "must have at most 200 characters")
  .refine((name) => !/[<>]/.test(name), "must not hold < or >, which mark the answer")
  .refine((name) => !name.includes("\ufffd"), "must not hold \ufffd, which stands where a character was lost");

const rowSchema = z.strictObject({
  folder: z.string(),
  name: classNameSchema.optional(),
  superCategory: classNameSchema.optional(),
  genus: classNameSchema.optional(),
  split: z.enum(["seen", "unseen"]).optional(),
});

/** A line of classes.csv: all but the folder's name may be left out. */
export type ClassRow = Readonly<z.infer<typeof rowSchema>>;

const COLUMNS = Object.keys(rowSchema.shape) as (keyof ClassRow)[];

/**
 * Reads a classes.csv: a heading with `folder` and any of the other columns, then a line for each class that has one.
 * @returns the lines by their folder, whose name is compared in Unicode's composed form
 * @throws LabError naming the line and what is wrong with it
 */
export function readClasses(file: string): Map<string, ClassRow> {
  const [heading = [], ...lines] = parseCsv(readText(file), file);
  const columns = heading.map((name) => name?.trim() ?? "");
  requireHeading(columns, file);
  const rows = new Map<string, ClassRow>();
  lines.forEach((line, index) => {
    const fields = line.map((field) => field?.trim() ?? "");
    if (fields.every((field) => field === "")) return;
    const subject = `${file}, line ${index + 2}`;
    const row = parseRow(columns, fields, subject);
    const key = row.folder.normalize("NFC");
    if (rows.has(key)) throw new LabError(`"${key}" has a line already`, "Keep one of the two.", { subject });
    rows.set(key, row);
  });
  return rows;
}

/** The text of a classes.csv. */
export function classesCsv(rows: readonly ClassRow[]): string {
  return csvText([COLUMNS, ...rows.map((row) => COLUMNS.map((column) => row[column]))]);
}

function requireHeading(columns: readonly string[], file: string): void {
  if (columns.includes("folder") && new Set(columns).size === columns.length) return;
  const separator =
    columns.length === 1 && /[;\t]/.test(columns[0] ?? "") ? "The fields are separated by commas. " : "";
  throw new LabError(
    `begins with "${columns.join(",")}"`,
    `${separator}The first line names the columns, each once: ${COLUMNS.join(",")}; all but folder may be left out.`,
    { subject: file },
  );
}

function parseRow(columns: readonly string[], line: readonly string[], subject: string): ClassRow {
  if (line.length !== columns.length) {
    throw new LabError(
      `has ${line.length} fields where the heading has ${columns.length}`,
      "Put a name with a comma in quotes.",
      { subject },
    );
  }
  const filled = columns.map((column, i) => [column, line[i]] as const).filter(([, field]) => field !== "");
  const result = rowSchema.safeParse(Object.fromEntries(filled), { reportInput: true });
  if (result.success) return result.data;
  const reasons = result.error.issues.map((issue) => describeIssue(issue, COLUMNS).replace(/^key /, "column "));
  throw new LabError(reasons.join("; "), `Correct it; the columns are ${COLUMNS.join(", ")}.`, { subject });
}
