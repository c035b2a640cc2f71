import { printableLine } from "../core/printable";
import { html, QUIET, signed, type HtmlView, type Markup } from "./display/view";

/** A token of an answer and how likely it is under two pictures: log π at temperature 1, in nats. */
export interface TokenLikelihood {
  readonly text: string;
  readonly anchor: number;
  readonly negative: number;
}

/** Ends that the colour scale may have, in nats. */
const ENDS = [1, 2, 3, 5, 8] as const;
/** Blue and vermilion of the palette of Okabe and Ito: the colour-blind can tell them apart. */
const ANCHOR = "0,114,178";
const NEGATIVE = "213,94,0";
/** How strong a ground is at the end of the scale: ink in the page's colour is readable on it, on light pages and on dark ones. */
const STRONGEST = 0.6;
/** Differences below this are left out of the plain text, in nats. */
const TOLD = 0.5;

/**
 * An answer's tokens on grounds that say how much likelier each is under the anchor than under the negative: log g of Eq. 2,
 * g = π(token | anchor) / π(token | negative). Blue and underlined: under the anchor; orange and dotted: under the negative.
 */
export function likelihoodView(tokens: readonly TokenLikelihood[], heading: string): HtmlView {
  const end = scaleEnd(tokens);
  const told = tokens.map((token) => {
    const ratio = logRatio(token);
    return Math.abs(ratio) < TOLD ? token.text : `${token.text}[${signed(ratio, 1)}]`;
  });
  const lines = [`${heading}: log π(token | anchor) − log π(token | negative) in nats`, told.join(""), summary(tokens)];
  return {
    html: html`<div style="margin-top:10px">
      <div style="font-weight:600">${heading}: how much likelier under the anchor than under the negative</div>
      ${legend(end)}
      <div style="line-height:2.1;overflow-wrap:anywhere">${tokens.map((token) => tokenMarkup(token, end))}</div>
      <div style="${QUIET}">${summary(tokens)}</div>
    </div>`,
    text: `${lines.map(printableLine).join("\n")}\n`,
  };
}

function logRatio({ anchor, negative }: TokenLikelihood): number {
  return anchor - negative;
}

/** The least end that holds every token, or the greatest: what lies beyond has the colour of the end. */
function scaleEnd(tokens: readonly TokenLikelihood[]): number {
  const largest = Math.max(...tokens.map((token) => Math.abs(logRatio(token))), 0);
  return ENDS.find((end) => end >= largest) ?? ENDS[ENDS.length - 1] ?? 1;
}

function tokenMarkup(token: TokenLikelihood, end: number): Markup {
  const ratio = logRatio(token);
  const hover = `${JSON.stringify(token.text)}: log π ${number(token.anchor)} under the anchor, ${number(token.negative)} under the negative; ${inWords(ratio)}`;
  const [, before = "", body = ""] = /^(\s*)(.*)$/su.exec(token.text) ?? [];
  const [space, shown] = body === "" ? ["", token.text.includes("\n") ? "↵" : "␣"] : [before, body];
  return html`<span style="white-space:pre-wrap">${space}</span
    ><span title="${hover}" style="white-space:pre-wrap;${ground(ratio, end)}">${shown}</span>`;
}

/** The ground of a log ratio: its colour and its line say the sign, its strength the size. */
function ground(ratio: number, end: number): string {
  const share = Math.min(1, Math.abs(ratio) / end);
  const [colour, line] = ratio > 0 ? [ANCHOR, "solid"] : [NEGATIVE, "dotted"];
  const alpha = (of: number): string => (of * share).toFixed(3);
  return `background-color:rgba(${colour},${alpha(STRONGEST)});border-bottom:2px ${line} rgba(${colour},${alpha(1)})`;
}

function legend(end: number): Markup {
  const steps = [-1, -2 / 3, -1 / 3, 0, 1 / 3, 2 / 3, 1].map((step) => step * end);
  const swatches = steps.map(
    (ratio) => html`<span style="padding:1px 7px;${ground(ratio, end)}">${signed(ratio, 1).replace(".0", "")}</span>`,
  );
  return html`<div style="font-size:0.9em;margin:3px 0">
    likelier under the negative ${swatches} likelier under the anchor
    <span style="${QUIET}">(log ratio in nats: +1 is 2.7 times, +${end} is ${times(end)} times as likely)</span>
  </div>`;
}

function summary(tokens: readonly TokenLikelihood[]): string {
  const sum = (of: (token: TokenLikelihood) => number): number => tokens.reduce((total, token) => total + of(token), 0);
  const [anchor, negative] = [sum((token) => token.anchor), sum((token) => token.negative)];
  const total = `The whole answer: log π ${number(anchor)} under the anchor, ${number(negative)} under the negative`;
  return `${total}; log ratio ${signed(anchor - negative, 1)} over ${tokens.length} tokens.`;
}

/** "7.4 times likelier under the anchor". */
function inWords(ratio: number): string {
  const side = ratio > 0 ? "anchor" : "negative";
  return `${times(Math.abs(ratio))} times as likely under the ${side} (log ratio ${signed(ratio, 1)})`;
}

function times(nats: number): string {
  const factor = Math.exp(nats);
  if (factor >= 1e4) return `e^${nats.toFixed(1)}`;
  return factor >= 10 ? factor.toFixed(0) : factor.toFixed(1);
}

function number(value: number): string {
  return value
    .toFixed(2)
    .replace(/^-(0\.00)$/u, "$1")
    .replace("-", "−");
}
