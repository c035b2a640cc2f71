import * as fs from "node:fs";
import * as path from "node:path";
import { describe, expect, it } from "vitest";

/** What the pages name is there: files, places of code, commands and their options. */

const ROOT = path.resolve(__dirname, "../..");
const PAGES = ["README.md", "environment.md", "examples/README.md", ...folder("docs"), ...readmes("src")];
/** Words with a dot and an ending that name a file of a run, of a checkpoint, of a user or of another program. */
const ELSEWHERE = /^(runs|results|notebooks|mushrooms|assets|~|\.\.)\/|[*<…]/u;

function folder(name: string): string[] {
  return fs.readdirSync(path.join(ROOT, name)).map((file) => `${name}/${file}`);
}
function readmes(name: string): string[] {
  return fs
    .readdirSync(path.join(ROOT, name), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith("README.md"))
    .map((file) => path.join(name, file));
}
function read(page: string): string {
  return fs.readFileSync(path.join(ROOT, page), "utf8");
}
/** The page without its blocks of code, which other tests run. */
function prose(page: string): string {
  return read(page).replaceAll(/^```.*?^```$/gmsu, "");
}

/** The rows of Markdown tables, without what a formatter changes. */
function rowsOf(text: string): string[] {
  return text
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .map((line) => line.replaceAll(/ +/gu, " ").replaceAll(/-+/gu, "-"));
}

it.each(["scorecard/brief.md", "quickstart/mini/seeds.md", "quickstart/mini/table.md"])(
  "README.md has the rows of results/%s as they are",
  (file) => {
    const shown = rowsOf(read("README.md"));
    const recorded = rowsOf(read(`results/${file}`));
    expect(recorded.length).toBeGreaterThan(5);
    expect(recorded.filter((row) => !shown.includes(row))).toEqual([]);
  },
);

it.each(["profile", "store", "record", "row", "base", "card", "gate", "probe", "power", "sibling", "stranger"])(
  "the glossary explains the word %s, where README.md links to",
  (word) => {
    const [, words = ""] = /^## Words$(.*?)^## /msu.exec(read("docs/glossary.md")) ?? [];
    expect(rowsOf(words).filter((row) => row.startsWith(`| ${word} |`))).toHaveLength(1);
    expect(read("README.md")).toContain("](docs/glossary.md#words)");
  },
);

/** Files of the sources that a recipe makes. */
const MADE = new Set([...read("docs/extending.md").matchAll(/^```ts (src\/\S+)$/gmu)].map(([, file]) => file));

describe.each(PAGES)("%s", (page) => {
  const here = path.join(ROOT, path.dirname(page));

  it("links to what is there", () => {
    const targets = [...prose(page).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/gu)].map(([, target = ""]) => target);
    const own = targets.filter((target) => !/^[a-z]+:/u.test(target));
    expect(own.filter((target) => !fs.existsSync(path.join(here, target)))).toEqual([]);
  });

  it("names source files that are there", () => {
    const names = [...prose(page).matchAll(/`((?:[\w-]+\/)*[\w.-]+\.(?:ts|mts|mjs|cjs))`/gu)].map(
      ([, name = ""]) => name,
    );
    const missing = names.filter((name) => {
      if (ELSEWHERE.test(name) || MADE.has(name)) return false;
      const places = [ROOT, path.join(ROOT, "src"), here, ...subfolders(page)];
      return !places.some((place) => fs.existsSync(path.join(place, name)));
    });
    expect(missing).toEqual([]);
  });

  it("names no file that only its authors have", () => {
    expect(read(page)).not.toMatch(/DESIGN\.md|\bnotes\/|\.\.\/shared/u);
  });
});

/** Where a page may mean a bare name to lie: in the folder that its section is about. */
function subfolders(page: string): string[] {
  const known: Readonly<Record<string, readonly string[]>> = {
    "docs/reliability.md": ["tests/storm"],
    "docs/architecture.md": ["src/lab", "src/tapo", "src/config", "src/model", "src/cli"],
    "environment.md": ["src/cli", "scripts", "scripts/lib"],
  };
  return (known[page] ?? []).map((name) => path.join(ROOT, name));
}

describe("commands", () => {
  const sources = fs
    .readdirSync(path.join(ROOT, "src/cli"))
    .filter((name) => name.endsWith(".ts"))
    .map((name) => read(`src/cli/${name}`))
    .join("\n");
  const known = new Set([...sources.matchAll(/\.command\("([\w-]+)/gu)].map(([, name]) => name));
  const flags = new Set([...sources.matchAll(/--(?:no-)?[a-z-]+/gu)].map(([flag]) => flag));
  const lines = PAGES.flatMap((page) =>
    [...read(page).matchAll(/fine-r1 ([^`\n]*)/gu)].map(([, rest = ""]) => ({ page, rest: rest.split("#")[0] ?? "" })),
  ).filter(({ rest }) => /^[a-z]/u.test(rest));

  it("that pages name are there", () => {
    expect(lines.length).toBeGreaterThan(20);
    const strangers = lines.filter(({ rest }) => !known.has(/^[a-z-]+/u.exec(rest)?.[0]));
    expect(strangers).toEqual([]);
  });

  it("take the options that pages give them", () => {
    const given = lines.flatMap(({ page, rest }) =>
      [...rest.matchAll(/--[a-z-]+/gu)].map(([flag]) => ({ page, flag })),
    );
    expect(given.filter(({ flag }) => !flags.has(flag) && flag !== "--help")).toEqual([]);
  });
});
