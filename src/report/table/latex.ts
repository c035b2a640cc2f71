import { printableLine } from "../../core/printable";
import { type ShownCell, explanations, headedColumns, provenanceLine, shownCells } from "./format";
import { type Block, type LatexLayout, latexLayout } from "./latexLayout";
import type { Column, ResultTable } from "./table";

/**
 * A LaTeX table with booktabs rules; the preamble needs `\usepackage{booktabs}`. It fits `\textwidth` of an article: a wide
 * one is set in a smaller face or in parts below each other, and spans both columns of a two-column page. Letters that pdfTeX
 * does not know (Chinese, Cyrillic, …) want XeLaTeX or LuaLaTeX.
 * @param name with the table's provenance it makes the label: `\ref{tab:table3a-mini-1-table}`; default: the caption
 */
export function toLatex(table: ResultTable, name = table.caption): string {
  const [columns, cells] = [headedColumns(table), shownCells(table)];
  const layout = latexLayout(columns, cells);
  const { face, gap, blocks, wide } = layout;
  const environment = wide ? "table*" : "table";
  const stacks = cells.some((row) => row.some(({ sides }) => sides !== undefined));
  const settings = [
    ...(face === "" ? [] : [`  ${face}\\setlength{\\tabcolsep}{${gap}pt}`]),
    ...(stacks ? ["  \\renewcommand{\\arraystretch}{1.3}"] : []),
  ];
  const parts = blocks.map((block) => tabular({ columns, cells, ...layout }, block));
  const notes = explanations(table).map(
    ({ mark, text }) =>
      `  \\par\\smallskip\\footnotesize ${mark === "" ? "" : `${superscript(mark)} `}${escapeLatex(text)}`,
  );
  // A caret in a comment is still read: ^^M would end its line.
  const origin = printableLine(provenanceLine(table)).replaceAll("^", "");
  return [
    ...(origin === "" ? [] : [`% ${origin}`]),
    `\\begin{${environment}}[t]`,
    "  \\centering",
    `  \\caption{${escapeLatex(table.caption)}}`,
    `  \\label{tab:${labelOf(table, name)}}`,
    ...settings,
    "  \\smallskip",
    parts.join("\n  \\par\\medskip\n"),
    ...notes,
    `\\end{${environment}}`,
    "",
  ].join("\n");
}

/** What stands for a character in text, and in mathematics. */
const TEXT: Readonly<Record<string, string>> = {
  "\\": "\\textbackslash{}",
  "~": "\\textasciitilde{}",
  "^": "\\textasciicircum{}",
  "`": "\\textasciigrave{}",
  "<": "\\textless{}",
  ">": "\\textgreater{}",
  "|": "\\textbar{}",
  '"': "''",
  "–": "--",
  "—": "---",
};
const MATHS: Readonly<Record<string, string>> = {
  "−": "-",
  "±": "\\pm",
  "×": "\\times",
  "·": "\\cdot",
  "†": "\\dagger",
  "‡": "\\ddagger",
  "→": "\\rightarrow",
  "≤": "\\le",
  "≥": "\\ge",
  "≈": "\\approx",
  Δ: "\\Delta",
  α: "\\alpha",
  β: "\\beta",
  γ: "\\gamma",
  δ: "\\delta",
  ε: "\\varepsilon",
  η: "\\eta",
  θ: "\\theta",
  κ: "\\kappa",
  λ: "\\lambda",
  μ: "\\mu",
  π: "\\pi",
  ρ: "\\rho",
  σ: "\\sigma",
  τ: "\\tau",
  "₀": "_0",
  "₁": "_1",
  "₂": "_2",
};
/** All of these, LaTeX's own signs, and hyphens and apostrophes that would melt into one sign with the next. */
const ACTIVE = /[\\~^`<>|"–—−±×·†‡→≤≥≈Δαβγδεηθκλμπρστ₀₁₂&%$#_{}]|-(?=-)|'(?=')/g;

/** Text that LaTeX sets as it is; line ends become spaces, control characters are written out. */
export function escapeLatex(text: string): string {
  return printableLine(text).replaceAll(ACTIVE, (character) => {
    const maths = MATHS[character];
    if (maths !== undefined) return `$${maths}$`;
    return TEXT[character] ?? (/['-]/.test(character) ? `${character}{}` : `\\${character}`);
  });
}

function superscript(mark: string): string {
  return `\\textsuperscript{${escapeLatex(mark)}}`;
}

/** The table's name among all tables of a paper: its provenance and its own name, in letters, digits and hyphens. */
function labelOf({ provenance }: ResultTable, name: string): string {
  const words = [...Object.values(provenance), name].join("-").replaceAll(/[^A-Za-z0-9]+/g, "-");
  return words.replace(/^-/, "").replace(/-$/, "").toLowerCase();
}

interface Sheet extends LatexLayout {
  readonly columns: readonly Column[];
  readonly cells: readonly (readonly ShownCell[])[];
}

/** Without it `\raggedright` would take the end of the row for the end of a line. */
const RAGGED = "\\raggedright\\let\\\\\\tabularnewline";

/** One part of the table. */
function tabular(sheet: Sheet, { columns: block, groups }: Block): string {
  const align = block.map((at) => {
    const width = sheet.paragraphs.get(at);
    if (width !== undefined) return `p{${width}pt}`;
    return sheet.columns[at]?.kind === "number" ? "r" : "l";
  });
  const body = sheet.cells.map((cells) =>
    line(
      block.map((at) => {
        const set = texCell(cells[at] ?? { body: "", mark: "" });
        return sheet.paragraphs.has(at) ? `${RAGGED} ${set}` : set;
      }),
    ),
  );
  return [
    `  \\begin{tabular}{@{}${align.join("")}@{}}`,
    "    \\toprule",
    ...(groups.some(({ lines }) => lines.length > 0) ? groupLines(groups) : []),
    line(block.map((at) => stacked(sheet.titles[at] ?? [], sheet.columns[at]?.kind === "number" ? "r" : "l"))),
    "    \\midrule",
    ...body,
    "    \\bottomrule",
    "  \\end{tabular}",
  ].join("\n");
}

function line(cells: readonly string[]): string {
  return `    ${guarded(cells.join(" & "))} \\\\`;
}

/** An empty group keeps a leading "[" or "*" from the rule or the `\\` before it, which would take it for its own. */
function guarded(text: string): string {
  return /^\s*[[*]/.test(text) ? `{}${text}` : text;
}

function texCell({ body, mark, sides }: ShownCell): string {
  const set =
    sides === undefined
      ? escapeLatex(body)
      : `$${[sides.value, `^{${sides.above}}`, `_{${sides.below}}`].join("").replaceAll("−", "-")}$`;
  return mark === "" ? set : set + superscript(mark);
}

/** A heading of one line or several. */
function stacked(lines: readonly string[], side: "l" | "c" | "r"): string {
  const [first = ""] = lines;
  if (lines.length < 2) return escapeLatex(first);
  const set = lines.map((text) => guarded(escapeLatex(text))).join("\\\\");
  return `\\begin{tabular}[b]{@{}${side}@{}}${set}\\end{tabular}`;
}

function groupLines(groups: Block["groups"]): string[] {
  let at = 1;
  const cells: string[] = [];
  const rules: string[] = [];
  for (const { lines, span } of groups) {
    cells.push(lines.length === 0 && span === 1 ? "" : `\\multicolumn{${span}}{c}{${stacked(lines, "c")}}`);
    if (lines.length > 0) rules.push(`\\cmidrule(lr){${at}-${at + span - 1}}`);
    at += span;
  }
  return [line(cells), `    ${rules.join(" ")}`];
}
