import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EXPERIMENTS } from "../../src/experiments";
import { tableFromJson } from "../../src/report/table/json";
import { toText } from "../../src/report/table/text";
import { executeNotebook, printed, ROOT, type Cell } from "./harness";

/** The notebooks of the experiments, whole, in the smoke profile with one seed, one after the other over one store, as a reader has. */
const FOLDER = path.join(ROOT, "notebooks");
const NOTEBOOKS = fs.readdirSync(FOLDER).filter((name) => /^\d.*\.ipynb$/u.test(name) && !name.startsWith("00-")).sort(); // prettier-ignore
/** Those of no single experiment. */
const OVER_ALL = ["99-scorecard.ipynb"];

let scratch = "";
let variables: Record<string, string> = {};
beforeAll(() => {
  scratch = fs.mkdtempSync(path.join(os.tmpdir(), "fine-r1-notebooks-"));
  variables = {
    FINE_R1_PROFILE: "smoke",
    FINE_R1_SEEDS: "1",
    FINE_R1_WORKERS: "2",
    FINE_R1_RESULTS: path.join(scratch, "results"),
    FINE_R1_RUNS: path.join(scratch, "runs"),
  };
});
afterAll(() => {
  fs.rmSync(scratch, { recursive: true, force: true });
});

describe.each(NOTEBOOKS)("notebooks/%s", (name) => {
  const { cells: stored } = read(name);
  const code = stored.filter(({ cell_type }) => cell_type === "code");

  it("says what it asks, lets its reader choose from within and from outside, and keeps its cells short", () => {
    expect(stored[0]?.cell_type).toBe("markdown");
    expect(stored[0]?.source).toMatch(/^# /u);
    const parameters = code.filter(({ metadata }) => metadata.tags?.includes("parameters"));
    expect(parameters.map(({ source }) => source.includes("FINE_R1_PROFILE"))).toEqual([true]);
    for (const { source } of code) expect(source.split("\n").length).toBeLessThanOrEqual(25);
    const headings = stored.flatMap(({ source }) => source.match(/^## .*$/gmu) ?? []);
    expect(headings).toContain("## What to try next");
    expect(
      headings.some((heading) => /\bof your own\b/u.test(heading)),
      headings.join(),
    ).toBe(true);
  });

  it("runs through, with a table, every figure drawn, and files to take away", async () => {
    const { cells } = await executeNotebook(path.join(FOLDER, name), { env: variables, timeout: 900 });
    const shown = cells.flatMap((cell) => displays(cell));
    expect(shown.filter((data) => "text/latex" in data).length, "tables").toBeGreaterThan(0);
    for (const data of shown) {
      if (!("application/vnd.plotly.v1+json" in data)) continue;
      expect(String(data["image/svg+xml"])).toMatch(/^<svg/u);
    }
    const said = cells.map((cell) => printed(cell)).join("");
    expect(said).not.toMatch(/undefined|NaN|\[object/u);
    const files = said.split("\n").filter((line) => /^\S+\.(csv|svg|html|md)$/u.test(line));
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) expect(fs.existsSync(path.resolve(ROOT, file)), file).toBe(true);
  }, 1_000_000);
});

describe("the saved outputs", () => {
  /** Experiments by the notebooks that name them. */
  const idsOf = (name: string): string[] => {
    const { text } = read(name);
    return EXPERIMENTS.filter(({ id }) => id !== "quickstart" && new RegExp(`\\b${camel(id)}\\b[^\\n]*fr\\.experiments`, "u").test(text)).map(({ id }) => id); // prettier-ignore
  };
  const recorded = (id: string): string => path.join(ROOT, "results", id, "mini", "table.json");

  it.each(NOTEBOOKS.filter((name) => !OVER_ALL.includes(name)))(
    "of %s are those of the record, where there is one",
    (name) => {
      const ids = idsOf(name);
      expect(ids.length).toBeGreaterThan(0);
      const { outputs, raw } = read(name);
      expect(outputs.filter(({ output_type }) => output_type === "error")).toEqual([]);
      expect(raw).not.toContain(JSON.stringify(ROOT).slice(1, -1));
      if (!ids.every((id) => fs.existsSync(recorded(id)))) return; // not recorded yet
      const shown = outputs.map(({ data }) => [data?.["text/plain"] ?? ""].flat().join(""));
      for (const id of ids) {
        const table = tableFromJson(fs.readFileSync(recorded(id), "utf8"));
        const text = bare(shown.find((one) => one.startsWith(`${table.caption}\n`)) ?? "");
        // the same numbers to the last digit that is shown: the rows as text, whatever stands around them
        for (const line of toText(table).split("\n").slice(2)) expect(text, id).toContain(bare(line));
      }
    },
  );
});

it("there is a notebook for every experiment, and it names it", () => {
  const sources = NOTEBOOKS.filter((name) => !OVER_ALL.includes(name)).map((name) => read(name).text);
  for (const { id } of EXPERIMENTS.filter((one) => one.id !== "quickstart")) {
    expect(sources.some((text) => new RegExp(`\\b${camel(id)}\\b[^\\n]*fr\\.experiments`, "u").test(text)), id).toBe(true); // prettier-ignore
  }
});

it("there is a notebook's way to what came out: each links docs/findings.md, at a heading that is there", () => {
  const findings = fs.readFileSync(path.join(ROOT, "docs", "findings.md"), "utf8");
  const anchors = [...findings.matchAll(/^## (.*)$/gmu)].map(([, title = ""]) => title.toLowerCase().replaceAll(/[^\w -]/gu, "").replaceAll(" ", "-")); // prettier-ignore
  for (const name of NOTEBOOKS) {
    const prose = read(name).cells.filter(({ cell_type }) => cell_type === "markdown");
    const links = prose.flatMap(({ source }) => [...source.matchAll(/\.\.\/docs\/findings\.md(?:#([^)]*))?\)/gu)]);
    expect(links.length, name).toBeGreaterThan(0);
    for (const [, anchor] of links) if (anchor !== undefined) expect(anchors, name).toContain(anchor);
  }
});

/** A text without the mark of recorded rows and what makes room for it: a notebook shows what is not trained here from the record. */
function bare(text: string): string {
  return text.replaceAll("†", " ").replaceAll(/[^\S\n]+|─+/gu, " ").replaceAll(/ *\n */gu, "\n").trim(); // prettier-ignore
}

/** "training-methods" as code names it. */
function camel(id: string): string {
  return id.replace(/-(\w)/gu, (_, letter: string) => letter.toUpperCase());
}

interface Stored {
  readonly cell_type: string;
  readonly source: string;
  readonly metadata: { readonly tags?: readonly string[] };
}

interface StoredOutput {
  readonly output_type: string;
  readonly data?: Readonly<Record<string, string | readonly string[]>>;
}

/** A notebook as it stands in its file: its cells, the text of its code, and what was saved below it. */
function read(name: string): { cells: Stored[]; text: string; outputs: StoredOutput[]; raw: string } {
  const raw = fs.readFileSync(path.join(FOLDER, name), "utf8");
  const { cells } = JSON.parse(raw) as {
    cells: (Omit<Stored, "source"> & { source: string | string[]; outputs?: StoredOutput[] })[];
  };
  const joined = cells.map((cell) => ({ ...cell, source: [cell.source].flat().join("") }));
  const text = joined.filter((cell) => cell.cell_type === "code").map((cell) => cell.source).join("\n"); // prettier-ignore
  return { cells: joined, text, outputs: joined.flatMap(({ outputs = [] }) => outputs), raw };
}

function displays(cell: Cell): Record<string, unknown>[] {
  return cell.outputs.flatMap((item) => (item.output_type === "display_data" ? [item.data] : []));
}
