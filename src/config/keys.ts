import { z } from "zod";
import { closest } from "../core/similar";

/** Every key that a schema takes and that holds no other, as dotted paths; `[]` stands for the elements of a list. */
export function keysOf(schema: unknown, at = ""): string[] {
  if (schema instanceof z.ZodObject) {
    const below = at === "" ? "" : `${at}.`;
    return Object.entries(schema.shape as Record<string, unknown>).flatMap(([name, s]) => keysOf(s, below + name));
  }
  if (schema instanceof z.ZodArray && schema.element instanceof z.ZodObject) return keysOf(schema.element, `${at}[]`);
  if (schema instanceof z.ZodPipe) return keysOf(schema.out, at);
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) return keysOf(schema.unwrap(), at);
  return [at];
}

/**
 * The keys that somebody may have meant by an unknown one: those of the same name elsewhere, else the nearest beside it, else
 * the nearest of all by its last part.
 * @param group the path of the group that the unknown key stands in, with indices as numbers
 */
export function meantKeys(group: readonly (string | number)[], name: string, known: readonly string[]): string[] {
  const same = known.filter((key) => lastPart(key) === name);
  if (same.length > 0) return same.slice(0, 3);
  const prefix = group.reduce<string>(
    (at, part) => (typeof part === "number" ? `${at}[]` : `${at}${dot(at)}${part}`),
    "",
  );
  const beside = known.flatMap((key) =>
    key.startsWith(`${prefix}${dot(prefix)}`)
      ? [key.slice(prefix.length + dot(prefix).length).split(".")[0] ?? ""]
      : [],
  );
  const near = closest(name, beside);
  if (near !== undefined) return [[...group, near].join(".")];
  const anywhere = closest(name, known.map(lastPart));
  return anywhere === undefined ? [] : known.filter((key) => lastPart(key) === anywhere).slice(0, 3);
}

function lastPart(key: string): string {
  return key.slice(key.lastIndexOf(".") + 1);
}

function dot(before: string): string {
  return before === "" ? "" : ".";
}
