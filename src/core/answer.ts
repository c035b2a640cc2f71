/**
 * Reading of `<think>…</think><answer>…</answer>`, character for character as the released code reads it
 * (PKU-ICST-MIPL/FineR1_ICLR2026, commit 84cdc5c: `cls_thinking.py` for the reward, `evaluation.py` for the metrics).
 * Its patterns are restated as index searches: the same answers in linear time on any text.
 */

import { plainTypography } from "./typography";

/** What a response says, part by part. */
export interface ParsedAnswer {
  /** The text inside the first `<think>`, trimmed; null without a closed pair. */
  readonly thinking: string | null;
  /** The text inside `<answer>`, trimmed; null without a closed pair. */
  readonly answer: string | null;
  /** True when the whole response is one thinking part and one answer part (`isWellFormed`). */
  readonly wellFormed: boolean;
}

/** Python's `\s` on text: what `re` and `str.strip` take for white space. JavaScript's `\s` differs in four places. */
const SPACE = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const LEADING = new RegExp(`^[${SPACE}]+`, "u");
/** Where the thinking ends and the answer begins. */
const TURN = new RegExp(`</think>[${SPACE}]*<answer>`, "u");
const BLANK = new RegExp(`[${SPACE}]+`, "u");
const SPACE_CHARACTER = new RegExp(`^[${SPACE}]$`, "u");
const TAG_CHARACTER = /[<>/]/u;

/** Python's `str.strip()`. */
export function strip(text: string): string {
  return stripEnd(text).replace(LEADING, "");
}

/**
 * Removes white space around `<`, `>` and `/`, everywhere: `< / answer >` becomes `</answer>`. The reward does this
 * first (`re.sub(r"\s*(<|>|/)\s*", r"\1", response)`).
 */
export function tightenTags(text: string): string {
  const parts = text.split(/([<>/])/u);
  return parts
    .map((part, i) => {
      if (TAG_CHARACTER.test(part)) return part;
      const left = i === 0 ? part : part.replace(LEADING, "");
      return i === parts.length - 1 ? left : stripEnd(left);
    })
    .join("");
}

function stripEnd(text: string): string {
  let end = text.length;
  while (end > 0 && SPACE_CHARACTER.test(text.charAt(end - 1))) end--;
  return text.slice(0, end);
}

/** True when the whole text matches `<think>.*?</think>\s*<answer>.*?</answer>` (dot matches newlines). */
export function isWellFormed(text: string): boolean {
  const open = "<think>";
  const close = "</answer>";
  if (!text.startsWith(open) || !text.endsWith(close)) return false;
  return TURN.test(text.slice(open.length, -close.length));
}

/** Python's `str.split()`: the words of a text. */
export function words(text: string): string[] {
  return text.split(BLANK).filter((word) => word !== "");
}

/**
 * A class name for comparing: plain typography, lower case, `_` as a space, single spaces. Ours, not the release's: what
 * counts as right there is decided by `includesText` and `eval/judge`.
 */
export function canonicalName(name: string): string {
  return words(plainTypography(name).toLowerCase().replaceAll("_", " ")).join(" ");
}

/** The answer is the truth and nothing else, up to case, `_` and spaces: the strictest of the measures. */
export function isExactName(answer: string | null, truth: string): boolean {
  return answer !== null && canonicalName(answer) === canonicalName(truth);
}

/** The text of the first `<answer>` up to the *first* `</answer>` after it, stripped (the reward's reading), or null. */
export function firstAnswer(text: string): string | null {
  return between(text, "<answer>", "</answer>");
}

/** The text of the first `<answer>` up to the *last* `</answer>`, stripped (the evaluation's reading), or null. */
export function widestAnswer(text: string): string | null {
  const start = text.indexOf("<answer>");
  if (start < 0) return null;
  const from = start + "<answer>".length;
  const end = text.lastIndexOf("</answer>");
  return end < from ? null : strip(text.slice(from, end));
}

/** All parts of a response, with the evaluation's reading of the answer. */
export function parseAnswer(text: string): ParsedAnswer {
  return {
    thinking: between(text, "<think>", "</think>"),
    answer: widestAnswer(text),
    wellFormed: isWellFormed(text),
  };
}

function between(text: string, open: string, close: string): string | null {
  const start = text.indexOf(open);
  if (start < 0) return null;
  const from = start + open.length;
  const end = text.indexOf(close, from);
  return end < 0 ? null : strip(text.slice(from, end));
}

/**
 * is_included(a, o) of Eq. 4 on two texts: `truth` stands in `text`, upper and lower case alike. An empty truth is
 * included in every text, as in the release.
 */
export function includesText(text: string, truth: string): boolean {
  return text.toLowerCase().includes(truth.toLowerCase());
}
