import { doubtfulName, missedName, tableLine } from "./listDoubt";
import { readJsonNames } from "./listJson";
import { cleanName, HEADING_WORD, isEmpty, isLong, isName, namesInLine } from "./listLines";
import { splitAtConjunction, splitLines, type Line } from "./listLines";
import { itemsOf, type Item } from "./listMarks";

/** The names listed at the start of a text, and where the list ends. */
export interface NameList {
  readonly names: readonly string[];
  /** Offset in the text just behind the list. */
  readonly end: number;
  /** What keeps the names from being told apart; there are none then. */
  readonly doubt?: string;
}

const NO_NAMES: NameList = { names: [], end: 0 };
const SENTENCE_END = new Set([".", "!", "?", ":"]);

/**
 * Reads the first list of a text, in the forms in which models write them: JSON; names on one line between commas; lines
 * with bullets or ordinals (`1.`, `(1)`, `A.`, `iv)`, `First:`), all at the same depth, lines below an item being its notes;
 * names one per line. An ordered list ends where the ordinals no longer go up by one, a bulleted one at an empty line or a
 * heading. What cannot be read so with confidence gives no names but a doubt. Takes time linear in the text.
 * @param said a text whose names are known, such as the prediction: an "and" inside one of them parts no names
 */
export function readNameList(text: string, said = ""): NameList {
  const lines = splitLines(text);
  const list = readJsonNames(text) ?? readLines(lines, said);
  if (list.doubt !== undefined || list.names.length === 0) return list;
  const shown = lines.map((line) => line.text);
  const listed = shown.filter((_, i) => (lines[i - 1]?.end ?? 0) <= list.end);
  const doubt = doubtfulName(list.names) ?? tableLine(listed) ?? missedName(shown, list.names, said);
  return doubt === undefined ? list : doubted(doubt, list.end);
}

function doubted(doubt: string, end: number): NameList {
  return { names: [], end, doubt: doubt.trim() };
}

function readLines(lines: readonly Line[], said: string): NameList {
  const start = lines.findIndex((line) => !isEmpty(line));
  const opening = lines[start];
  if (opening === undefined) return NO_NAMES;
  const items = itemsOf(lines.map((line) => line.text));
  const first = items.findIndex((item) => item !== undefined);
  const announced = /[:.]$/u.test(opening.text.trimEnd());
  if (first !== start && !announced) {
    const listed = readCommaLines(lines.slice(start), items.slice(start), said);
    if (listed.names.length > 1) return listed; // names on one line, whatever list follows
  }
  if (first < 0) return readPlainLines(lines.slice(start), said);
  const headed = first === start || announced || HEADING_WORD.test(opening.text) || opening.text.startsWith("#");
  return readItems(lines.slice(first), items.slice(first), said, headed);
}

function readItems(
  lines: readonly Line[],
  items: readonly (Item | undefined)[],
  said: string,
  headed: boolean,
): NameList {
  const opening = items[0];
  if (opening === undefined) return NO_NAMES;
  const bulleted = opening.ordinal === 0;
  const names: string[] = [];
  let [end, gap, loose, step, aside, at] = [0, false, true, 1, false, 0];
  for (; at < lines.length; at++) {
    const [line, item] = [lines[at] ?? { text: "", end }, items[at]];
    const empty = isEmpty(line);
    if (item !== undefined && sameList(item, opening)) {
      if (names.length === 1 && item.ordinal === opening.ordinal && !aside) step = 0; // a bullet, or every item numbered "1."
      if (item.ordinal !== opening.ordinal + step * names.length) break;
      loose &&= names.length === 0 || gap;
      const name = cleanName(item.text);
      if (bulleted && loose && names.length > 1 && isLong(name)) break; // what follows the list
      names.push(name);
      aside = false;
    } else if (empty ? bulleted && names.length > 1 && !loose : !isNote(line.text, item !== undefined && !gap)) {
      if (bulleted || step === 0) break;
      aside = true; // what stands between two ordinals that follow each other is the first one's notes
    }
    gap = empty;
    if (!empty && !aside) end = line.end;
  }
  const single = names.length === 1 ? namesInLine(bulleted ? opening.text : (lines[0]?.text ?? ""), said) : [];
  if (single.length > 1) return { names: single, end };
  // Not one list: a lone item with others at its depth, two kinds of bullets, or bullets below names that have no mark.
  const stray = items.findIndex((item, i) => {
    if (i === 0 || item?.indent !== opening.indent) return false;
    const same = item.kind === opening.kind;
    return names.length === 1 || (i < at ? bulleted && !same : !headed && same);
  });
  if (stray >= 0) return doubted(lines[stray]?.text ?? "", end);
  if (opening.ordinal > 1) return doubted(lines[0]?.text ?? "", end);
  return { names: names.filter(isName), end };
}

function sameList(item: Item, opening: Item): boolean {
  return item.indent === opening.indent && item.kind === opening.kind;
}

/** A note below an item: indented, or a list of another kind that follows without an empty line. */
function isNote(line: string, otherList: boolean): boolean {
  return otherList || /^\s{2,}/u.test(line);
}

/** Names between commas: a line, and what follows it as one more line of such names, or behind a comma at its end. */
function readCommaLines(lines: readonly Line[], items: readonly (Item | undefined)[], said: string): NameList {
  let list = NO_NAMES;
  let open: string[] = [];
  for (const [i, line] of lines.entries()) {
    if (isEmpty(line) || items[i] !== undefined) break;
    open.push(line.text);
    if (/[,;]$/u.test(line.text.trimEnd()) && !endsAt(lines, items, i + 1)) continue;
    const names = namesInLine(open.join(" "), said);
    if (list !== NO_NAMES && (names.length < 2 || endsSentence(line.text))) break;
    list = { names: [...list.names, ...names], end: line.end };
    open = [];
  }
  return list;
}

function endsAt(lines: readonly Line[], items: readonly (Item | undefined)[], i: number): boolean {
  const line = lines[i];
  return line === undefined || isEmpty(line) || items[i] !== undefined;
}

/** Names one per line: all lines of the text, or else the first ones up to an empty line; or names on one line. */
function readPlainLines(lines: readonly Line[], said: string): NameList {
  const [opening] = lines;
  if (opening === undefined) return NO_NAMES;
  const heads = /:$|^#/u.test(opening.text.trim());
  const start = heads ? lines.findIndex((line, i) => i > 0 && !isEmpty(line)) : 0;
  const body = start < 0 ? [...lines] : lines.slice(start);
  const [first] = body;
  if (first === undefined) return NO_NAMES;
  const listed = readCommaLines(body, [], said);
  if (listed.names.length > 1) return listed;
  const empty = body.map(isEmpty);
  const last = empty.lastIndexOf(false);
  const dotted = first.text.trimEnd().endsWith(".");
  const stops = (i: number): boolean => dotted || (i === last && empty[i - 1] === false);
  const names = body.map((line, i) => (empty[i] === true ? "" : nameAlone(line.text, stops(i))));
  const count = names.includes(undefined) ? names.findIndex((name, i) => name === undefined || empty[i]) : last + 1;
  const kept = names.slice(0, count).flatMap((name) => (name === undefined || name === "" ? [] : [name]));
  if (kept.length > 1) return { names: kept, end: body[count - 1]?.end ?? 0 };
  const pair = endsAt(body, [], 1) ? splitAtConjunction(first.text, said).map(cleanName) : [];
  return pair.length === 2 && !pair.some(isLong) ? { names: pair.filter(isName), end: first.end } : listed;
}

/** The name that a line consists of; undefined for a sentence. */
function nameAlone(line: string, mayEndWithStop: boolean): string | undefined {
  if (endsSentence(line) && !(mayEndWithStop && line.trimEnd().endsWith("."))) return undefined;
  const names = namesInLine(line, "");
  if (names.length > 1) return undefined;
  return names[0];
}

function endsSentence(line: string): boolean {
  return SENTENCE_END.has(line.trimEnd().slice(-1));
}
