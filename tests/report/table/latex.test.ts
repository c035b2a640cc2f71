import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { headedColumns, shownCells } from "../../../src/report/table/format";
import { escapeLatex, toLatex } from "../../../src/report/table/latex";
import { latexLayout } from "../../../src/report/table/latexLayout";
import { type ResultTable, resultTable } from "../../../src/report/table/table";
import { sampleTable, wideTable } from "../gallery";

const texts = (rows: readonly string[], caption = "c"): ResultTable =>
  resultTable({
    caption,
    columns: [
      { key: "a", title: "A", kind: "text" },
      { key: "b", title: "B", kind: "text" },
    ],
    rows: rows.map((a) => ({ a, b: a })),
  });
const layout = (table: ResultTable) => latexLayout(headedColumns(table), shownCells(table));

describe("escapeLatex", () => {
  it("leaves no active character", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        // What remains after the commands that we write must hold none of LaTeX's ten special characters.
        const rest = escapeLatex(text).replaceAll(
          /\\text[a-z]+\{\}|\\[&%$#_{}]|\$\\[a-zA-Z]+\$|\$(-|_\d)\$|['-]\{\}/g,
          "",
        );
        expect(rest).not.toMatch(/[\\~^&%$#_{}]/);
      }),
    );
  });
  it.each([
    ["a--b", "a-{}-b"],
    ["``x''", "\\textasciigrave{}\\textasciigrave{}x'{}'"],
    ["γ = 0, η₁ −1", "$\\gamma$ = 0, $\\eta$$_1$ $-$1"],
    ["\0\x1b[31m", "\\textbackslash{}u0000\\textbackslash{}u001b[31m"],
  ])("sets %j as it is", (text, tex) => {
    expect(escapeLatex(text)).toBe(tex);
  });
});

describe("toLatex", () => {
  it("spans groups and explains marks", () => {
    const tex = toLatex(sampleTable(), "quick_start");
    expect(tex).toContain(String.raw`\multicolumn{2}{c}{Seen classes (\%)} & \multicolumn{1}{c}`);
    expect(tex).toContain(String.raw`\cmidrule(lr){2-3} \cmidrule(lr){4-4}`);
    expect(tex).toContain(String.raw`\textsuperscript{$\dagger$} from results/, not trained in this run`);
  });

  it("gives tables of one paper different labels: their provenance and name", () => {
    expect(toLatex(sampleTable(), "quick_start")).toContain(String.raw`\label{tab:sample-1-quick-start}`);
    const other = { ...sampleTable(), provenance: { experiment: "sample", seed: "2" } };
    expect(toLatex(other, "quick_start")).toContain(String.raw`\label{tab:sample-2-quick-start}`);
    expect(toLatex(texts([], "Chains & (all)"))).toContain(String.raw`\label{tab:chains-all}`);
  });

  it("stacks the sides of an uneven interval, with true minus signs, also before a number", () => {
    const table = resultTable({
      caption: "c",
      columns: [{ key: "x", title: "X", kind: "number", digits: 1, interval: "half-width" }],
      rows: [{ x: { value: -1, low: -3, high: 2 } }, { x: -0.5 }],
    });
    const tex = toLatex(table);
    expect(tex).toContain("$-1.0^{+3.0}_{-2.0}$");
    expect(tex).toContain("$-$0.5 ");
  });

  it("keeps rules and row ends from taking a text for their own: no line begins with a bracket or a star", () => {
    const start = fc.constantFrom("[", "*", " [", "[0.3pt] x", "*[", "\n[", "");
    fc.assert(
      fc.property(fc.array(fc.tuple(start, fc.string()), { minLength: 1 }), (rows) => {
        const tex = toLatex(texts(rows.map((parts) => parts.join(""))));
        for (const line of tex.split("\n")) expect(line).not.toMatch(/^\s*[[*]/);
      }),
    );
  });

  it("cannot be broken out of by the provenance in its comment", () => {
    const table = { ...texts(["a"]), provenance: { run: "x^^M\\input{secret}\ny" } };
    const [comment, begin] = toLatex(table).split("\n");
    expect(comment).toBe("% run xM\\input{secret} y");
    expect(begin).toBe("\\begin{table}[t]");
  });
});

describe("latexLayout", () => {
  // \textwidth of the article class at 10, 11 and 12 pt, and what letters grow by from 10 pt (10.95 and 12 pt for normal size)
  const pages = [345, 360 / 1.095, 390 / 1.2];

  it("knows the width that TeX gives the table", () => {
    // \wd of a box that holds the tabular, as pdfTeX (TeX Live 2022, article, booktabs) typed it out
    const typeset = [
      [sampleTable(), [303.43504]],
      [wideTable(), [298.77501, 290.63026]],
    ] as const;
    for (const [table, widths] of typeset) {
      const { blocks } = layout(table);
      expect(blocks.length).toBe(widths.length);
      blocks.forEach(({ width }, at) => {
        expect(Math.abs(width / widths[at]! - 1)).toBeLessThan(0.01);
      });
    }
  });

  it("sets a wide table in a smaller face, then in parts that repeat the name of the row, over both columns of a page", () => {
    const { face, wide, blocks } = layout(wideTable());
    expect([face, wide]).toEqual(["\\footnotesize", true]);
    expect(blocks.map(({ columns }) => columns)).toEqual([
      [0, 1, 2, 3, 4, 5, 6],
      [0, 7, 8, 9, 10, 11, 12],
    ]);
    const tex = toLatex(wideTable());
    expect(tex.match(/\\begin\{tabular\}\{@\{\}l/g)?.length).toBe(2);
    expect(tex.match(/\\caption/g)?.length).toBe(1);
    expect(tex).toMatch(/\\begin\{table\*\}[^]*\\end\{table\*\}/);
  });

  it("leaves a narrow table in the document's face, in one column", () => {
    expect(layout(texts(["short"]))).toMatchObject({ face: "", wide: false, paragraphs: new Map() });
  });

  it("breaks long texts into paragraphs that fill the page and do not leave it", () => {
    const { paragraphs, blocks } = layout(texts(["a long text ".repeat(40)]));
    const total = [...paragraphs.values()].reduce((sum, width) => sum + width, 0);
    expect([...paragraphs.keys()]).toEqual([0, 1]);
    expect(blocks.length).toBe(1);
    expect(total).toBeGreaterThan(280);
    expect(total + 12).toBeLessThan(Math.min(...pages)); // 12 pt between the two
  });

  it("fits whatever numbers and headings come", () => {
    const word = fc.stringMatching(/^[a-zA-Z]{1,12}$/);
    const title = fc.array(word, { minLength: 1, maxLength: 4 }).map((words) => words.join(" "));
    const group = fc.option(fc.constantFrom("Closed world", "Open world, text inclusion"), { nil: undefined });
    const column = fc.record({ title, group, percent: fc.boolean() });
    fc.assert(
      fc.property(fc.array(column, { minLength: 1, maxLength: 14 }), (specs) => {
        const columns = specs.map(({ title: text, group: above, percent }, at) => ({
          key: `c${at}`,
          title: text,
          kind: "number" as const,
          percent,
          ...(above === undefined ? {} : { group: above }),
        }));
        const row = Object.fromEntries(columns.map(({ key }) => [key, { value: 0.5, low: 0.4, high: 0.7 }]));
        const table = resultTable({
          caption: "c",
          columns: [{ key: "method", title: "Method", kind: "text" }, ...columns],
          rows: [{ method: "SigLIP-style encoder", ...row }],
        });
        const { blocks } = layout(table);
        const shown = blocks.flatMap((block) => block.columns.slice(1));
        expect(shown).toEqual(columns.map((_, at) => at + 1));
        // a group of neighbours is never torn apart, so a very long one may leave the page
        for (const { columns: own, width, groups } of blocks) {
          if (own.length === 2 || groups.every(({ span }) => span <= 2)) expect(width).toBeLessThan(Math.min(...pages));
        }
      }),
      { numRuns: 200 },
    );
  });
});
