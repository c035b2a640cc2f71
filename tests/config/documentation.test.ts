import * as fs from "node:fs";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { worldSchema } from "../../src/config/world";
import { baseConfigSchema } from "../../src/experiments/base/config";
import { profileSchema } from "../../src/experiments/profile";

/** Every key that a schema takes, as dotted paths; `[]` stands for the elements of a list. */
function keysOf(schema: unknown, at = ""): string[] {
  if (schema instanceof z.ZodObject) {
    const below = at === "" ? "" : `${at}.`;
    return Object.entries(schema.shape as Record<string, unknown>).flatMap(([name, s]) => keysOf(s, below + name));
  }
  if (schema instanceof z.ZodArray && schema.element instanceof z.ZodObject) return keysOf(schema.element, `${at}[]`);
  if (schema instanceof z.ZodPipe) return keysOf(schema.out, at);
  if (schema instanceof z.ZodOptional) return keysOf(schema.unwrap(), at);
  return [at];
}

const page = fs.readFileSync("docs/configuration.md", "utf8");

/** The keys of the tables of one chapter: the first cells that stand in code marks. */
function documented(title: string): string[] {
  const chapter = page.split(/^## /m).find((part) => part.startsWith(`${title}\n`)) ?? "";
  return [...chapter.matchAll(/^\| `([^`]+)` *\|/gm)].map((match) => match[1] ?? "");
}

/** Listed once, since they are alike. */
const TWINS: readonly (readonly [RegExp, string])[] = [
  [/^joint\./, "text."],
  [/^sftLabels\./, "sftCot."],
];
const listed = (key: string): string => TWINS.reduce((name, [twin, first]) => name.replace(twin, first), key);

describe("docs/configuration.md", () => {
  it.each([
    ["Worlds", worldSchema, 30],
    ["Base", baseConfigSchema, 35],
    ["Profiles", profileSchema, 60],
  ])("lists every key of the chapter %s, and no other", (title, schema, atLeast) => {
    const keys = [...new Set(keysOf(schema).map(listed))];
    expect(keys.length).toBeGreaterThan(atLeast); // the schema was walked through, not only its surface
    expect(documented(title).sort()).toEqual(keys.sort());
  });

  it("gives every key a meaning", () => {
    for (const [row, key, meaning] of page.matchAll(/^\| `([^`]+)` *\| ([^|]*) \|.*$/gm)) {
      expect(meaning?.trim().length, `${key ?? ""} in ${row}`).toBeGreaterThan(3);
    }
  });

  it("names every environment variable that the code reads", () => {
    const files = fs.readdirSync("src", { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
    const read = files.flatMap((name) => fs.readFileSync(`src/${name}`, "utf8").match(/FINE_R1_[A-Z]+/g) ?? []);
    for (const variable of new Set(read)) expect(page).toContain(`\`${variable}\``);
    expect(new Set(read).size).toBeGreaterThan(1);
  });
});
