import { parseAnswer } from "../core/answer";
import { printable } from "../core/printable";
import type { BenchmarkItem } from "../data/types";
import type { Answered } from "../eval/ask";
import { commandLine } from "./again";
import { profileWords } from "./options";

/** What is told of one picture. */
export interface AskedPicture {
  readonly file: string;
  readonly sizes: string;
  readonly said: Answered;
  readonly seconds: number;
  readonly maxNewTokens: number;
}

const HEADINGS = /\b(analysis|candidates|comparison|prediction)\b/u;

/** The lines about one picture: its size, the chain in its parts, the answer, the options, the time. */
export function answerLines({ file, sizes, said, seconds, maxNewTokens }: AskedPicture): string[] {
  const { thinking } = parseAnswer(said.output);
  const cut = said.finish === "length" ? ` (cut after ${maxNewTokens} tokens)` : "";
  const answer =
    said.answer === null || said.probability === null
      ? [entry("Output", `${said.output}${cut}`), entry("Answer", "none: the output holds no <answer>…</answer>")]
      : [entry("Answer", `${said.answer}  ${percent(said.probability)}${cut}`)];
  return [
    "",
    entry("Picture", `${file}, ${sizes}`),
    ...(thinking === null ? [] : ["Chain", ...chainParts(thinking).map((part) => `  ${part}`)]),
    ...answer,
    ...optionLines(said),
    entry("Time", `${seconds.toFixed(1)} s, ${said.tokens} tokens`),
  ].map(printable);
}

/** A chain's parts, a line each: by the mini-world's headings, else by the lines as they were written. */
export function chainParts(thinking: string): string[] {
  const pieces = thinking.split(HEADINGS);
  if (pieces[0]?.trim() !== "" || pieces.length < 3) return thinking.split("\n").filter((line) => line.trim() !== "");
  const parts: string[] = [];
  for (let i = 1; i < pieces.length; i += 2) {
    const [heading = "", text = ""] = [pieces[i], pieces[i + 1]?.trim()];
    const rows = heading === "comparison" ? text.split(/(?<=\bfits \d)\s+/u) : [text];
    rows.forEach((row, n) => parts.push(`${(n === 0 ? heading : "").padEnd(12)}${row}`));
  }
  return parts;
}

function optionLines({ options, answer }: Answered): string[] {
  const width = Math.max(...options.map(({ name }) => name.length));
  return options.map(({ name, probability }, i) => {
    const bar = "█".repeat(Math.round(20 * probability));
    const mark = name === answer ? "← " : "";
    return entry(i === 0 ? "Options" : "", `${name.padEnd(width)}  ${percent(probability).padStart(6)}  ${mark}${bar}`);
  });
}

/** What the example shows, and what to try with it next. */
export function exampleLines({ groundTruth, image, options }: BenchmarkItem, file: string, profile: string): string[] {
  const domain = image.subCategory.superCategory;
  const names = [...options].sort().join(","); // the truth comes first in them
  return [
    "",
    entry("Truth", `${groundTruth}, a ${domain} that no training shows`),
    entry("Try", commandLine("ask", file, profileWords({ profile, set: [] }), "--domain", domain, "--options", names)),
  ].map(printable);
}

function entry(name: string, text: string): string {
  return `${name.padEnd(10)}${text}`;
}

function percent(probability: number): string {
  return `${(100 * probability).toFixed(1)} %`;
}
