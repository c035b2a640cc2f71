import { printableLine } from "../../core/printable";
import { explanations, groupHeadings, hasGroups, headedColumns, provenanceLine, shownCells } from "./format";
import type { Column, ResultTable } from "./table";
import { narrowed, width, wrapped } from "./wrap";

const GAP = "  ";

/**
 * The table for a terminal: aligned columns between rules, with caption, marks and notes; a line per row, whatever its texts hold.
 * @param room characters in a line of the terminal: columns of texts are broken into lines, between words, until the table is no wider
 */
export function toText(table: ResultTable, room = Infinity): string {
  const body = shownCells(table).map((row) => row.map(({ body, mark }) => printableLine(body + mark)));
  const columns = headedColumns(table).map((column) => ({
    ...column,
    title: printableLine(column.title),
    ...(column.group === undefined ? {} : { group: printableLine(column.group) }),
  }));
  const titles = columns.map((column) => column.title);
  const texts = titles.map((title, index) => [titles, ...body].map((row) => row[index] ?? title));
  const widths = narrowed(columns, texts, room - GAP.length * (columns.length - 1));
  widen(columns, widths);
  const line = (row: readonly string[]): string =>
    row
      .map((text, index) => pad(text, widths[index] ?? 0, columns[index]?.kind === "number" ? "right" : "left"))
      .join(GAP)
      .trimEnd();
  const lines = (row: readonly string[]): string => {
    const cells = row.map((text, index) =>
      columns[index]?.kind === "text" ? wrapped(text, widths[index] ?? 0) : [text],
    );
    const deep = Math.max(...cells.map(({ length }) => length));
    return Array.from({ length: deep }, (_, depth) => line(cells.map((cell) => cell[depth] ?? ""))).join("\n");
  };
  const rows = body.map(lines);
  const between = rows.some((row) => row.includes("\n")) ? "\n\n" : "\n"; // rows of several lines stand apart
  const rule = "─".repeat(total(widths));
  const notes = explanations(table).map(({ mark, text }) => printableLine(mark === "" ? text : `${mark} ${text}`));
  const origin = printableLine(provenanceLine(table));
  const fit = (text: string): string => wrapped(text, room).join("\n");
  return [
    fit(printableLine(table.caption)),
    rule,
    ...(hasGroups(columns) ? groupLines(columns, widths) : []),
    lines(titles),
    rule,
    ...(rows.length === 0 ? [] : [rows.join(between)]),
    rule,
    ...notes.map(fit),
    ...(origin === "" ? [] : [fit(origin)]),
    "",
  ].join("\n");
}

/** Widens the last column of a group whose heading is wider than its columns. */
function widen(columns: readonly Column[], widths: number[]): void {
  let at = 0;
  for (const { title, span } of groupHeadings(columns)) {
    const lack = width(title) - total(widths.slice(at, at + span));
    const last = at + span - 1;
    if (lack > 0) widths[last] = (widths[last] ?? 0) + lack;
    at += span;
  }
}

function groupLines(columns: readonly Column[], widths: readonly number[]): string[] {
  let at = 0;
  const spans = groupHeadings(columns).map(({ title, span }) => {
    const room = total(widths.slice(at, at + span));
    at += span;
    return { title, room };
  });
  const heading = spans.map(({ title, room }) => pad(title, room, "centre")).join(GAP);
  const rules = spans.map(({ title, room }) => (title === "" ? " " : "─").repeat(room)).join(GAP);
  return [heading.trimEnd(), rules.trimEnd()];
}

function total(widths: readonly number[]): number {
  return widths.reduce((sum, value) => sum + value, 0) + GAP.length * Math.max(0, widths.length - 1);
}

function pad(text: string, room: number, side: "left" | "right" | "centre"): string {
  const lack = Math.max(0, room - width(text));
  const before = side === "left" ? 0 : side === "right" ? lack : Math.floor(lack / 2);
  return " ".repeat(before) + text + " ".repeat(lack - before);
}
