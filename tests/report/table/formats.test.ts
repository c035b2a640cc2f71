import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import fc from "fast-check";
import { JSDOM } from "jsdom";
import { describe, expect, it } from "vitest";
import { LabError } from "../../../src/core/errors";
import { flatten, parseCsv, rowsFromCsv, toCsv } from "../../../src/report/table/csv";
import { toDataFrame } from "../../../src/report/table/dataframe";
import { exportTable } from "../../../src/report/table/export";
import { toHtml } from "../../../src/report/table/html";
import { tableFromJson, toJson } from "../../../src/report/table/json";
import { escapeLatex, toLatex } from "../../../src/report/table/latex";
import { escapeMarkdown, toMarkdown } from "../../../src/report/table/markdown";
import { type Cell, type Column, type ResultTable, resultTable } from "../../../src/report/table/table";
import { sampleTable } from "../gallery";

const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0); // no −0: CSV has none
const mark = fc.constantFrom("†", "‡");
const textCell: fc.Arbitrary<Cell> = fc.oneof(fc.string({ unit: "grapheme" }), fc.record({ text: fc.string(), mark }));
const numberCell: fc.Arbitrary<Cell> = fc.oneof(
  number,
  fc.constant(null),
  fc.record({ value: number, mark }),
  fc.tuple(number, number, number).map((three) => {
    const [low, value, high] = three.sort((a, b) => a - b);
    return { value, low, high };
  }),
);
const columns: Column[] = [
  { key: "name", title: "Name", kind: "text" },
  { key: "score", title: "Score", kind: "number", group: "G", percent: true, digits: 2 },
];
const table: fc.Arbitrary<ResultTable> = fc
  .array(fc.record({ name: textCell, score: numberCell }))
  .map((rows) => resultTable({ caption: "c", columns, rows, marks: { "†": "a", "‡": "b" }, notes: ["n"] }));

describe("csv", () => {
  it("gives back every cell, bit for bit", () => {
    fc.assert(
      fc.property(table, (t) => {
        expect(rowsFromCsv(toCsv(t), t.columns)).toEqual(t.rows);
      }),
    );
  });
  it("follows RFC 4180 and tells an empty text from a gap", () => {
    expect(parseCsv('a,"b ""c""\nd",\r\n"",x\n')).toEqual([
      ["a", 'b "c"\nd', null],
      ["", "x"],
    ]);
  });
  it("names the line that does not fit, and refuses a torn quote", () => {
    expect(() => rowsFromCsv("name,score\na\n", columns)).toThrow(/csv line 2: has 1 fields/);
    expect(() => parseCsv('"open')).toThrow(LabError);
  });
});

describe("json", () => {
  it("gives back the whole table", () => {
    fc.assert(
      fc.property(table, (t) => {
        expect(tableFromJson(toJson(t))).toEqual(t);
      }),
    );
  });
  it.each(["{", "{}", '{"version":2}', toJson(sampleTable()).replace('"rows"', '"lines"')])("refuses %s", (text) => {
    expect(() => tableFromJson(text, "x.json")).toThrow(/x\.json/);
  });
});

/** Undoes `escapeMarkdown`, and fails on a special character that was left bare. */
function readMarkdown(text: string): string {
  expect(text.replaceAll(/&#\d+;/g, "")).not.toMatch(/[\\`*_[\]<>|#~&$]/);
  return text.replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)));
}

describe("escaping", () => {
  const line = fc.string({ unit: "grapheme" }).filter((text) => !/[\r\n]/.test(text));
  it("keeps every text in Markdown", () => {
    fc.assert(
      fc.property(line, (text) => {
        expect(readMarkdown(escapeMarkdown(text))).toBe(text);
      }),
    );
  });
  it("leaves no active character in LaTeX", () => {
    fc.assert(
      fc.property(line, (text) => {
        // What remains after the commands that we write must hold none of LaTeX's ten special characters.
        const rest = escapeLatex(text).replaceAll(/\\text[a-z]+\{\}|\\[&%$#_{}]|\$\\[a-zA-Z]+\$|\$-\$/g, "");
        expect(rest).not.toMatch(/[\\~^&%$#_{}]/);
      }),
    );
  });
  it("keeps every text in HTML, and no text becomes an element", () => {
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 3 }), (names) => {
        const t = resultTable({ caption: names[0]!, columns, rows: names.map((name) => ({ name })) });
        const { document } = new JSDOM(toHtml(t)).window;
        const cells = [...document.querySelectorAll("tbody tr")].map((row) => row.children[0]?.textContent);
        // HTML itself replaces a NUL, which no escape can hold.
        expect(cells).toEqual(names.map((name) => name.replaceAll("\0", "\uFFFD")));
        expect(document.querySelectorAll("script, img, b").length).toBe(0);
      }),
      { numRuns: 30 },
    );
  });
  it("gives a Markdown row as many cells as there are columns", () => {
    fc.assert(
      fc.property(table, (t) => {
        const rows = toMarkdown(t)
          .split("\n")
          .filter((text) => text.startsWith("|"));
        expect(rows.length).toBe(t.rows.length + 2);
        for (const row of rows) expect(row.split("|").length).toBe(columns.length + 2);
      }),
    );
  });
});

describe("toLatex", () => {
  it("spans groups and explains marks", () => {
    const tex = toLatex(sampleTable(), "quick_start");
    expect(tex).toContain(String.raw`\multicolumn{2}{c}{Seen classes} & \multicolumn{1}{c}{Unseen classes}`);
    expect(tex).toContain(String.raw`\cmidrule(lr){2-3} \cmidrule(lr){4-4}`);
    expect(tex).toContain(String.raw`\textsuperscript{$\dagger$} from results/, not trained in this run`);
    expect(tex).toContain(String.raw`\label{tab:quick-start}`);
  });
});

describe("toDataFrame", () => {
  it("has a column for each value, bound and mark", async () => {
    const t = sampleTable();
    const frame = await toDataFrame(t);
    expect(frame.columns).toEqual(flatten(t).keys);
    expect(frame.column("seen_open").values).toEqual([0.461, 0.97, 0.943, 0.97]);
    expect(frame.column("method_mark").values).toEqual([null, "†", null, null]);
  });
});

describe("exportTable", () => {
  it("writes four files that read back, and no temporary ones", () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "table-"));
    try {
      const files = exportTable(sampleTable(), path.join(folder, "deep"), "quickstart");
      expect(files.map((file) => path.basename(file))).toEqual(
        ["csv", "json", "md", "tex"].map((extension) => `quickstart.${extension}`),
      );
      expect(fs.readdirSync(path.join(folder, "deep")).length).toBe(4);
      expect(tableFromJson(fs.readFileSync(files[1]!, "utf8"))).toEqual(sampleTable());
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  });
});
