import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { pathToFileURL } from "node:url";
import ts from "typescript";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";

/** docs/extending.md is applied to a copy of the sources, block by block; then its cells run there. */

const ROOT = path.resolve(__dirname, "../..");
const PAGE = fs.readFileSync(path.join(ROOT, "docs", "extending.md"), "utf8");
/** The measure: source files that a newcomer may have to touch. */
const AT_MOST: Readonly<Record<string, number>> = {
  "a dataset": 3,
  "a model": 3,
  "a metric": 2,
  "a loss term": 3,
  "an experiment": 2,
  "a prompt set": 2,
  "a baseline method": 1,
  "a figure": 2,
  "an analysis": 0,
};

interface Block {
  readonly language: string;
  /** The file that it changes or makes; "" of a cell. */
  readonly file: string;
  readonly text: string;
}

interface Recipe {
  readonly title: string;
  readonly blocks: readonly Block[];
  /** What is run. */
  readonly cells: readonly string[];
  /** A notebook's cells, which need a kernel: they are only type-checked. */
  readonly notebook: readonly string[];
  /** Source files, each once. */
  readonly files: readonly string[];
}

/** The code of the README's first screen. */
const README = [...fs.readFileSync(path.join(ROOT, "README.md"), "utf8").matchAll(/^```ts\n(.*?)^```$/gmsu)];
const recipes = PAGE.split(/^## /mu)
  .slice(1)
  .map((section): Recipe => {
    const blocks = [...section.matchAll(/^```(\w+) ?(\S*)\n(.*?)^```$/gmsu)].map(
      ([, language = "", file = "", text = ""]): Block => ({ language, file, text }),
    );
    const changes = blocks.filter(({ file }) => file.startsWith("src/"));
    return {
      title: (section.split("\n")[0] ?? "").replace(/^A/u, "a"),
      blocks: changes,
      cells: blocks.filter(({ file }) => file === "").map(({ text }) => text),
      notebook: blocks.filter(({ file }) => file === "notebook").map(({ text }) => text),
      files: [...new Set(changes.map(({ file }) => file))],
    };
  });

let copy = "";

/** Replaces what a block shows of a file by what it makes of it: the lines of each part stand in the file, once, as they are. */
function patch(before: string, diff: string): string {
  return diff.split(/^@@\n/mu).reduce((text, part) => {
    const lines = part.split("\n").slice(0, -1);
    const side = (left: string): string =>
      lines
        .filter((line) => !line.startsWith(left))
        .map((line) => `${line.slice(1)}\n`)
        .join("");
    const [old, now] = [side("+"), side("-")];
    expect(text.split(old).length - 1, `times that the file holds:\n${old}`).toBe(1);
    return text.replace(old, () => now);
  }, before);
}

function write(file: string, text: string): void {
  fs.writeFileSync(path.join(copy, file), text);
}

beforeAll(() => {
  copy = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "extending-")));
  for (const name of ["node_modules", "configs", "assets", "package.json", "tsconfig.json"]) {
    fs.symlinkSync(path.join(ROOT, name), path.join(copy, name));
  }
  fs.cpSync(path.join(ROOT, "src"), path.join(copy, "src"), { recursive: true });
  fs.mkdirSync(path.join(copy, "notebooks"));
  for (const { language, file, text } of recipes.flatMap(({ blocks }) => blocks)) {
    if (language === "diff") write(file, patch(fs.readFileSync(path.join(copy, file), "utf8"), text));
    else write(file, text);
  }
  README.forEach(([, text = ""], k) => {
    write(cellFile("readme", k), text.replace('"../dist"', '"../src"'));
  });
  recipes.forEach(({ cells, notebook }, index) => {
    [...cells, ...notebook].forEach((text, k) => {
      write(cellFile(index, k), text.replace('"../dist"', '"../src"'));
    });
  });
});
afterAll(() => {
  fs.rmSync(copy, { recursive: true, force: true });
});
afterEach(() => {
  vi.restoreAllMocks();
});

function cellFile(recipe: number | "readme", cell: number): string {
  return path.join("notebooks", `cell-${recipe}-${cell}.mts`);
}

describe("docs/extending.md", () => {
  it("has the table of the measure, and every recipe keeps to it", () => {
    const rows = [...PAGE.matchAll(/^\| (an? [\w ]+?) +\| +(\d) \| +(\d) \|$/gmu)];
    expect(Object.fromEntries(rows.map(([, what = "", most]) => [what, Number(most)]))).toEqual(AT_MOST);
    const counted = Object.fromEntries(recipes.map(({ title, files }) => [title, files.length]));
    expect(Object.fromEntries(rows.map(([, what = "", , here]) => [what, Number(here)]))).toEqual(counted);
    for (const [what, most] of Object.entries(AT_MOST)) expect(counted[what], what).toBeLessThanOrEqual(most);
  });

  it("is type-correct, as strictly as the project, and so is the README", () => {
    expect(README).not.toEqual([]);
    const config = ts.readConfigFile(path.join(ROOT, "tsconfig.json"), (file) => ts.sys.readFile(file));
    const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, copy);
    const names = [
      ...README.map((_, k) => cellFile("readme", k)),
      ...new Set(recipes.flatMap(({ files }) => files)),
      ...recipes.flatMap(({ cells, notebook }, index) => [...cells, ...notebook].map((_, k) => cellFile(index, k))),
    ].map((name) => path.join(copy, name));
    const modules = { module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler };
    const program = ts.createProgram(names, { ...options, ...modules, noEmit: true });
    const problems = names.flatMap((name) => {
      const source = program.getSourceFile(name);
      return [...program.getSemanticDiagnostics(source), ...program.getSyntacticDiagnostics(source)];
    });
    expect(problems.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"))).toEqual([]);
  });

  it.each(recipes.map(({ title, cells }, index) => ({ title, cells, index })))(
    "$title: its cells print what the page says",
    async ({ cells, index }) => {
      expect(cells).not.toEqual([]);
      for (const [k, text] of cells.entries()) {
        const printed: string[] = [];
        vi.spyOn(console, "log").mockImplementation((...words: unknown[]) => {
          printed.push(words.map(String).join(" "));
        });
        await import(pathToFileURL(path.join(copy, cellFile(index, k))).href);
        expect(printed).toEqual([...text.matchAll(/\/\/ → (.*)$/gmu)].map(([, expected]) => expected));
      }
    },
  );
});
