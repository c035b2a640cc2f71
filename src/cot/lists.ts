/** The names listed at the start of a text, and where the list ends. */
export interface NameList {
  readonly names: readonly string[];
  /** Offset in the text just behind the list. */
  readonly end: number;
}

interface Line {
  readonly text: string;
  /** Offset just behind the line and its line break. */
  readonly end: number;
}

/** A longer piece of a comma list is a sentence, not a name. */
const MOST_WORDS = 9;

const NO_NAMES: NameList = { names: [], end: 0 };

const ITEM = /^(\s*)(?:([-*•])|(\d{1,2})[.)])\s+(\S.*)$/u;

/**
 * Reads the first list of a text: lines that start with a number or a bullet, all at the same depth (lines below an
 * item are its notes), or, where the first line with text is no item, that line split at commas. A numbered list ends where the numbers no
 * longer go up by one, a bulleted one at an empty line or a heading.
 */
export function readNameList(text: string): NameList {
  const lines = splitLines(text);
  const opening = lines.find((line) => line.text.trim() !== "");
  if (opening === undefined) return { names: [], end: 0 };
  const listed = /[:.]\s*$/u.test(opening.text) || ITEM.test(opening.text) ? NO_NAMES : readCommaLine(opening);
  if (listed.names.length > 1) return listed; // names on one line, whatever list follows
  const first = lines.findIndex((line) => ITEM.test(line.text));
  return first < 0 ? readCommaLine(opening) : readItems(lines.slice(first));
}

function splitLines(text: string): Line[] {
  let end = 0;
  return text.split("\n").map((line) => {
    end += line.length + 1;
    return { text: line, end: Math.min(end, text.length) };
  });
}

function readItems(lines: readonly Line[]): NameList {
  const opening = ITEM.exec(lines[0]?.text ?? "");
  if (opening === null) return NO_NAMES;
  const [indent, bullet] = [opening[1], opening[2]];
  const names: string[] = [];
  let [end, gap] = [0, false];
  for (const line of lines) {
    const empty = line.text.trim() === "";
    const item = ITEM.exec(line.text);
    if (item !== null && item[1] === indent && item[2] === bullet) {
      const inOrder = bullet !== undefined || Number(item[3]) === names.length + Number(opening[3]);
      if (!inOrder) break;
      names.push(cleanName(item[4] ?? ""));
    } else if (empty ? bullet !== undefined && names.length > 1 : !isNote(line.text, item !== null && !gap)) break;
    gap = empty;
    if (!empty) end = line.end;
  }
  return { names: names.filter((name) => isName(name)), end };
}

/** A note below an item: indented, or a list of another kind that follows without an empty line. */
function isNote(line: string, otherList: boolean): boolean {
  return otherList || /^\s{2,}/u.test(line);
}

function readCommaLine(line: Line): NameList {
  const names = line.text.split(/\s*[,;](?![^(]*\))\s*(?:and\s+)?/u).map(cleanName);
  const sentence = names.some((name) => name.split(/\s+/u).length > MOST_WORDS);
  return sentence ? NO_NAMES : { names: names.filter((name) => isName(name)), end: line.end };
}

function isName(text: string): boolean {
  return /[\p{L}\p{N}]/u.test(text);
}

/** A listed name without emphasis, without the explanation after a colon or a dash, and without closing punctuation. */
function cleanName(item: string): string {
  const plain = item.replace(/\*\*|__|`/gu, "");
  const name = plain.split(/:(?:\s|$)|\s[-–—]\s/u)[0] ?? "";
  return name
    .trim()
    .replace(/[.,;]+$/u, "")
    .trim();
}
