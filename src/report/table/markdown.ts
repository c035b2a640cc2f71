import { printableLine } from "../../core/printable";
import { explanations, headedColumns, provenanceLine, shownCells } from "./format";
import type { ResultTable } from "./table";

/** A GitHub-flavoured Markdown table with its caption above and its notes below. */
export function toMarkdown(table: ResultTable): string {
  const titles = headedColumns(table).map(({ group, title }) =>
    escapeMarkdown(group === undefined ? title : `${group}: ${title}`),
  );
  const rule = table.columns.map(({ kind }) => (kind === "number" ? "---:" : ":---"));
  const body = shownCells(table).map((row) =>
    row.map(({ body, mark }, index) => {
      // "[61.2, 70.0]" after a number is plain text in Markdown and stays readable unescaped.
      const shown = table.columns[index]?.kind === "number" ? body : escapeMarkdown(body);
      return mark === "" ? shown : `${shown} ${escapeMarkdown(mark)}`;
    }),
  );
  const notes = explanations(table).map(({ mark, text }) => escapeMarkdown(mark === "" ? text : `${mark} ${text}`));
  const origin = provenanceLine(table);
  const lines = [titles, rule, ...body].map((row) => `| ${row.join(" | ")} |`);
  const parts = [
    `**${escapeMarkdown(table.caption)}**`,
    lines.join("\n"),
    ...notes,
    ...(origin === "" ? [] : [`_${escapeMarkdown(origin)}_`]),
  ];
  return `${parts.join("\n\n")}\n`;
}

/**
 * Text that Markdown (and the TeX in notebooks) shows as it is: special characters become entities, line ends spaces, and
 * control characters are written out.
 */
export function escapeMarkdown(text: string): string {
  return printableLine(text).replaceAll(/[\\`*_[\]<>|#~&$]/g, (character) => `&#${character.charCodeAt(0)};`);
}
