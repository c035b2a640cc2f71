import type { z } from "zod";
import { LabError, messageOf } from "../core/errors";
import { readJson } from "../core/files";
import { describeIssue } from "./describe";

/**
 * Reads a JSON file that the lab wrote itself. It may have been cut short, or changed by another hand, since.
 * @param what completes the sentence "is no …"; @param remedy what the reader can do
 * @throws LabError naming the file and every key that is wrong
 */
export function readStored<T>(file: string, schema: z.ZodType<T>, what: string, remedy: string): T {
  try {
    return parserOf(schema)(readJson(file));
  } catch (error) {
    if (error instanceof LabError) throw error;
    throw new LabError(`is no ${what} (${messageOf(error)})`, remedy, { subject: file, cause: error });
  }
}

/** A parse function for `readJsonl` and its like: its error says in words which keys are wrong. */
export function parserOf<T>(schema: z.ZodType<T>): (value: unknown) => T {
  return (value) => {
    const result = schema.safeParse(value, { reportInput: true });
    if (result.success) return result.data;
    throw new TypeError(result.error.issues.map((issue) => describeIssue(issue)).join("; "), { cause: result.error });
  };
}
