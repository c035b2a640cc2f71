import * as z from "zod";
import { parserOf } from "../config/stored";
import { LabError } from "../core/errors";
import { JsonlFile, readJsonl } from "../core/files";

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

/** What the records of a file have in common; a file is only ever continued under the same settings. */
export type RunSettings = Readonly<Record<string, string | number | boolean | null>>;

const lineSchema = z.union([
  z.strictObject({ settings: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])) }),
  z.strictObject({ record: recordSchema }),
]);
type Line = z.infer<typeof lineSchema>;
const parseLine = parserOf(lineSchema);

/** The records of a finished run, in the order of its items. @throws LabError when the file holds something else */
export function readRecords(file: string): EvaluationRecord[] {
  return readJsonl(file, parseLine).flatMap((line) => ("record" in line ? [line.record] : []));
}

/** The records of a run on disk: the settings first, then one line per item, appended as they come. */
export interface RecordStore {
  /** Records that were there already, by item id. */
  readonly done: ReadonlyMap<string, EvaluationRecord>;
  append(record: EvaluationRecord): void;
  close(): void;
}

/**
 * Opens the file of a run, or begins it.
 * @throws LabError when the file was written under other settings, or holds something else
 */
export function openRecords(file: string, settings: RunSettings): RecordStore {
  const lines = JsonlFile.open<Line>(file, parseLine);
  try {
    const head = lines.existing[0];
    if (head === undefined) lines.append({ settings: { ...settings } });
    else checkSettings(file, head, settings);
    const records = lines.existing.flatMap((line) => ("record" in line ? [line.record] : []));
    return {
      done: new Map(records.map((record) => [record.id, record])),
      append: (record) => {
        lines.append({ record });
      },
      close: () => {
        lines.close();
      },
    };
  } catch (error) {
    lines.close();
    throw error;
  }
}

function checkSettings(file: string, head: Line, settings: RunSettings): void {
  const before: RunSettings = "settings" in head ? head.settings : {};
  const keys = [...new Set([...Object.keys(before), ...Object.keys(settings)])];
  const changed = keys.filter((key) => before[key] !== settings[key]);
  if (changed.length === 0) return;
  const list = changed.map((key) => `${key}: ${String(before[key])} → ${String(settings[key])}`).join("; ");
  throw new LabError(
    `holds an evaluation under other settings (${list})`,
    "Give this evaluation a file of its own, or remove the old one.",
    { subject: file },
  );
}
