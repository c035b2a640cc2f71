import { z } from "zod";
import { LabError } from "../../core/errors";
import { type ResultTable, resultTable } from "./table";

const mark = z.string().min(1);
const cell = z.union([
  z.string(),
  z.number(),
  z.null(),
  z.strictObject({
    value: z.number(),
    low: z.number().optional(),
    high: z.number().optional(),
    mark: mark.optional(),
  }),
  z.strictObject({ text: z.string(), mark }),
]);
const column = z.strictObject({
  key: z.string(),
  title: z.string(),
  kind: z.enum(["text", "number"]),
  group: z.string().optional(),
  digits: z.number().int().min(0).max(20).optional(),
  positive: z.union([z.boolean(), z.literal("or 0")]).optional(),
  percent: z.boolean().optional(),
  interval: z.enum(["range", "half-width"]).optional(),
});
const schema = z.strictObject({
  version: z.literal(1),
  caption: z.string(),
  columns: z.array(column),
  rows: z.array(z.record(z.string(), cell)),
  notes: z.array(z.string()),
  marks: z.record(z.string(), z.string()),
  provenance: z.record(z.string(), z.string()),
});

/** The whole table as indented JSON, with a format version. */
export function toJson(table: ResultTable): string {
  return `${JSON.stringify({ version: 1, ...table }, null, 2)}\n`;
}

/** The table that `toJson` wrote. `subject` names the file in the error for anything else. */
export function tableFromJson(text: string, subject = "table JSON"): ResultTable {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new LabError("is not valid JSON", "Export the table again.", { subject, cause });
  }
  const problem = problemOf(value);
  if (problem !== undefined || !isSaved(value)) {
    throw new LabError(`is not a result table (${problem ?? ""})`, "Export the table again.", { subject });
  }
  return resultTable({
    caption: value.caption,
    columns: value.columns,
    rows: value.rows,
    notes: value.notes,
    marks: value.marks,
    provenance: value.provenance,
  });
}

function problemOf(value: unknown): string | undefined {
  const checked = schema.safeParse(value);
  return checked.success ? undefined : z.prettifyError(checked.error).replaceAll("\n", " ");
}

/** JSON never holds `undefined`, so what fits the schema is a table whose optional keys are present or absent. */
function isSaved(value: unknown): value is ResultTable {
  return problemOf(value) === undefined;
}
