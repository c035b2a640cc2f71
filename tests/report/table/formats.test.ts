import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import fc from "fast-check";
import { JSDOM } from "jsdom";
import { describe, expect, it } from "vitest";
import { parseCsv } from "../../../src/core/csv";
import { printable, printableLine } from "../../../src/core/printable";
import { toCsv } from "../../../src/report/table/csv";
import { toDataFrame } from "../../../src/report/table/dataframe";
import { exportTable } from "../../../src/report/table/export";
import { toHtml } from "../../../src/report/table/html";
import { tableFromJson, toJson } from "../../../src/report/table/json";
import { toLatex } from "../../../src/report/table/latex";
import { escapeMarkdown, toMarkdown } from "../../../src/report/table/markdown";
import { type Cell, type Column, type ResultTable, resultTable } from "../../../src/report/table/table";
import { toText } from "../../../src/report/table/text";
import { sampleTable } from "../gallery";
import { rowsFromCsv } from "./fromCsv";

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
  it("gives back every cell, bit for bit; what a terminal would take for an order, written out", () => {
    const written = (text: string) => text.split("\r").map(printable).join("\r");
    const expected = (cell: Cell | undefined): Cell =>
      typeof cell === "string"
        ? written(cell)
        : cell !== null && typeof cell === "object" && "text" in cell
          ? { ...cell, text: written(cell.text) }
          : (cell ?? null);
    fc.assert(
      fc.property(table, (t) => {
        const rows = t.rows.map(({ name, score }) => ({ name: expected(name), score: expected(score) }));
        expect(rowsFromCsv(toCsv(t), t.columns)).toEqual(rows);
      }),
      { examples: [[resultTable({ caption: "c", columns, rows: [{ name: "\u2028\u202e\0", score: null }] })]] },
    );
  });
  it("writes out what would give a terminal orders or end a text, and keeps line ends", () => {
    const name = "a\0b\x1b[2J\u202e,\r\n\tc";
    const text = toCsv(resultTable({ caption: "c", columns, rows: [{ name }] }));
    expect(text).toBe('name,score_percent\n"a\\u0000b\\u001b[2J\\u202e,\r\n\tc",\n');
    expect(rowsFromCsv(text, columns)[0]?.["name"]).toBe("a\\u0000b\\u001b[2J\\u202e,\r\n\tc");
  });
  it("holds percentages as the table shows them, to the last digit, and says so in its heading", () => {
    const one = resultTable({
      caption: "c",
      columns: [{ key: "score", title: "Score", kind: "number", percent: true }],
      rows: [0.3101851851851852, 1, 0.07, 1e-9, -0.125].map((score) => ({ score })),
    });
    // the point moves two digits: 0.07 · 100 in doubles would be 7.000000000000001
    expect(toCsv(one)).toBe("score_percent\n31.01851851851852\n100\n7\n0.0000001\n-12.5\n");
  });
  it.each([
    ["=1+1", "'=1+1"],
    ["+A1", "'+A1"],
    ["@SUM(A1)", "'@SUM(A1)"],
    ["-A1", "'-A1"],
    ["\t=1", "'\t=1"],
    ["\r=1", '"\'\r=1"'],
    ["＝1", "'＝1"],
    ["'=1", "''=1"],
    ["-5.5", "-5.5"],
    ["'quoted'", "'quoted'"],
    ["a=b", "a=b"],
  ])("keeps spreadsheets from calculating %j", (name, field) => {
    const text = toCsv(resultTable({ caption: "c", columns, rows: [{ name }] }));
    expect(text).toBe(`name,score_percent\n${field},\n`);
    expect(rowsFromCsv(text, columns)[0]?.["name"]).toBe(name);
  });
  it("writes no text that begins like a formula, and gives every one back", () => {
    const risky = fc.stringMatching(/^'?'?[=+@\t\r\n＝＋＠-]?[\s\S]{0,4}$/);
    fc.assert(
      fc.property(risky, (name) => {
        const text = toCsv(resultTable({ caption: "c", columns, rows: [{ name }] }));
        const field = parseCsv(text)[1]?.[0] ?? "";
        expect(/^[=+@\t\r\n]/.test(field) || (field.startsWith("-") && Number.isNaN(Number(field)))).toBe(false);
        const kept = name.split("\r").map(printable).join("\r");
        expect(rowsFromCsv(text, columns)[0]?.["name"]).toBe(kept);
      }),
    );
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
        expect(readMarkdown(escapeMarkdown(text))).toBe(printableLine(text));
      }),
    );
  });
  it("keeps every text in HTML, and no text becomes an element", () => {
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 3 }), (names) => {
        const t = resultTable({ caption: names[0]!, columns, rows: names.map((name) => ({ name })) });
        const { document } = new JSDOM(toHtml(t)).window;
        const cells = [...document.querySelectorAll("tbody tr")].map((row) => row.children[0]?.textContent);
        expect(cells).toEqual(names.map(printable));
        expect(document.querySelectorAll("script, img, b").length).toBe(0);
      }),
      { numRuns: 30 },
    );
  });
  it("lets no control character of a text reach a reader, in any format that is read as it is", () => {
    const nasty = fc.string({
      unit: fc.constantFrom(
        "\0",
        "\x07",
        "\x1b[31m",
        "\x1b]0;owned\x07",
        "\x7f",
        "\x9b2J",
        "\u202e",
        "\u2067",
        "\u2028",
        "\r",
        "\n",
        "\t",
        "a",
        "|",
        "\ud800",
        "\uffff",
      ),
      minLength: 1,
    });
    fc.assert(
      fc.property(nasty, nasty, (name, title) => {
        const t = resultTable({
          caption: title,
          columns: [{ key: "name", title, group: name, kind: "text" }],
          rows: [{ name: { text: name, mark: "†" } }],
          marks: { "†": name },
          notes: [title],
          provenance: { run: name },
        });
        const html = toHtml(t).replaceAll("\t", " "); // a tab is a space to HTML
        for (const shown of [toText(t), toMarkdown(t), html, toLatex(t)]) {
          expect(shown.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u202a-\u202e\u2066-\u2069\uffff]/u);
        }
        // a row is one line: caption, rule, groups, rule, titles, rule, row, rule, mark, note, provenance
        expect(toText(t).trimEnd().split("\n").length).toBeLessThanOrEqual(11);
      }),
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

describe("toDataFrame", () => {
  it("has a column for each value, bound and mark, in the units of the CSV", async () => {
    const t = sampleTable();
    const frame = await toDataFrame(t);
    expect(frame.columns).toEqual(toCsv(t).split("\n")[0]?.split(","));
    expect(frame.column("seen_open_percent").values).toEqual([46.1, 97, 94.3, 97]);
    expect(frame.column("method_mark").values).toEqual([null, "†", null, null]);
  });

  const gaps = (values: (number | null)[]): ResultTable =>
    resultTable({
      caption: "c",
      columns: [
        { key: "method", title: "M", kind: "text" },
        { key: "x", title: "X", kind: "number" },
      ],
      rows: values.map((x, i) => ({ method: i < 3 ? "a" : i < 5 ? "b" : "c", x })),
    });
  // a: 1 and 4, b: 0.5 and 1.5, c: nothing. All four: mean 7/4; deviations −.75, 2.25, −1.25, −.25, squares 7.25, over 3
  const frameWithGaps = () => toDataFrame(gaps([null, 1, 4, 0.5, 1.5, null]));

  it("leaves what was not measured out of every statistic, wherever the gap stands", async () => {
    const frame = await frameWithGaps();
    expect(frame.column("x").values).toEqual([NaN, 1, 4, 0.5, 1.5, NaN]);
    expect(frame.column("x").mean()).toBe(1.75);
    const { index, values } = frame.describe();
    const told = Object.fromEntries(index.map((name, i) => [name, (values[i] as number[])[0]]));
    expect(told).toMatchObject({ count: 4, mean: 1.75, min: 0.5, median: 1.25, max: 4 });
    expect(told["variance"]).toBeCloseTo(7.25 / 3, 12);
    expect(told["std"]).toBeCloseTo(Math.sqrt(7.25 / 3), 12);
  });

  it.each([
    ["mean", [2.5, 1, NaN]],
    ["sum", [5, 2, NaN]],
    ["min", [1, 0.5, NaN]],
    ["max", [4, 1.5, NaN]],
    ["std", [Math.sqrt(4.5), Math.sqrt(0.5), NaN]],
    ["count", [2, 2, 0]],
  ] as const)("gives groups the %s of what was measured, and NaN for nothing", async (operation, expected) => {
    const grouped = (await frameWithGaps()).groupby(["method"]).col(["x"])[operation]();
    expect(grouped.values.map((row) => (row as number[])[1])).toEqual(expected);
  });

  it("describes a column of which nothing was measured, and frames made from frames", async () => {
    const nothing = (await toDataFrame(gaps([null, null]))).describe();
    expect(nothing.values.map((row) => (row as number[])[0])).toEqual([0, NaN, NaN, NaN, NaN, NaN, NaN]);
    const sorted = (await frameWithGaps()).head(3).describe();
    expect((sorted.values[1] as number[])[0]).toBe(2.5);
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
