import { createHash } from "node:crypto";
import * as path from "node:path";
import { ROOT } from "../../config/load";
import { readText } from "../../core/files";
import { dataMarkup, html, type Markup } from "../display/view";
import { escapeHtml } from "../table/html";
import type { AnswerBook } from "./book";
import { STYLE } from "./style";

/** The compiled client.ts. */
export const ANSWERS_SCRIPT = path.join(ROOT, "dist", "report", "browse", "client.js");

type Choice = readonly [value: string, title: string];

/** Of the outcomes that every judge of chains has; other kinds of steps are called by their names. */
const OUTCOMES: Readonly<Record<string, string>> = {
  right: "none: every step is right",
  malformed: "no chain to be read",
  last: "last: the step that names the class",
};

/**
 * The answers of a run as one page that needs nothing else: no server, no network, no other file. Texts from data reach it
 * as JSON and as escaped text only, and its policy lets no other script run than the one that is written here.
 */
export function answerPage(book: AnswerBook): string {
  const script = readText(ANSWERS_SCRIPT);
  const title = `Answers of ${book.title}`;
  const policy = `default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; style-src '${sha256(STYLE)}'; script-src '${sha256(script)}'`;
  return [
    "<!doctype html>",
    '<html lang="en">',
    "<head>",
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escapeHtml(title)}</title>`,
    `<style>${STYLE}</style>`,
    "</head>",
    "<body>",
    `<h1>${escapeHtml(title)}</h1>`,
    answersMarkup(book).source,
    `<script>${script}</script>`,
    "</body>",
    "</html>",
    "",
  ].join("\n");
}

/**
 * The answers with their filters, for a page that ends with the script (`ANSWERS_SCRIPT`) and has the style.
 * @param compared the model that stands beside the shown one at first; default: none
 */
export function answersMarkup(book: AnswerBook, compared?: string): Markup {
  return html`<p class="quiet">${introduction(book)}</p>
    ${book.leftOut.length === 0 ? [] : leftOutList(book.leftOut)} ${filterForm(book, compared)}
    <main id="answers" aria-label="answers"></main>
    <noscript><p>This page needs JavaScript, which runs from the file itself.</p></noscript>
    ${dataMarkup("data", book)}`;
}

/** The model that is shown at first: the last one that wrote chains. */
function shownFirst({ models, questions }: AnswerBook): string | undefined {
  return [...models].reverse().find(({ key }) => questions.some((q) => q.answers[key]?.lines != null))?.key;
}

function introduction({ datasetName, pictures, allPictures, outcomes }: AnswerBook): string {
  const left = allPictures - pictures.length;
  const shown =
    left === 0
      ? `All ${allPictures} test pictures of ${datasetName}.`
      : `${pictures.length} of ${allPictures} test pictures of ${datasetName}, one of every class before a second one of any; ${left} are left out (fine-r1 browse --limit ${allPictures} shows all).`;
  const marked = outcomes.length === 0 ? "" : " A chain's steps are marked one by one.";
  return `${shown}${marked} Keys: j and k go to the next and the previous answer, f to the filters.`;
}

function leftOutList(leftOut: readonly string[]): Markup {
  const lines = leftOut.map((what) => html`<li>${what}</li>`);
  return html`<details class="quiet">
    <summary>Left out: ${leftOut.length}</summary>
    <ul>
      ${lines}
    </ul>
  </details>`;
}

function filterForm(book: AnswerBook, compared?: string): Markup {
  const { models, domains, outcomes, questions } = book;
  const settings = (["open", "closed"] as const).filter((setting) => questions.some((q) => q.setting === setting));
  const asked = models.map(({ key, title }): Choice => [key, title]);
  const all: Choice = ["", "all"];
  const names = [...new Set(questions.map(({ truth }) => truth))].sort();
  const fields = [
    select(
      "setting",
      "Question",
      settings.map((s): Choice => [s, s === "open" ? "open: no options" : "closed: with options"]),
    ),
    select("model", "Model", asked, shownFirst(book)),
    select("before", "Compared with", [["", "nothing"], ...asked], compared),
    select("domain", "Domain", [all, ...domains.map((d): Choice => [d, d])]),
    select("split", "Classes", [all, ["seen", "seen"], ["unseen", "unseen"]]),
    html`<label>Class <input type="search" name="class" list="names" size="14" autocomplete="off" /></label>`,
    select("result", "Answer", [all, ["right", "right"], ["wrong", "wrong"]]),
    ...(outcomes.length === 0
      ? []
      : [select("step", "First wrong step", [all, ...outcomes.map((kind): Choice => [kind, OUTCOMES[kind] ?? kind])])]),
    select("change", "Change", [
      all,
      ["mended", "mended: wrong → right"],
      ["spoiled", "spoiled: right → wrong"],
      ["both-right", "both right"],
      ["both-wrong", "both wrong"],
    ]),
  ];
  return html`<form id="filters" aria-label="filters">
    ${fields}
    <datalist id="names">${names.map((name) => html`<option value="${name}"></option>`)}</datalist>
    <button type="reset">Reset</button>
    <output id="count" aria-live="polite"></output>
  </form>`;
}

function select(name: string, title: string, choices: readonly Choice[], chosen?: string): Markup {
  const options = choices.map(([value, text]) =>
    value === chosen
      ? html`<option value="${value}" selected>${text}</option>`
      : html`<option value="${value}">${text}</option>`,
  );
  return html`<label
    >${title}
    <select name="${name}">
      ${options}
    </select></label
  >`;
}

function sha256(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}
