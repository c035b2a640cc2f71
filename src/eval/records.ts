import * as z from "zod";
import { parserOf } from "../config/stored";
import { readJsonl } from "../core/files";

const recordSchema = z.strictObject({
  /** The item's id. */
  id: z.string(),
  /** The dataset's super-category: the column of the tables. */
  domain: z.string(),
  /** Whether the class is a seen one. */
  seen: z.boolean(),
  truth: z.string(),
  /** The options as they were shown; null in the open world. */
  options: z.array(z.string()).nullable(),
  output: z.string(),
  /** The answer that was read from the output; null when there is none. */
  answer: z.string().nullable(),
  wellFormed: z.boolean(),
  /** Closed world: the truth stands in the answer. Open world: text inclusion. */
  correct: z.boolean(),
  /** The answer is the truth's name and nothing else. */
  exact: z.boolean(),
  /** Which option was chosen, by its place as shown; null when none, or in the open world. */
  position: z.number().int().nullable(),
  /** SS_relative; null in the closed world or without a text similarity. */
  similarity: z.number().nullable(),
  /** Tokens of the output. */
  tokens: z.number().int(),
  /** "length" when the output was cut. */
  finish: z.enum(["stop", "length"]),
});

/** What happened on one item. */
export type EvaluationRecord = Readonly<z.infer<typeof recordSchema>>;

const lineSchema = z.union([
  z.strictObject({ settings: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])) }),
  z.strictObject({ record: recordSchema }),
]);
const parseLine = parserOf(lineSchema);

/** The records of a finished run, in the order of its items. @throws LabError when the file holds something else */
export function readRecords(file: string): EvaluationRecord[] {
  return readJsonl(file, parseLine).flatMap((line) => ("record" in line ? [line.record] : []));
}
