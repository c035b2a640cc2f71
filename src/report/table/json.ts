import { z } from "zod";
import { parserOf } from "../../config/stored";
import { LabError, messageOf } from "../../core/errors";
import { type ResultTable, resultTable } from "./table";

const mark = z.string().min(1);
const cell = z.union([
  z.string(),
  z.number(),
  z.null(),
  z.strictObject({
    value: z.number(),
    low: z.number().exactOptional(),
    high: z.number().exactOptional(),
    mark: mark.exactOptional(),
  }),
  z.strictObject({ text: z.string(), mark }),
]);
const column = z.strictObject({
  key: z.string(),
  title: z.string(),
  kind: z.enum(["text", "number"]),
  group: z.string().exactOptional(),
  digits: z.number().int().min(0).max(20).exactOptional(),
  positive: z.union([z.boolean(), z.literal("or 0")]).exactOptional(),
  percent: z.boolean().exactOptional(),
  interval: z.enum(["range", "half-width"]).exactOptional(),
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

const parse: (value: unknown) => ResultTable = parserOf(schema);

/** The table that `toJson` wrote. `subject` names the file in the error for anything else. */
export function tableFromJson(text: string, subject = "table JSON"): ResultTable {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new LabError("is not valid JSON", "Export the table again.", { subject, cause });
  }
  const { caption, columns, rows, notes, marks, provenance } = tableIn(value, subject);
  return resultTable({ caption, columns, rows, notes, marks, provenance });
}

function tableIn(value: unknown, subject: string): ResultTable {
  try {
    return parse(value);
  } catch (cause) {
    throw new LabError(`is not a result table (${messageOf(cause)})`, "Export the table again.", { subject, cause });
  }
}
