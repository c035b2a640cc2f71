import type { z } from "zod";
import { closest } from "../core/similar";
import { meantKeys } from "./keys";

/**
 * What is wrong with one key of a config, as a phrase that names the key, what it must be and what it is.
 * @param known the keys that there are, for a word on what an unknown one may have meant
 */
export function describeIssue(issue: z.core.$ZodIssue, known: readonly string[] = []): string {
  const key = issue.path.map(String).join(".");
  if (issue.code === "unrecognized_keys")
    return issue.keys.map((name) => unknownKey(issue.path, name, known)).join("; ");
  const subject = key === "" ? "the whole file" : `key ${key}`;
  const rule = ruleOf(issue);
  if (rule === undefined) return `${subject}: ${issue.message}`;
  if (issue.code === "invalid_type" && issue.expected === "nonoptional") return `${subject} is missing`;
  return issue.input === undefined
    ? `${subject} is missing; it must be ${rule}`
    : `${subject} must be ${rule}, but is ${shown(issue.input)}${meantValue(issue)}`;
}

function unknownKey(group: readonly PropertyKey[], name: string, known: readonly string[]): string {
  const at = group.map((part) => (typeof part === "number" ? part : String(part)));
  const meant = meantKeys(at, name, known);
  const remedy = meant.length === 0 ? "remove it or correct its spelling" : `did you mean ${meant.join(" or ")}?`;
  return `unknown key ${[...at, name].join(".")} (${remedy})`;
}

/** The choice that a wrong one is near to. */
function meantValue(issue: z.core.$ZodIssue): string {
  if (issue.code !== "invalid_value" || typeof issue.input !== "string") return "";
  const meant = closest(issue.input, issue.values.map(String));
  return meant === undefined ? "" : ` (did you mean ${shown(meant)}?)`;
}

/** What a value must be; `undefined` where the schema states its reason in words of its own. */
function ruleOf(issue: z.core.$ZodIssue): string | undefined {
  switch (issue.code) {
    case "invalid_type":
      return TYPES[issue.expected] ?? `a ${issue.expected}`;
    case "invalid_value":
      return `one of ${issue.values.map(shown).join(", ")}`;
    case "too_small":
      return ownWords(issue) ? undefined : bound(issue.origin, issue.minimum, issue.inclusive, "at least", "more than");
    case "too_big":
      return ownWords(issue) ? undefined : bound(issue.origin, issue.maximum, issue.inclusive, "at most", "less than");
    default:
      return undefined;
  }
}

const TYPES: Readonly<Record<string, string>> = {
  int: "a whole number",
  number: "a number",
  string: "a text",
  boolean: "true or false",
  object: "a group of keys",
  array: "a list",
  tuple: "a list",
};

function bound(
  origin: string,
  limit: number | bigint,
  inclusive: boolean | undefined,
  reached: string,
  passed: string,
): string {
  const range = `${inclusive === false ? passed : reached} ${limit}`;
  if (origin !== "string" && origin !== "array") return range;
  const kind = origin === "string" ? "text" : "list";
  return range === "at least 1" ? `a ${kind} that is not empty` : `a ${kind} of length ${range}`;
}

/** The library's own sentences begin so; a schema's do not. */
function ownWords(issue: z.core.$ZodIssue): boolean {
  return !/^(Too (small|big)|Invalid)/.test(issue.message);
}

function shown(value: unknown): string {
  const text = typeof value === "object" && value !== null ? JSON.stringify(value) : literal(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

function literal(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}
