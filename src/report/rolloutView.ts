import { widestAnswer } from "../core/answer";
import type { RgbImage } from "../core/image";
import { printableLine } from "../core/printable";
import type { Triplet } from "../data/types";
import { html, pictureMarkup, pictureUrl, QUIET, rightMark, signed, type HtmlView, type Markup } from "./display/view";
import { likelihoodView, type TokenLikelihood } from "./likelihoodView";

/** One of a group's n₁ + n₂ answers. */
export interface RolloutAnswer {
  /** The picture that it was asked about. */
  readonly from: "anchor" | "positive";
  readonly text: string;
  /** r of Eq. 1. */
  readonly reward: number;
  /** Â of Eq. 4: its reward within its group, in standard deviations. */
  readonly advantage: number;
  readonly right: boolean;
}

/** One question of stage 2 with its triplet, and everything that was answered to it. */
export interface RolloutGroup {
  readonly question: string;
  readonly truth: string;
  readonly pictures: Readonly<Record<keyof Triplet, GroupPicture>>;
  readonly answers: readonly RolloutAnswer[];
  /** The tokens of one answer, by its place in `answers`. */
  readonly scored?: { readonly answer: number; readonly tokens: readonly TokenLikelihood[] };
}

export interface GroupPicture {
  readonly image: RgbImage;
  /** The class's name. */
  readonly name: string;
  /** What it shows, in words, where that is known. */
  readonly shows?: string;
}

const PICTURE = 150;
const BAR = 48;
/** Blue and vermilion of the palette of Okabe and Ito, as grounds that page and ink show through. */
const UP = "rgba(0,114,178,0.75)";
const DOWN = "rgba(213,94,0,0.75)";

const PARTS: Readonly<Record<keyof Triplet, string>> = {
  anchor: "asked about; every answer is trained as an answer to it",
  positive: "another picture of the class, asked about too",
  negative: "of the class most easily taken for it; the answers should not fit it",
};

/**
 * One rollout group of TAPO made visible: its triplet, its answers with reward and advantage, and one answer's tokens coloured by
 * how much likelier they are under the anchor than under the negative.
 */
export async function rolloutView(group: RolloutGroup): Promise<HtmlView> {
  const { question, truth, answers, scored } = group;
  const pictures = await Promise.all((["anchor", "positive", "negative"] as const).map((part) => figure(group, part)));
  const largest = Math.max(...answers.map(({ advantage }) => Math.abs(advantage)), Number.EPSILON);
  const tokens =
    scored === undefined ? [] : [likelihoodView(scored.tokens, `Answer ${scored.answer + 1} (▸), token by token`)];
  return {
    html: html`<div style="color:inherit;line-height:1.45">
      <div style="margin-bottom:6px">${question} The truth: <b>${truth}</b></div>
      <div style="display:flex;flex-wrap:wrap;gap:20px">${pictures}</div>
      <div style="font-weight:600;margin-top:10px">${counted(answers)}</div>
      ${answerRow(["about", "reward", "advantage", "answer, with its chain inside"].map((title) => html`<span style="${QUIET}">${title}</span>`))}
      ${answers.map((answer, i) => answerMarkup(answer, i, i === scored?.answer, largest))}
      ${tokens.map((view) => view.html)}
    </div>`,
    text: [textOf(group), ...tokens.map((view) => view.text)].join(""),
  };
}

async function figure({ pictures }: RolloutGroup, part: keyof Triplet): Promise<Markup> {
  const { image, name, shows } = pictures[part];
  const described = shows === undefined ? [] : [html`<div style="${QUIET}">${shows}</div>`];
  return html`<div style="width:${PICTURE + 40}px">
    <div style="font-weight:600">${part}</div>
    ${pictureMarkup(await pictureUrl(image), PICTURE, `${part}: a picture of the class ${name}`)}
    <div style="margin-top:4px">${name}</div>
    ${described}
    <div style="${QUIET};margin-top:4px">${PARTS[part]}</div>
  </div>`;
}

/** "5 answers about the anchor and 5 about the positive". */
function counted(answers: readonly RolloutAnswer[]): string {
  const count = (part: RolloutAnswer["from"]): number => answers.filter(({ from }) => from === part).length;
  return `${count("anchor")} answers about the anchor and ${count("positive")} about the positive`;
}

function answerMarkup(answer: RolloutAnswer, index: number, chosen: boolean, largest: number): Markup {
  const { from, text, reward, advantage, right } = answer;
  const width = Math.round((BAR * Math.abs(advantage)) / largest);
  const half = (shown: boolean, side: "left" | "right", colour: string): Markup =>
    html`<span style="display:inline-block;width:${BAR}px;text-align:${side};line-height:0"
      ><span style="display:inline-block;height:10px;width:${shown ? width : 0}px;background-color:${colour}"></span
    ></span>`;
  return answerRow([
    html`${chosen ? "▸" : " "} ${index + 1} <span style="${QUIET}">${from}</span>`,
    html`${rightMark(right)} ${reward.toFixed(2)}`,
    html`<span style="white-space:nowrap" title="advantage ${signed(advantage, 3)}"
      >${half(advantage < 0, "right", DOWN)}<span style="border-left:1px solid rgba(128,128,128,0.9)"></span
      >${half(advantage > 0, "left", UP)} ${signed(advantage, 2)}</span
    >`,
    html`<details>
      <summary>${widestAnswer(text) ?? "no answer"}</summary>
      <div style="white-space:pre-wrap;${QUIET}">${text}</div>
    </details>`,
  ]);
}

/** The cells of an answer: what it is about, its reward, its advantage, its text. */
function answerRow(cells: readonly Markup[]): Markup {
  const widths = ["0 0 7em", "0 0 4em", "0 0 10.5em", "1 1 20em"];
  const placed = cells.map((cell, i) => html`<div style="flex:${widths[i] ?? ""};min-width:0">${cell}</div>`);
  return html`<div style="display:flex;flex-wrap:wrap;gap:10px;align-items:baseline;padding:1px 0">${placed}</div>`;
}

function textOf({ question, truth, pictures, answers, scored }: RolloutGroup): string {
  const shown = (["anchor", "positive", "negative"] as const).map((part) => {
    const { name, shows } = pictures[part];
    return `${part.padEnd(9)} ${name}${shows === undefined ? "" : `: ${shows}`}`;
  });
  const rows = answers.map(({ from, text, reward, advantage, right }, i) =>
    [
      `${i === scored?.answer ? "▸" : " "}${String(i + 1).padStart(2)} ${from.padEnd(9)}`,
      `${right ? "✓" : "✗"} reward ${reward.toFixed(2)}`,
      `advantage ${signed(advantage, 2).padStart(5)}`,
      widestAnswer(text) ?? "no answer",
    ].join("  "),
  );
  const lines = [`${question} The truth: ${truth}`, ...shown, `${counted(answers)}:`, ...rows];
  return `${lines.map(printableLine).join("\n")}\n`;
}
