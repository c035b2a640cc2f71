import { createHash } from "node:crypto";
import { LabError } from "../core/errors";

/** Plain JSON. A key whose value is undefined counts as one that is not there. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

/**
 * A piece of work as data, so that any process on any machine can tell whether two are the same.
 * What no stage made stands in the inputs as `{ given: "dataset" | "checkpoint" | "encoder", fingerprint, at }`.
 */
export interface Work {
  readonly kind: string;
  /** Raised by whoever changes what the kind computes: the only part that code has in a key. */
  readonly version: number;
  readonly inputs: Json;
}

/**
 * SHA-256 of a work's kind, version and inputs. Where something given lies (its `at`) is no part of it.
 * @throws LabError when the inputs are not plain JSON
 */
export function keyOf({ kind, version, inputs }: Work): string {
  return digest({ kind, version, inputs: withoutPlaces(toJson(inputs, `the inputs of ${kind}`)) });
}

function withoutPlaces(value: Json): Json {
  if (isList(value)) return value.map(withoutPlaces);
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).filter(([key]) => key !== "at" || value["given"] === undefined);
  return Object.fromEntries(kept.map(([key, inner]) => [key, inner === undefined ? undefined : withoutPlaces(inner)]));
}

/**
 * A value as plain JSON, for types that TypeScript cannot see to be so (interfaces have no index signature).
 * @throws LabError naming the place of what JSON would lose: a function, NaN, a Date, a tensor, undefined in a list
 */
export function toJson(value: unknown, place = "the value"): Json {
  if (value === null || typeof value === "boolean" || typeof value === "string" || Number.isFinite(value))
    return value as Json;
  if (Array.isArray(value)) return Array.from(value, (inner, index) => toJson(inner, `${place}[${index}]`));
  if (typeof value !== "object" || !isPlain(value)) {
    const remedy = "Give text, finite numbers, true, false, null, lists and objects of these.";
    throw new LabError(`is ${nameOf(value)}, which is not plain JSON`, remedy, { subject: place });
  }
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return Object.fromEntries(entries.map(([key, inner]) => [key, toJson(inner, `${place}.${key}`)]));
}

/** An object literal, also one of a notebook's cell, whose `Object` is not this file's. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function nameOf(value: unknown): string {
  if (typeof value === "number" || value === undefined) return String(value);
  return typeof value === "object" && value !== null ? `a ${value.constructor.name}` : `a ${typeof value}`;
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

/** SHA-256 of a value's JSON with sorted keys. */
export function digest(value: unknown): string {
  return createHash("sha256").update(stableJson(value)).digest("hex");
}

/** JSON with the keys of every object sorted, so that equal values give equal text. */
export function stableJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(stableJson).join(",")}]`;
  if (typeof value !== "object" || value === null) return value === undefined ? "null" : JSON.stringify(value);
  const entries = Object.entries(value).filter(([, v]) => v !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([k, v]) => `${JSON.stringify(k)}:${stableJson(v)}`).join(",")}}`;
}
