/** The bullets and ordinals at the start of lines. */

/** A line that starts with a bullet or an ordinal. */
export interface Item {
  readonly indent: string;
  /** The bullet and the kind of the ordinal; the items of one list have the same. */
  readonly kind: string;
  /** 3 for "3.", "(C)", "iii." and "Third:"; 0 for a bullet. */
  readonly ordinal: number;
  readonly text: string;
}

const BULLET = /^(\s*)(?:([-*+–—‣·→]|\p{So}\ufe0f?)\s+|(•)\s*)(\S.*)$/u;
/** The box of a task in Markdown. */
const BOX = /^\[[ xX]?\]\s+(?=\S)/u;
/** `1.`, `1)`, `(1)`, `[1]`, `1st:`, `A.`, `(a)`, `iv)`, `Option A:` and the like, in a heading or not. */
const ORDINAL =
  /^(\s*)(?:#{1,6}\s+)?(?:candidate |option |choice )?[([]?(\d{1,2}|[a-z]|[ivx]{2,4})(?:st|nd|rd|th)?[.):\]]+(\s*)(\S.*)$/iu;
const HASH = /^(\s*)(?:#{1,6}\s+)?[#№](\d{1,2})[.):]?(\s+)(\S.*)$/u;
const WORDS = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"];
const WORD = new RegExp(
  `^(\\s*)(?:#{1,6}\\s+)?(${WORDS.join("|")})(?: (?:candidate|option|choice))?(?:[:.,)]|\\s+[-–—](?=\\s))?(\\s+)(\\S.*)$`,
  "iu",
);
const ROMAN = ["i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x"];

/** Digits and letters in circles, parentheses or with full stops; full-width and keycap digits. */
const ENCLOSED = /[\u2460-\u249b\u249c-\u24e9\u2776-\u2793]\s*|\d\ufe0f?\u20e3\s*|[０-９]{1,2}[．）]\s*/gu;

/** The line with the marks of quotations, of HTML's and LaTeX's lists, and of single characters as plain text writes them. */
export function withPlainMarks(line: string): string {
  return line
    .replace(/^(?:\s*>)+ ?/u, "")
    .replace(/<li(?:\s[^<>]*)?>\s*/giu, "• ")
    .replace(/^(\s*)\\item(?![a-z])(?:\[[^[\]]*\])?\s*/u, "$1- ")
    .replace(ENCLOSED, plainOrdinal);
}

/** "1. " for "①", "(1) " for "⑴", "1. " for "１．". */
function plainOrdinal(mark: string): string {
  const code = mark.charCodeAt(0);
  const negative = code >= 0x2776 && code <= 0x2793; // ❶ … ➓, three rows of ten
  const plain = negative
    ? String(((code - 0x2776) % 10) + 1)
    : mark.normalize("NFKC").replace(/[\ufe0f\u20e3\s]/gu, "");
  return /[.)]$/u.test(plain) ? `${plain} ` : `${plain}. `;
}

interface Mark extends Item {
  /** Ordinals that only stand for a place where the first and the second of their kind are there. */
  readonly needsSecond: boolean;
}

/**
 * What each line is as an item. A number is an ordinal; letters ("A. thaliana"), Roman numerals and words ("First Lady"),
 * and all that stands behind a bullet, only where the first and the second of that kind are there.
 */
export function itemsOf(lines: readonly string[]): (Item | undefined)[] {
  const marks = lines.map(marksOf);
  const met = new Set(marks.flat().map(({ kind, ordinal }) => `${kind} ${ordinal}`));
  return marks.map((readings) => {
    return readings.find(({ kind, needsSecond }) => !needsSecond || (met.has(`${kind} 1`) && met.has(`${kind} 2`)));
  });
}

/** The readings of a line as an item, the likeliest first. */
function marksOf(line: string): Mark[] {
  const [, space = "", spaced, tight, rest = ""] = BULLET.exec(line) ?? [];
  const bullet = spaced ?? tight;
  if (bullet === undefined) return ordinalsOf(line, "", false);
  const text = rest.replace(BOX, "");
  const plain = { indent: space, kind: bullet, ordinal: 0, text, needsSecond: false };
  return [...ordinalsOf(text, bullet, true).map((mark) => ({ ...mark, indent: space })), plain];
}

function ordinalsOf(line: string, bullet: string, needsSecond: boolean): Mark[] {
  const found = ORDINAL.exec(line) ?? HASH.exec(line) ?? WORD.exec(line);
  const [, indent = "", mark = "", space, text = ""] = found ?? [];
  if (found === null || (space === "" && !(/\d/u.test(mark) && /^[\p{L}"'“‘]/u.test(text)))) return [];
  return placesOf(mark).map(({ kind, ordinal }) => {
    return { indent, kind: bullet + kind, ordinal, text, needsSecond: needsSecond || kind !== "number" };
  });
}

/** The kind and place that an ordinal may have: "i" is the first Roman numeral and the ninth letter. */
export function placesOf(mark: string): { readonly kind: string; readonly ordinal: number }[] {
  if (/\d/u.test(mark)) return [{ kind: "number", ordinal: Number(mark) }];
  const lower = mark.toLowerCase();
  const style = mark === lower ? "small" : "capital";
  const places = [
    { kind: "word", ordinal: WORDS.indexOf(lower) + 1 },
    { kind: `${style} Roman`, ordinal: ROMAN.indexOf(lower) + 1 },
    { kind: `${style} letter`, ordinal: lower.length === 1 ? lower.charCodeAt(0) - 96 : 0 },
  ];
  return places.filter(({ ordinal }) => ordinal > 0);
}
