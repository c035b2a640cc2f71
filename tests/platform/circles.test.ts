import * as fs from "node:fs";
import * as path from "node:path";
import { expect, it } from "vitest";

const files = fs
  .readdirSync("src", { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts") && !name.endsWith(".d.ts"));
const known = new Set(files);

/** The files that a file imports, for types alone too. */
function importsOf(file: string): string[] {
  const text = fs.readFileSync(path.join("src", file), "utf8");
  const specs = [...text.matchAll(/(?:from|import) "(\.[^"]+)"/gu)].map((match) => match[1] ?? "");
  return specs.flatMap((spec) => {
    const at = path.join(path.dirname(file), spec);
    return [`${at}.ts`, path.join(at, "index.ts")].filter((name) => known.has(name));
  });
}

/** A circle that begins at a file, if there is one. */
function circleFrom(start: string): string[] | undefined {
  const seen = new Set<string>();
  const walk = (file: string, trail: readonly string[]): string[] | undefined => {
    for (const next of importsOf(file)) {
      if (next === start) return [...trail, file, start];
      if (seen.has(next)) continue;
      seen.add(next);
      const found = walk(next, [...trail, file]);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return walk(start, []);
}

it("no file imports itself by way of others", () => {
  expect(files.length).toBeGreaterThan(150);
  expect(files.flatMap((file) => importsOf(file)).length).toBeGreaterThan(500); // imports are found at all
  for (const file of files) expect(circleFrom(file)).toBeUndefined();
});

it("reads them as they are written", () => {
  expect(importsOf("experiments/index.ts")).toContain(path.join("experiments", "quickstart.ts"));
});
