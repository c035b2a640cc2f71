import { trimCharacters, visibleText } from "../core/typography";
import { placesOf, withPlainMarks } from "./listMarks";
import { withoutMarkup } from "./markup";
import { normaliseName, sameName } from "./names";

/** The lines of a text, and the names that stand in one of them. */

export interface Line {
  /** As it looks, without markup; empty for the fence of a code block. */
  readonly text: string;
  /** Offset in the text just behind the line and its line break. */
  readonly end: number;
}

/** A longer piece of a comma list is a sentence, not a name. */
const MOST_WORDS = 9;

/** An ordinal inside a line, as in "(1) Fokker 70, (2) Fokker 100". */
const INNER_ORDINAL = /(?<=^|[\s,;])[([]?(\d{1,2}|[a-z])[.)\]]\s/giu;
/** What announces a list on its own line: "Candidate subcategories: …". */
export const HEADING_WORD =
  /(?<!\p{L})(?:candidate|option|choice|possib|(?:sub-?)?categor|species|include|are(?!\p{L}))/iu;
const JOINED = /^\s*(?:and|or)\s/iu;
/** Between a name and what is said of it. */
export const NOTE_MARK = /:(?:\s|$)|\s[-–—]\s/u;

const LINE_BREAK = /(\r\n?|[\n\u0085\u2028\u2029]|<(?:\/li|br\s*\/?)>\s*)/iu;
/** A line that shows nothing: the fence of a code block, the ends of a list in LaTeX. */
const FENCE = /^\s*(?:```|\\(?:begin|end)\{)/u;

export function splitLines(text: string): Line[] {
  const parts = text.split(LINE_BREAK); // line, line break, line, …
  const lines: Line[] = [];
  let end = 0;
  for (let i = 0; i < parts.length; i += 2) {
    const line = parts[i] ?? "";
    end += line.length + (parts[i + 1]?.length ?? 0);
    lines.push({ text: lookOf(line), end });
  }
  return lines;
}

function lookOf(line: string): string {
  const visible = visibleText(line);
  return FENCE.test(visible) ? "" : withoutMarkup(withPlainMarks(visible));
}

export function isEmpty({ text }: Line): boolean {
  return text.trim() === "";
}

/**
 * The names of one line: after "Candidates:", between separators outside parentheses and before a last "and"
 * or "or", or behind ordinals. None where a piece is a sentence.
 * @param said a text whose names are known: an "and" that stands in it so is part of a name
 */
export function namesInLine(line: string, said: string): string[] {
  const text = withoutBrackets(withoutHeading(line).trim());
  const enumerated = splitAtOrdinals(text);
  const pieces = enumerated.length > 1 ? enumerated : splitAtSeparators(enumerated[0] ?? text, said);
  const names = pieces.map(cleanName);
  if (names.some(isLong)) return [];
  const noted = pieces.map((piece) => NOTE_MARK.test(piece));
  // "Fokker 70: short, two engines" is one name with its note; "Fokker 70: short, Fokker 100: long" is two.
  if (noted[0] === true && noted.includes(false)) return names.slice(0, 1).filter(isName);
  return names.filter(isName);
}

/** Whether what is said can be one name; prose is compared with no name. */
export function isShort(said: string): boolean {
  return said.length <= 200;
}

/** Whether a text has more words than a name. */
export function isLong(text: string): boolean {
  return text.split(/\s+/u).length > MOST_WORDS;
}

export function isName(text: string): boolean {
  return /[\p{L}\p{N}]/u.test(text);
}

const CLOSING: ReadonlySet<string> = new Set([".", ",", ";", " ", "\t"]);
const OPENING: ReadonlySet<string> = new Set([" ", "\t"]);
const PAIRS = ['""', "''", "“”", "‘’"];

/** A listed name without markup and quotes, without the explanation after a colon or a dash, and without closing punctuation. */
export function cleanName(item: string): string {
  const plain = withoutMarkup(visibleText(item));
  const name = trimCharacters(plain.split(NOTE_MARK)[0] ?? "", OPENING, CLOSING);
  const paired = name.length > 2 && PAIRS.includes(name.charAt(0) + name.charAt(name.length - 1));
  return paired ? trimCharacters(name.slice(1, -1), OPENING, CLOSING) : name;
}

function withoutHeading(line: string): string {
  const at = line.search(/[:,;]/u);
  const heads = line.charAt(at) === ":" && line.slice(at + 1).trim() !== "" && HEADING_WORD.test(line.slice(0, at));
  return heads ? line.slice(at + 1) : line;
}

function withoutBrackets(text: string): string {
  return text.startsWith("[") && text.endsWith("]") ? text.slice(1, -1) : text;
}

function splitAtOrdinals(text: string): string[] {
  let [kind, next] = ["", 1];
  const cuts: number[] = [];
  const pieces: string[] = [];
  for (const { index = 0, 0: mark, 1: ordinal = "" } of text.matchAll(INNER_ORDINAL)) {
    const found = placesOf(ordinal).find((place) => place.ordinal === next && (next === 1 || place.kind === kind));
    if (found === undefined || (next === 1 && index > 0)) continue;
    if (next > 1) pieces.push(text.slice(cuts.at(-1), index));
    cuts.push(index + mark.length);
    [kind, next] = [found.kind, next + 1];
  }
  const numbered = kind === "number" ? next > 1 : next > 2; // one letter alone may be an initial
  return numbered ? [...pieces, text.slice(cuts.at(-1))] : [];
}

/** What parts names on a line, the likeliest first; a slash only between spaces, as in no "F/A-18". */
const SEPARATORS = [/[,;，；、]/u, /\|/u, /(?<=\s)\/(?=\s)/u];

function splitAtSeparators(text: string, said: string): string[] {
  const pieces = SEPARATORS.map((separator) => splitOutside(text, separator)).find((each) => each.length > 1) ?? [text];
  const last = pieces.pop() ?? "";
  const split = pieces.length === 0 || JOINED.test(last) ? [last] : splitAtConjunction(last, said);
  const parts = [...pieces, ...split].map((piece) => piece.replace(JOINED, ""));
  return parts.flatMap((part) => splitAtAmpersand(part, said));
}

/** The pieces of a text between separators of one character outside parentheses. */
function splitOutside(text: string, separator: RegExp): string[] {
  const pieces: string[] = [];
  let [end, bracket] = [text.length, ""];
  for (const { index = 0, 0: found } of [...text.matchAll(new RegExp(`[()]|${separator.source}`, "gu"))].reverse()) {
    if (found === "(" || found === ")") bracket = found;
    else if (bracket !== ")") {
      pieces.push(text.slice(index + 1, end));
      end = index;
    }
  }
  return [...pieces, text.slice(0, end)].reverse();
}

/** "Rock Wren & House Wren" is two names where one of them is said; "Black & White Warbler" is one. */
function splitAtAmpersand(text: string, said: string): string[] {
  const sides = isShort(said) ? text.split(" & ") : [];
  return sides.length === 2 && sides.some((side) => sameName(side, said)) ? sides : [text];
}

/** "Rock Wren and House Wren" is two names; "Black and Tan Coonhound" is one where it is said so. */
export function splitAtConjunction(text: string, said: string): string[] {
  const known = new Set(triples(normaliseName(said).split(" ")));
  const words = text.trim().split(/\s+/u);
  const cuts = triples(words).flatMap((three, i) =>
    /^(?:and|or)$/iu.test(words[i + 1] ?? "") && !known.has(normaliseName(three)) ? [i + 1] : [],
  );
  const [cut] = cuts;
  if (cut === undefined || cuts.length > 1) return [text];
  return [words.slice(0, cut).join(" "), words.slice(cut + 1).join(" ")];
}

/** Each word but the first and the last with its neighbours. */
function triples(words: readonly string[]): string[] {
  return words.slice(2).map((word, i) => `${words[i] ?? ""} ${words[i + 1] ?? ""} ${word}`);
}
