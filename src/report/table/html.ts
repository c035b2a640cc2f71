import { printable } from "../../core/printable";
import { explanations, groupHeadings, hasGroups, headedColumns, provenanceLine, shownCells } from "./format";
import type { ResultTable } from "./table";

// Styles stand on the elements, since notebook viewers drop <style>; colours are taken from the page, light or dark.
const RULE = "1px solid rgba(128,128,128,0.75)";
const CELL = "padding:3px 10px;border:none;background:transparent;color:inherit;";
/** Texts of more characters than this are broken into lines. */
const LONG = 60;

/** A table for a page or a notebook; every text is escaped. */
export function toHtml(table: ResultTable): string {
  const align = (index: number): string => `text-align:${table.columns[index]?.kind === "number" ? "right" : "left"};`;
  const titles = headedColumns(table).map(
    ({ title }, index) =>
      `<th scope="col" style="${CELL}${align(index)}border-bottom:${RULE}">${escapeHtml(title)}</th>`,
  );
  const rows = shownCells(table).map((row) => {
    const cells = row.map(({ body, mark }, index) => {
      const sup = mark === "" ? "" : `<sup>${escapeHtml(mark)}</sup>`;
      const wrap = body.length > LONG ? "white-space:normal;min-width:32em" : "white-space:nowrap";
      return `<td style="${CELL}${align(index)}${wrap}">${escapeHtml(body)}${sup}</td>`;
    });
    return `<tr style="background:transparent">${cells.join("")}</tr>`;
  });
  const style = `border-collapse:collapse;border-top:2px solid rgba(128,128,128,0.9);border-bottom:2px solid rgba(128,128,128,0.9);color:inherit;font-variant-numeric:tabular-nums;margin:4px 0`;
  return [
    `<div style="overflow-x:auto;color:inherit">`,
    `<table style="${style}">`,
    `<caption style="caption-side:top;text-align:left;font-weight:600;color:inherit;padding:2px 0 6px">${escapeHtml(table.caption)}</caption>`,
    `<thead>${hasGroups(table.columns) ? groupRow(table) : ""}<tr style="background:transparent">${titles.join("")}</tr></thead>`,
    `<tbody>${rows.join("\n")}</tbody>`,
    `</table>${footer(table)}</div>`,
    "",
  ].join("\n");
}

/** Text as HTML and SVG show it, in elements and in quoted attributes; control characters are written out. */
export function escapeHtml(text: string): string {
  return printable(text).replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function groupRow(table: ResultTable): string {
  const cells = groupHeadings(headedColumns(table)).map(({ title, span }) => {
    const rule = title === "" ? "" : `border-bottom:${RULE}`;
    return `<th colspan="${span}" style="${CELL}text-align:center;${rule}">${escapeHtml(title)}</th>`;
  });
  return `<tr style="background:transparent">${cells.join("")}</tr>`;
}

function footer(table: ResultTable): string {
  const line = (html: string): string => `<div style="font-size:0.85em;opacity:0.8">${html}</div>`;
  const notes = explanations(table).map(({ mark, text }) =>
    line(`${mark === "" ? "" : `<sup>${escapeHtml(mark)}</sup> `}${escapeHtml(text)}`),
  );
  const origin = provenanceLine(table);
  return [...notes, ...(origin === "" ? [] : [line(escapeHtml(origin))])].join("");
}
