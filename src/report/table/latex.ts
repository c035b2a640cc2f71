import { explanations, groupHeadings, hasGroups, provenanceLine, shownCells } from "./format";
import type { ResultTable } from "./table";

/**
 * A LaTeX `table` with booktabs rules; the preamble needs `\usepackage{booktabs}`.
 * @param label what `\ref` asks for, without the "tab:" in front
 */
export function toLatex(table: ResultTable, label = "results"): string {
  const align = table.columns.map(({ kind }) => (kind === "number" ? "r" : "l")).join("");
  const row = (cells: readonly string[]): string => `    ${cells.join(" & ")} \\\\`;
  const body = shownCells(table).map((cells) =>
    row(cells.map(({ body, mark }) => escapeLatex(body) + (mark === "" ? "" : superscript(mark)))),
  );
  const notes = explanations(table).map(
    ({ mark, text }) => `  \\par\\footnotesize ${mark === "" ? "" : `${superscript(mark)} `}${escapeLatex(text)}`,
  );
  const origin = provenanceLine(table).replaceAll(/\s+/g, " ");
  return [
    ...(origin === "" ? [] : [`% ${origin}`]),
    "\\begin{table}[t]",
    "  \\centering",
    `  \\caption{${escapeLatex(table.caption)}}`,
    `  \\label{tab:${label.replaceAll(/[^A-Za-z0-9:-]/g, "-")}}`,
    `  \\begin{tabular}{${align}}`,
    "    \\toprule",
    ...(hasGroups(table.columns) ? groupLines(table) : []),
    row(table.columns.map(({ title }) => escapeLatex(title))),
    "    \\midrule",
    ...body,
    "    \\bottomrule",
    "  \\end{tabular}",
    ...notes,
    "\\end{table}",
    "",
  ].join("\n");
}

const SPECIAL: Readonly<Record<string, string>> = {
  "\\": "\\textbackslash{}",
  "~": "\\textasciitilde{}",
  "^": "\\textasciicircum{}",
  "<": "\\textless{}",
  ">": "\\textgreater{}",
  "|": "\\textbar{}",
  '"': "''",
  "±": "$\\pm$",
  "†": "$\\dagger$",
  "‡": "$\\ddagger$",
  "×": "$\\times$",
  "→": "$\\rightarrow$",
  "≤": "$\\le$",
  "≥": "$\\ge$",
  "≈": "$\\approx$",
  Δ: "$\\Delta$",
  "−": "$-$",
  "·": "$\\cdot$",
  "–": "--",
  "—": "---",
};

/** Text that LaTeX sets as it is; line ends become spaces. */
export function escapeLatex(text: string): string {
  return text
    .replaceAll(/\s*[\r\n]+\s*/g, " ")
    .replaceAll(/[\\~^<>|"±†‡×→≤≥≈Δ−·–—&%$#_{}]/g, (character) => SPECIAL[character] ?? `\\${character}`);
}

function superscript(mark: string): string {
  return `\\textsuperscript{${escapeLatex(mark)}}`;
}

function groupLines(table: ResultTable): string[] {
  let at = 1;
  const cells: string[] = [];
  const rules: string[] = [];
  for (const { title, span } of groupHeadings(table.columns)) {
    cells.push(title === "" && span === 1 ? "" : `\\multicolumn{${span}}{c}{${escapeLatex(title)}}`);
    if (title !== "") rules.push(`\\cmidrule(lr){${at}-${at + span - 1}}`);
    at += span;
  }
  return [`    ${cells.join(" & ")} \\\\`, `    ${rules.join(" ")}`];
}
