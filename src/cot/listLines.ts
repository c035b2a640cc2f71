import { trimCharacters, visibleText } from "../core/typography";
import { normaliseName } from "./names";

/** The lines of a text and what stands in one of them: an item of a list, or names between commas. */

export interface Line {
  /** As it looks, without emphasis; empty for the fence of a code block. */
  readonly text: string;
  /** Offset in the text just behind the line and its line break. */
  readonly end: number;
}

/** A line that starts with a bullet or an ordinal. */
export interface Item {
  readonly indent: string;
  /** The bullet itself, or the kind of its ordinals; the items of one list have the same. */
  readonly kind: string;
  /** 3 for "3." and for "(C)"; 0 for a bullet. */
  readonly ordinal: number;
  readonly text: string;
}

/** A longer piece of a comma list is a sentence, not a name. */
const MOST_WORDS = 9;

const BULLET = /^(\s*)(?:([-*+–—‣▪●○◦·])\s+|(•)\s*)(\S.*)$/u;
/** `1.`, `1)`, `(1)`, `[1]`, `A.`, `(a)`, `Option A:` and the like. */
const ORDINAL = /^(\s*)(?:(?:candidate|option) )?[([]?(\d{1,2}|[a-z])[.):\]]+(\s*)(\S.*)$/iu;
/** The same inside a line, as in "(1) Fokker 70, (2) Fokker 100". */
const INNER_ORDINAL = /(?<=^|[\s,;])[([]?(\d{1,2}|[a-z])[.)\]]\s/giu;
/** What announces a list on its own line: "Candidate subcategories: …". */
const HEADING_WORD = /(?<!\p{L})(?:candidate|option|choice|possib|(?:sub-?)?categor|species|include|are(?!\p{L}))/iu;
/** Marks of bold and of code. */
const EMPHASIS = /\*\*|__|`/gu;
const JOINED = /^\s*(?:and|or)\s/iu;
const NOTE = /:(?:\s|$)|\s[-–—]\s/u;

export function splitLines(text: string): Line[] {
  const parts = text.split(/(\r\n?|[\n\u0085\u2028\u2029])/u); // line, line break, line, …
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
  return visible.trimStart().startsWith("```") ? "" : visible.replace(EMPHASIS, "");
}

export function isEmpty({ text }: Line): boolean {
  return text.trim() === "";
}

/** The line as an item of a list. Whether a letter is an ordinal ("A. thaliana") only the lines around it can tell. */
export function itemOf({ text }: Line): Item | undefined {
  const bullet = BULLET.exec(text);
  if (bullet !== null) {
    const [, indent = "", spaced, tight, name = ""] = bullet;
    return { indent, kind: spaced ?? tight ?? "", ordinal: 0, text: name };
  }
  const [, indent = "", mark = "", space, name = ""] = ORDINAL.exec(text) ?? [];
  if (mark === "" || (space === "" && !(/\d/u.test(mark) && /^[\p{L}"'“‘]/u.test(name)))) return undefined;
  return { indent, ...ordinalOf(mark), text: name };
}

function ordinalOf(mark: string): Pick<Item, "kind" | "ordinal"> {
  if (/\d/u.test(mark)) return { kind: "number", ordinal: Number(mark) };
  const lower = mark.toLowerCase();
  return { kind: mark === lower ? "letter" : "LETTER", ordinal: lower.charCodeAt(0) - 96 };
}

/**
 * The names of one line: after "Candidates:", between commas or semicolons outside parentheses and before a last "and"
 * or "or", or behind ordinals. None where a piece is a sentence.
 * @param said a text whose names are known: an "and" that stands in it so is part of a name
 */
export function namesInLine(line: string, said: string): string[] {
  const text = withoutBrackets(withoutHeading(line).trim());
  const enumerated = splitAtOrdinals(text);
  const pieces = enumerated.length > 1 ? enumerated : splitAtCommas(enumerated[0] ?? text, said);
  const names = pieces.map(cleanName);
  if (names.some(isLong)) return [];
  const noted = pieces.map((piece) => NOTE.test(piece));
  // "Fokker 70: short, two engines" is one name with its note; "Fokker 70: short, Fokker 100: long" is two.
  if (noted[0] === true && noted.includes(false)) return names.slice(0, 1).filter(isName);
  return names.filter(isName);
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
const PAIRS = ['""', "''", "“”", "‘’", "**", "__"];

/** A listed name without emphasis and quotes, without the explanation after a colon or a dash, and without closing punctuation. */
export function cleanName(item: string): string {
  const plain = visibleText(item).replace(EMPHASIS, "");
  const name = trimCharacters(plain.split(NOTE)[0] ?? "", OPENING, CLOSING);
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
    const found = ordinalOf(ordinal);
    if (found.ordinal !== next || (next > 1 && found.kind !== kind) || (next === 1 && index > 0)) continue;
    if (next > 1) pieces.push(text.slice(cuts.at(-1), index));
    cuts.push(index + mark.length);
    [kind, next] = [found.kind, next + 1];
  }
  const numbered = kind === "number" ? next > 1 : next > 2; // one letter alone may be an initial
  return numbered ? [...pieces, text.slice(cuts.at(-1))] : [];
}

function splitAtCommas(text: string, said: string): string[] {
  const pieces: string[] = [];
  let [end, bracket] = [text.length, ""];
  for (let i = text.length - 1; i >= 0; i--) {
    const character = text.charAt(i);
    if (character === "(" || character === ")") bracket = character;
    if ((character !== "," && character !== ";") || bracket === ")") continue;
    pieces.push(text.slice(i + 1, end));
    end = i;
  }
  pieces.push(text.slice(0, end));
  pieces.reverse();
  const last = pieces.pop() ?? "";
  const split = pieces.length === 0 || JOINED.test(last) ? [last] : splitAtConjunction(last, said);
  return [...pieces, ...split].map((piece) => piece.replace(JOINED, ""));
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
