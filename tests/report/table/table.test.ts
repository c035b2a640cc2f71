import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LabError } from "../../../src/core/errors";
import { toHtml } from "../../../src/report/table/html";
import { toLatex } from "../../../src/report/table/latex";
import { toMarkdown } from "../../../src/report/table/markdown";
import { headedColumns, shownCells } from "../../../src/report/table/format";
import { type Cell, type Column, resultTable } from "../../../src/report/table/table";
import { toText } from "../../../src/report/table/text";
import { sampleTable } from "../gallery";

const one = (cell: Cell, more: Partial<Column> = {}) => {
  const column: Column = { key: "a", title: "A", kind: "number", ...more };
  return resultTable({ caption: "c", columns: [column], rows: [{ a: cell }], marks: { "†": "old" } });
};
const shown = (cell: Cell, more: Partial<Column> = {}) => shownCells(one(cell, more))[0]?.[0];

describe("resultTable", () => {
  it.each([
    ["a number that is not finite", () => one(NaN), /not a finite number/],
    ["an interval beside its value", () => one({ value: 2, low: 0, high: 1 }), /does not hold its value/],
    ["half an interval", () => one({ value: 2, low: 0 }), /does not hold its value/],
    ["a mark without explanation", () => one({ value: 2, mark: "‡" }), /‡ has no explanation/],
    ["text in a number column", () => one("x"), /holds no number/],
    ["an unknown column", () => resultTable({ caption: "", columns: [], rows: [{ b: 1 }] }), /no such column/],
    ["a reserved key", () => one(1, { key: "a_low" }), /cannot be a column key/],
  ])("refuses %s", (_, make, message) => {
    expect(make).toThrow(LabError);
    expect(make).toThrow(message);
  });
});

describe("shownCells", () => {
  it("shows percentages, symmetric intervals with ±, others as a range", () => {
    // 0.661 ± 0.049 is the same width on both sides; 1 − 0.97 = 0.03 against 0.05 below is not.
    expect(shown({ value: 0.661, low: 0.612, high: 0.71 }, { percent: true })?.body).toBe("66.1 ± 4.9");
    expect(shown({ value: 0.97, low: 0.92, high: 1 }, { percent: true })?.body).toBe("97.0 [92.0, 100.0]");
  });
  it("shows small numbers with three digits, and those of a column that reaches 10 with one, such as means of counts", () => {
    expect(shown({ value: 0.331, low: 0.3, high: 0.362 })?.body).toBe("0.331 ± 0.031");
    expect(shown({ value: 275, low: 266.394, high: 283.606 })?.body).toBe("275.0 ± 8.6");
    expect([shown(275)?.body, shown(-12.34)?.body, shown(9.5)?.body]).toEqual(["275", "−12.3", "9.500"]);
    expect(shown(275.25, { digits: 3 })?.body).toBe("275.250");
  });
  it("never shows ± where the sides of an interval differ, not even where half-widths are asked for", () => {
    // 1 − 0.97 = 0.03 above, 0.97 − 0.92 = 0.05 below
    expect(shown({ value: 0.97, low: 0.92, high: 1 }, { percent: true, interval: "half-width" })).toEqual({
      body: "97.0 +3.0 −5.0",
      mark: "",
      sides: { value: "97.0", above: "+3.0", below: "−5.0" },
    });
    const interval = fc.tuple(fc.integer({ max: 999 }), fc.nat(99), fc.nat(99));
    fc.assert(
      fc.property(interval, ([value, above, below]) => {
        const cell = { value, low: value - below, high: value + above };
        const body = shown(cell, { interval: "half-width", digits: 0 })?.body ?? "";
        expect(body.includes("±")).toBe(above === below);
      }),
    );
  });
  it("says the unit once in the heading: after the group where all of it is in per cent, else after the column", () => {
    const percent = { kind: "number", percent: true } as const;
    const table = resultTable({
      caption: "c",
      columns: [
        { key: "a", title: "seen", group: "Closed", ...percent },
        { key: "b", title: "unseen", group: "Closed", ...percent },
        { key: "c", title: "right", group: "Chains", ...percent },
        { key: "d", title: "items", group: "Chains", kind: "number" },
        { key: "e", title: "share", ...percent },
        { key: "f", title: "% of all", ...percent },
      ],
      rows: [],
    });
    expect(headedColumns(table).map(({ group, title }) => [group, title])).toEqual([
      ["Closed (%)", "seen"],
      ["Closed (%)", "unseen"],
      ["Chains", "right (%)"],
      ["Chains", "items"],
      [undefined, "share (%)"],
      [undefined, "% of all"],
    ]);
  });
  it("keeps marks apart, shows gaps as a dash, and never a negative zero", () => {
    expect(shown({ value: 3, mark: "†" }, { digits: 0 })).toEqual({ body: "3", mark: "†" });
    expect(shown(null)?.body).toBe("–");
    expect(shown(-0.0001, { digits: 2 })?.body).toBe("0.00");
    expect(shown(-0.6, { digits: 0 })?.body).toBe("−1");
    // a p-value is small, never nothing
    expect(shown(0.0004, { positive: true })?.body).toBe("< 0.001");
    expect(shown(0, { positive: true, digits: 4 })?.body).toBe("< 0.0001");
    expect(shown(0, { positive: "or 0", digits: 2 })?.body).toBe("0.00");
    expect(shown(0.004, { positive: "or 0", digits: 2 })?.body).toBe("< 0.01");
    expect(shown(0.0005, { positive: true })?.body).toBe("0.001"); // 0.0005 in binary lies a little above itself
  });
});

it.each([
  [{ profile: "smoke" }, true],
  [{ profile: "smoke-set-1a2b3c" }, true],
  [{ profiles: "mini smoke" }, true],
  [{ profile: "mini" }, false],
  [{ profile: "my-smoke" }, false],
  [{}, false],
])("below a table of %j stands in every format for readers that its numbers mean nothing: %s", (provenance, said) => {
  const table = { ...sampleTable(), provenance };
  for (const write of [toText, toMarkdown, toHtml, toLatex])
    expect(write(table).includes("Numbers of the profile smoke mean nothing"), write.name).toBe(said);
});

describe("toText", () => {
  it("aligns columns under their groups", () => {
    // Written by hand from the rules: widest cell a column, two spaces between, group headings centred over their columns.
    expect(toText(sampleTable())).toBe(
      [
        "Made-up accuracies, to test the renderers: 50 % & more",
        "────────────────────────────────────────────────────────────────────────────────",
        "                          Seen classes (%)             Unseen classes (%)",
        "                ─────────────────────────────────────  ──────────────────",
        "Method                  open world       closed world          open world  steps",
        "────────────────────────────────────────────────────────────────────────────────",
        "base, direct     46.1 [41.1, 51.1]  51.0 [46.0, 56.0]          47.0 ± 5.0      0",
        "SFT <labels>†   97.0 [92.0, 100.0]               88.0                   –    120",
        "CoT SFT         94.3 [89.3, 99.3]†                  –          66.0 ± 5.0    216",
        "CoT SFT + TAPO  97.0 [92.0, 100.0]  82.0 [77.0, 87.0]          67.0 ± 5.0    256",
        "────────────────────────────────────────────────────────────────────────────────",
        "† from results/, not trained in this run",
        "Intervals: 95 % over items.",
        "experiment sample · seed 1",
        "",
      ].join("\n"),
    );
  });
  it("breaks columns of texts between words where the terminal is narrower, and nothing where whole words do not fit", () => {
    const claim = "a claim of many words, told in full";
    const columns: Column[] = [
      { key: "name", title: "Experiment", kind: "text" },
      { key: "claim", title: "Claim", kind: "text" },
      { key: "n", title: "Items", kind: "number" },
    ];
    const notes = ["a note that is longer than the terminal is wide"];
    const table = resultTable({ caption: "c", columns, rows: [{ name: "closed-world", claim, n: 3 }, { name: "b", claim: "x", n: 4 }], notes }); // prettier-ignore
    expect(toText(table, 34)).toBe(`c
──────────────────────────────────
Experiment    Claim          Items
──────────────────────────────────
closed-world  a claim of         3
              many words,
              told in full

b             x                  4
──────────────────────────────────
a note that is longer than the
terminal is wide
`);
    const rules = (text: string): number => Math.max(...text.split("\n").map((line) => line.length));
    expect(rules(toText(table, 25))).toBe(rules(toText(table))); // "closed-world", "Items" and a word of the claim take 29
  });
  it("keeps a table without rows whole", () => {
    const empty = resultTable({ caption: "none", columns: [{ key: "a", title: "A", kind: "text" }], rows: [] });
    expect(toText(empty).split("\n").slice(0, 4)).toEqual(["none", "─", "A", "─"]);
  });
});
