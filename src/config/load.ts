import * as path from "node:path";
import * as yaml from "yaml";
import { z } from "zod";
import { LabError, messageOf } from "../core/errors";
import { readText } from "../core/files";

/** The project's root folder: configs, assets, notebooks and results lie under it. */
export const ROOT = path.resolve(__dirname, "..", "..");

/**
 * Reads a YAML (or JSON) file and checks it against a strict schema.
 * @param overrides values that take the place of the file's, as dotted paths: `{"sft.epochs": 2}`
 * @throws LabError naming the file, every offending key, the reason and the remedy
 */
export function loadConfig<T>(
  file: string,
  schema: z.ZodType<T>,
  overrides: Readonly<Record<string, unknown>> = {},
): T {
  let value: unknown;
  try {
    value = yaml.parse(readText(file)) as unknown;
  } catch (error) {
    if (error instanceof LabError) throw error;
    throw new LabError(`is not valid YAML (${messageOf(error)})`, "Correct the file.", { subject: file, cause: error });
  }
  for (const [key, replacement] of Object.entries(overrides)) value = withValue(value, key.split("."), replacement);
  return checkConfig(value, schema, path.relative(process.cwd(), file));
}

/** Checks a value against a strict schema; see `loadConfig`. */
export function checkConfig<T>(value: unknown, schema: z.ZodType<T>, subject: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const reasons = result.error.issues.map(describe);
  throw new LabError(
    reasons.join("; "),
    "Correct the keys named; docs/configuration.md lists every key with its meaning.",
    { subject },
  );
}

function describe(issue: z.core.$ZodIssue): string {
  const key = issue.path.map(String).join(".");
  if (issue.code === "unrecognized_keys") {
    const keys = issue.keys.map((k) => (key === "" ? k : `${key}.${k}`));
    return `unknown key ${keys.join(", ")} (remove it or correct its spelling)`;
  }
  return `${key === "" ? "the whole file" : `key ${key}`}: ${issue.message}`;
}

function withValue(value: unknown, keys: readonly string[], replacement: unknown): unknown {
  const [key, ...rest] = keys;
  if (key === undefined) return replacement;
  const object = typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  return { ...object, [key]: withValue(object[key], rest, replacement) };
}
