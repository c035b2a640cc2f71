import * as fs from "node:fs";
import * as path from "node:path";
import { describe, expect, it } from "vitest";

/** The repository names nothing that a clone does not bring; `.ci/run` shows in a clone that it needs nothing else. */
const ROOT = path.resolve(__dirname, "../..");
/** What set-up and runs make, and what is recorded data. */
const NOT_OURS = new Set([".git", ".setup", ".venv", "node_modules", "dist", "runs", "results", "golden"]);
const TEXT = /\.(ts|mts|mjs|cjs|py|md|yaml|json|in|txt|cff)$|^run$/;

function textFiles(folder: string): string[] {
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(folder, entry.name);
    if (NOT_OURS.has(entry.name) || entry.isSymbolicLink()) return [];
    return entry.isDirectory() ? textFiles(file) : TEXT.test(entry.name) ? [file] : [];
  });
}

describe("the repository stands alone:", () => {
  const files = textFiles(ROOT).filter((file) => file !== __filename);

  it("every page that a page links to is there", () => {
    const pages = files.filter((file) => file.endsWith(".md"));
    const broken = pages.flatMap((page) =>
      [...fs.readFileSync(page, "utf8").matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)/gu)]
        .map(([, target = ""]) => target)
        .filter((target) => !fs.existsSync(path.join(path.dirname(page), target)))
        .map((target) => `${path.relative(ROOT, page)} → ${target}`),
    );
    expect(pages.length).toBeGreaterThan(5);
    expect(broken).toEqual([]);
  });

  it("every document that a comment names is there", () => {
    const named = files.flatMap((file) =>
      [
        ...fs
          .readFileSync(file, "utf8")
          .matchAll(/(?<![\w/.-])(?:(?:docs|notes|notebooks)\/[\w/-]+\.(?:md|ipynb)|[A-Z]{4,}\.md)/gu),
      ].map(([document]) => ({ file: path.relative(ROOT, file), document })),
    );
    const missing = named.filter(
      ({ file, document }) => ![".", path.dirname(file)].some((at) => fs.existsSync(path.join(ROOT, at, document))),
    );
    expect(named.length).toBeGreaterThan(5);
    expect(missing).toEqual([]);
  });
});
