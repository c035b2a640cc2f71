import { printableLine } from "../core/printable";
import type { MarkedStep } from "../data/chains";
import { html, pictureMarkup, QUIET, rightMark, type HtmlView, type Markup } from "./display/view";
import type { MarkedAnswer } from "./markedAnswer";

/** One question and what one or several models answered. Plain JSON. */
export interface AnsweredQuestion {
  /** Its address: the pixels themselves (`pictureUrl`). */
  readonly picture: string;
  readonly question: string;
  readonly truth: string;
  /** What else is known of it, such as "unseen class · bird". */
  readonly about?: string;
  /** The names that were offered, where the question had some. */
  readonly options?: readonly string[];
  readonly answers: readonly (MarkedAnswer & { readonly title: string })[];
}

const PICTURE = 130;

/**
 * One question with its picture, and each model's chain of thought over lines, every step marked right or wrong with the reason.
 * A right answer whose chain is wrong is shown as that: "right answer, wrong count".
 */
export function chainView(asked: AnsweredQuestion): HtmlView {
  const { picture, question, truth, about, options, answers } = asked;
  const image = pictureMarkup(picture, PICTURE, `a picture of the class ${truth}`);
  const offered = options === undefined ? [] : [html`<div style="${QUIET}">options: ${options.join(", ")}</div>`];
  const facts = about === undefined ? [] : [html`<div style="${QUIET}">${about}</div>`];
  return {
    html: html`<div style="color:inherit;line-height:1.5">
      <div style="display:flex;flex-wrap:wrap;gap:16px;align-items:center">
        ${image}
        <div>
          <div>${question}</div>
          <div>The truth: <b>${truth}</b></div>
          ${facts} ${offered}
        </div>
      </div>
      <div style="display:flex;flex-wrap:wrap;gap:20px;margin-top:8px">${answers.map(answerMarkup)}</div>
    </div>`,
    text: textOf(asked),
  };
}

function answerMarkup({ title, answer, right, verdict, lines, output }: AnsweredQuestion["answers"][number]): Markup {
  const chain = (lines ?? []).map(
    (line) =>
      html`<div style="display:flex;gap:8px;padding:1px 0">
        <span style="flex:0 0 6.2em;${QUIET}">${line[0]?.kind ?? ""}</span>
        <span style="flex:1 1 0;min-width:0">${line.map(stepMarkup)}</span>
      </div>`,
  );
  const written = output === null ? [] : [html`<div style="white-space:pre-wrap;${QUIET}">${output}</div>`];
  return html`<div style="flex:1 1 22em;min-width:0">
    <div style="font-weight:600">${title}</div>
    <div style="margin-bottom:4px">${rightMark(right)} <b>${answer ?? "no answer"}</b> · ${verdict}</div>
    ${chain} ${written}
  </div>`;
}

/** The reason stands on a translucent ground in the page's own ink: it can be read on light pages and on dark ones. */
function stepMarkup({ text, wrong }: MarkedStep): Markup {
  const why =
    wrong === null
      ? []
      : [html` <span style="background-color:rgba(213,94,0,0.22);border-radius:3px;padding:0 4px">${wrong}</span>`];
  return html`<span style="display:inline-block;margin-right:14px">${rightMark(wrong === null)} ${text}${why}</span> `;
}

function textOf({ question, truth, about, options, answers }: AnsweredQuestion): string {
  const facts = about === undefined ? "" : ` (${about})`;
  const mark = (right: boolean): string => (right ? "✓" : "✗");
  const step = ({ text, wrong }: MarkedStep): string =>
    `${mark(wrong === null)} ${text}${wrong === null ? "" : ` [${wrong}]`}`;
  const blocks = answers.map(({ title, answer, right, verdict, lines, output }) => [
    `${title}: ${mark(right)} ${answer ?? "no answer"} · ${verdict}`,
    ...(lines ?? []).map((line) => `  ${(line[0]?.kind ?? "").padEnd(12)}${line.map(step).join("   ")}`),
    ...(output === null ? [] : [`  ${output}`]),
  ]);
  const offered = options === undefined ? [] : [`options: ${options.join(", ")}`];
  const lines = [`${question} The truth: ${truth}${facts}`, ...offered, ...blocks.flat()];
  return `${lines.map(printableLine).join("\n")}\n`;
}
