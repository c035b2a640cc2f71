import * as fs from "node:fs";
import * as path from "node:path";
import * as yaml from "yaml";
import type { z } from "zod";
import { LabError, messageOf } from "../core/errors";
import { readText } from "../core/files";
import { requireShallow } from "../core/nesting";
import { describeIssue } from "./describe";
import { helpFor } from "./help";
import { keysOf } from "./keys";
import { requireSlug } from "./slug";

/** The project's root folder: configs, assets, notebooks and results lie under it. */
export const ROOT = path.resolve(__dirname, "..", "..");

/**
 * Reads a YAML (or JSON) file and checks it against a strict schema. With `extends: NAME` it has all that the file NAME of its folder has, but
 * for what it says itself: groups are joined key by key, anything else takes the other's place.
 * @param overrides values that take the place of the file's, as dotted paths: `{"sft.epochs": 2}`
 * @throws LabError naming the file, every offending key, the reason and the remedy
 */
export function loadConfig<T>(
  file: string,
  schema: z.ZodType<T>,
  overrides: Readonly<Record<string, unknown>> = {},
): T {
  let value = readExtended(file, []);
  for (const [key, replacement] of Object.entries(overrides))
    value = withValue(value, key.split("."), replacement, key);
  const replaced = Object.keys(overrides);
  const shown = path.relative(process.cwd(), file);
  requireNoBuiltIns(value, shown);
  return checkConfig(value, schema, replaced.length === 0 ? shown : `${shown} with ${replaced.join(", ")} replaced`);
}

/** Checks a value against a strict schema; see `loadConfig`. */
export function checkConfig<T>(value: unknown, schema: z.ZodType<T>, subject: string): T {
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return result.data;
  const known = keysOf(schema);
  throw new LabError(
    result.error.issues.map((issue) => describeIssue(issue, known)).join("; "),
    `${meaningsOf(result.error.issues)}Correct the keys named; docs/configuration.md lists every key with its meaning.`,
    { subject },
  );
}

/** Keys that every object of JavaScript has: a check may pass them over, and what they were to set would be dropped. */
const BUILT_IN: readonly string[] = ["__proto__", "constructor", "prototype"];

/** @throws LabError for a key of such a name, in any group */
function requireNoBuiltIns(value: unknown, subject: string): void {
  const groups: { readonly at: string; readonly value: unknown }[] = [{ at: "", value }];
  for (let group = groups.pop(); group !== undefined; group = groups.pop()) {
    if (typeof group.value !== "object" || group.value === null) continue;
    for (const [key, inner] of Object.entries(group.value)) {
      const at = group.at === "" ? key : `${group.at}.${key}`;
      if (BUILT_IN.includes(key)) throw new LabError(`key ${at}: "${key}" names no setting`, "Choose another name, or leave the key out.", { subject }); // prettier-ignore
      groups.push({ at, value: inner });
    }
  }
}

/** What the offending keys mean, a sentence each. */
function meaningsOf(issues: readonly z.core.$ZodIssue[]): string {
  const keys = [...new Set(issues.map(({ path: at }) => at.map(String).join(".")))];
  const told = keys.flatMap((key) => {
    const help = helpFor(key);
    return help === undefined ? [] : [`${key}: ${help}. `];
  });
  return told.join("");
}

/** Groups and lists in one another that a configuration may have. */
const DEEPEST = 50;

/** @throws Error when an alias leads back to what holds it, or the value is nested beyond any configuration */
function requireTree(value: unknown, within: ReadonlySet<unknown>): void {
  if (typeof value !== "object" || value === null) return;
  if (within.has(value)) throw new Error("an alias leads back to the group that holds it");
  if (within.size >= DEEPEST) throw new Error(`more than ${DEEPEST} groups stand in one another`);
  for (const inner of Object.values(value)) requireTree(inner, new Set([...within, value]));
}

/** YAML lets a group be a key; written out as a text, keys within keys take time that doubles with each. */
function requirePlainKeys(document: yaml.Document): void {
  yaml.visit(document, {
    Pair: (_, { key }) => {
      if (!yaml.isScalar(key)) throw new Error("a key is a group or a list, and must be a word");
    },
  });
}

/** @param heirs files that take from this one */
function readExtended(file: string, heirs: readonly string[]): unknown {
  const value = parseYaml(file);
  if (!isGroup(value) || value["extends"] === undefined) return value;
  const { extends: name, ...own } = value;
  const subject = path.relative(process.cwd(), file);
  if (typeof name !== "string") {
    throw new LabError("key extends must be a text", "Give the name of another file of the folder.", { subject });
  }
  requireSlug(name, "a file to extend");
  const parent = path.join(path.dirname(file), `${name}.yaml`);
  if (!fs.existsSync(parent)) {
    throw new LabError(
      `extends "${name}", which is not there`,
      `Make ${name}.yaml, or name another file of the folder.`,
      {
        subject,
      },
    );
  }
  if (parent === file || heirs.includes(parent)) {
    throw new LabError(`extends "${name}", which extends this file again`, "Let one of them stand alone.", { subject });
  }
  return joined(readExtended(parent, [...heirs, file]), own);
}

function joined(value: unknown, own: unknown): unknown {
  if (!isGroup(value) || !isGroup(own)) return own;
  const changed = Object.entries(own).map(([key, inner]) => [key, joined(value[key], inner)]);
  return { ...value, ...Object.fromEntries(changed) };
}

function isGroup(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parseYaml(file: string): unknown {
  const text = readText(file);
  try {
    requireShallow(text);
    const document = yaml.parseDocument(text);
    const [problem] = [...document.errors, ...document.warnings];
    if (problem !== undefined) throw problem;
    requirePlainKeys(document);
    const value: unknown = document.toJS(); // it refuses aliases that multiply
    requireTree(value, new Set());
    return value;
  } catch (error) {
    const reason = messageOf(error).split("\n")[0] ?? ""; // the rest draws the place, which the line number names
    throw new LabError(`is not valid YAML (${reason.replace(/:$/, "")})`, "Correct the file.", {
      subject: path.relative(process.cwd(), file),
      cause: error,
    });
  }
}

/** @param subject the whole key */
function withValue(value: unknown, keys: readonly string[], replacement: unknown, subject: string): unknown {
  const [key, ...rest] = keys;
  if (key === undefined) return replacement;
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value;
    const at = items.findIndex((_, index) => String(index) === key);
    if (at < 0) {
      const there = items.length === 0 ? "is empty" : `has the elements 0 to ${items.length - 1}`;
      const remedy = "Name one that is there, or replace the whole list.";
      throw new LabError(`the list has no element "${key}": it ${there}`, remedy, { subject });
    }
    return items.map((item, index) => (index === at ? withValue(item, rest, replacement, subject) : item));
  }
  const object = isGroup(value) ? value : {};
  return { ...object, [key]: withValue(object[key], rest, replacement, subject) };
}
