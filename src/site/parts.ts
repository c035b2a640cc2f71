import { dataMarkup, html, type Markup } from "../report/display/view";
import type { PlotlyFigure } from "../report/figure/figure";
import { groupOf, plainText, textOf, titleIn } from "../report/figure/style";
import { escapeHtml } from "../report/table/html";
import {
  explanations,
  groupHeadings,
  hasGroups,
  headedColumns,
  provenanceLine,
  shownCells,
} from "../report/table/format";
import { bareValue, cellOf, type ResultTable } from "../report/table/table";
import type { FoundFigure } from "./found";

/** What every page of the site is put together from. */

/** A page. */
export interface Page {
  readonly title: string;
  /** Its place in the site, such as "quickstart/mini/index.html". */
  readonly at: string;
  /** Scripts of the site's root that it ends with. */
  readonly scripts: readonly string[];
  readonly body: Markup;
}

/** What all pages stand under. */
export const SITE_TITLE = "Fine-R1 in a mini-world";

/** By this a folder is known for a site, which another may take the place of. */
export const GENERATOR = '<meta name="generator" content="fine-r1 report">';

const NAVIGATION = [
  ["index.html", "Experiments"],
  ["answers.html", "Answers"],
  ["glossary.html", "Glossary"],
] as const;

/** The whole page. It asks nobody for anything: styles, scripts and pictures are files of the site. */
export function pageText({ title, at, scripts, body }: Page): string {
  const links = NAVIGATION.map(([to, text]) =>
    to === at
      ? html`<a href="${link(at, to)}" aria-current="page">${text}</a>`
      : html`<a href="${link(at, to)}">${text}</a>`,
  );
  const top = html`<a class="skip" href="#main">To the content</a>
    <header class="top">
      <a class="name" href="${link(at, "index.html")}">${SITE_TITLE}</a>
      <nav aria-label="site">${links}</nav>
    </header>`;
  return [
    "<!doctype html>",
    '<html lang="en">',
    "<head>",
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    GENERATOR,
    `<title>${escapeHtml(title)}</title>`,
    '<link rel="icon" href="data:,">',
    `<link rel="stylesheet" href="${link(at, "site.css")}">`,
    "</head>",
    "<body>",
    top.source,
    body.source,
    ...scripts.map((script) => `<script src="${link(at, script)}"></script>`),
    "</body>",
    "</html>",
    "",
  ].join("\n");
}

/** The way from one place of the site to another. */
export function link(from: string, to: string): string {
  return "../".repeat(from.split("/").length - 1) + to;
}

/** Files to take away. @param folder where they lie, from the page */
export function downloads(names: readonly string[], endings: readonly string[], name: string, folder = ""): Markup {
  const own = endings.filter((ending) => names.includes(`${name}.${ending}`));
  const links = own.map((ending) => html` <a href="${folder}${name}.${ending}" download>${ending}</a>`);
  return html`<p class="files">${own.length === 0 ? "" : "as"}${links}</p>`;
}

/** A table whose headings sort it (client.ts): every cell of numbers carries its exact value. */
export function tableMarkup(name: string, table: ResultTable, files: Markup): Markup {
  const columns = headedColumns(table);
  const groups = groupHeadings(columns).map(({ title, span }) =>
    title === "" ? html`<td colspan="${span}"></td>` : html`<th colspan="${span}" scope="colgroup">${title}</th>`,
  );
  const titles = columns.map(
    ({ title, kind }) =>
      html`<th scope="col" class="${kind}" aria-sort="none"><button type="button">${title}</button></th>`,
  );
  const rows = shownCells(table).map((row, i) => {
    const cells = row.map(({ body, mark }, j) => {
      const { key = "", kind = "text" } = table.columns[j] ?? {};
      const value = bareValue(cellOf(table.rows[i] ?? {}, key));
      const long = body.length > LONG ? " long" : "";
      const sup = mark === "" ? [] : [html`<sup>${mark}</sup>`];
      return j === 0
        ? html`<th scope="row" class="${kind}${long}" data-value="${value ?? ""}">${body}${sup}</th>`
        : html`<td class="${kind}${long}" data-value="${value ?? ""}">${body}${sup}</td>`;
    });
    return html`<tr>
      ${cells}
    </tr>`;
  });
  const notes = explanations(table).map(
    ({ mark, text }) => html`<p>${mark === "" ? [] : [html`<sup>${mark}</sup> `]}${text}</p>`,
  );
  const head = hasGroups(columns) ? [html`<tr>${groups}</tr>`] : []; // prettier-ignore
  return html`<section class="result" id="${name}">
    <h3 id="caption-${name}">${table.caption}</h3>
    <div class="scroll" role="region" tabindex="0" aria-labelledby="caption-${name}">
      <table class="sortable" aria-labelledby="caption-${name}">
        <thead>
          ${head}
          <tr>
            ${titles}
          </tr>
        </thead>
        <tbody>
          ${rows}
        </tbody>
      </table>
    </div>
    <div class="notes">
      ${notes}
      <p>${provenanceLine(table)}</p>
      ${files}
    </div>
  </section>`;
}

/** Texts of more characters than this are broken into lines. */
const LONG = 48;

/** A figure: its drawing, in whose place the script (client.ts) puts the chart, with title and notes in the page's own letters. */
export function figureMarkup({ name, title: given, chart }: FoundFigure, files: Markup): Markup {
  const { title, notes, bare } = chart === undefined ? { title: given, notes: [], bare: undefined } : untitled(chart);
  const data = bare === undefined ? [] : [dataMarkup(`chart-${name}`, bare)];
  const alt = bare === undefined ? title : altOf(title, bare);
  return html`<figure class="result" id="figure-${name}">
    <h3>${title}</h3>
    <div class="scroll chart" role="region" tabindex="0" aria-label="${alt}" data-chart="chart-${name}">
      <img src="${name}.svg" alt="${alt}" />
    </div>
    ${data}
    <figcaption class="notes">${notes.map((note) => html`<p>${note}</p>`)} ${files}</figcaption>
  </figure>`;
}

/** A title's line, by the size that `frame` draws it in. */
const TITLE_LINE = 21;

/** A chart without its title, and title and small lines as texts: the page says them. */
function untitled({ data, layout }: PlotlyFigure): { title: string; notes: string[]; bare: PlotlyFigure } {
  const { title, notes, lines } = titleIn(layout);
  const removed = TITLE_LINE * lines;
  const margin = groupOf(layout["margin"]);
  const [top, height] = [margin["t"], layout["height"]];
  const rest = Object.fromEntries(Object.entries(layout).filter(([key]) => key !== "title"));
  const bare =
    typeof top === "number" && typeof height === "number"
      ? { data, layout: { ...rest, height: height - removed, margin: { ...margin, t: Math.max(0, top - removed) } } }
      : { data, layout: rest };
  return { title: title || "Figure", notes: notes === "" ? [] : [notes], bare };
}

/** What a chart shows, for those who do not see it; its numbers stand in the tables. */
function altOf(title: string, { data, layout }: PlotlyFigure): string {
  const axes = [layout["xaxis"], layout["yaxis"]].map((axis) => plainText(textOf(groupOf(axis)["title"])));
  const named = data.flatMap(({ name }) => (typeof name === "string" && name !== "" ? [plainText(name)] : []));
  const kinds = [...new Set(data.map(({ type }) => type))].includes("bar") ? "Bars" : "Chart";
  const [x = "", y = ""] = axes;
  const over = y === "" ? "" : ` of ${y}${x === "" ? "" : ` by ${x}`}`;
  const series = [...new Set(named)];
  return `${title}. ${kinds}${over}${series.length === 0 ? "" : `: ${series.join(", ")}`}.`;
}

/** `code` in a text. */
export function withCode(text: string): Markup {
  return html`${text.split("`").map((part, i) => (i % 2 === 1 ? html`<code>${part}</code>` : html`${part}`))}`;
}
