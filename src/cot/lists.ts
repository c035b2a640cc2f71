import { readJsonNames } from "./listJson";
import { cleanName, isEmpty, isLong, isName, itemOf, namesInLine } from "./listLines";
import { splitAtConjunction, splitLines, type Item, type Line } from "./listLines";

/** The names listed at the start of a text, and where the list ends. */
export interface NameList {
  readonly names: readonly string[];
  /** Offset in the text just behind the list. */
  readonly end: number;
}

const NO_NAMES: NameList = { names: [], end: 0 };
const SENTENCE_END = new Set([".", "!", "?", ":"]);

/**
 * Reads the first list of a text, in the forms in which models write them: JSON; names on one line between commas; lines
 * with bullets or ordinals (`1.`, `(1)`, `A.`), all at the same depth, lines below an item being its notes; names one a
 * line. An ordered list ends where the ordinals no longer go up by one, a bulleted one at an empty line or a heading.
 * Takes time linear in the text.
 * @param said a text whose names are known, such as the prediction: an "and" inside one of them parts no names
 */
export function readNameList(text: string, said = ""): NameList {
  const json = readJsonNames(text);
  if (json !== undefined) return json;
  const lines = splitLines(text);
  const start = lines.findIndex((line) => !isEmpty(line));
  const opening = lines[start];
  if (opening === undefined) return NO_NAMES;
  const items = itemsOf(lines);
  const first = items.findIndex((item) => item !== undefined);
  if (first !== start && !/[:.]$/u.test(opening.text.trimEnd())) {
    const listed = readCommaLines(lines.slice(start), items.slice(start), said);
    if (listed.names.length > 1) return listed; // names on one line, whatever list follows
  }
  return first < 0 ? readPlainLines(lines.slice(start), said) : readItems(lines.slice(first), items.slice(first), said);
}

/** What each line is as an item. Letters are ordinals only where an A and a B of one case are there. */
function itemsOf(lines: readonly Line[]): (Item | undefined)[] {
  const items = lines.map(itemOf);
  const lettered = new Set(
    ["letter", "LETTER"].filter((kind) => [1, 2].every((n) => items.some((i) => i?.kind === kind && i.ordinal === n))),
  );
  return items.map((item) => (item?.kind.toLowerCase() === "letter" && !lettered.has(item.kind) ? undefined : item));
}

function readItems(lines: readonly Line[], items: readonly (Item | undefined)[], said: string): NameList {
  const opening = items[0];
  if (opening === undefined) return NO_NAMES;
  const bulleted = opening.ordinal === 0;
  const names: string[] = [];
  let [end, gap, loose, step] = [0, false, true, 1];
  for (const [i, line] of lines.entries()) {
    const [item, empty] = [items[i], isEmpty(line)];
    if (item?.indent === opening.indent && item.kind === opening.kind) {
      if (names.length === 1 && item.ordinal === opening.ordinal) step = 0; // a bullet, or every item numbered "1."
      if (item.ordinal !== opening.ordinal + step * names.length) break;
      loose &&= names.length === 0 || gap;
      const name = cleanName(item.text);
      if (bulleted && loose && names.length > 1 && isLong(name)) break; // what follows the list
      names.push(name);
    } else if (empty ? bulleted && names.length > 1 && !loose : !isNote(line.text, item !== undefined && !gap)) break;
    gap = empty;
    if (!empty) end = line.end;
  }
  const single = names.length === 1 ? namesInLine(bulleted ? opening.text : (lines[0]?.text ?? ""), said) : [];
  return { names: single.length > 1 ? single : names.filter(isName), end };
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
