/**
 * What no text from data may do to its reader: give a terminal orders (C0, DEL, C1), turn the direction of reading around
 * (bidirectional embeddings, overrides and isolates), break lines unseen, or break UTF-8 and XML, which cannot hold it
 * (lone surrogates, U+FFFE, U+FFFF).
 */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u202a-\u202e\u2066-\u2069\ufffe\uffff]/gu;
const KEPT = /[\n\t]/;
const LINE_END = /[\n\r\t\u2028\u2029]/;

/** The text with every such character written out, as in `\u001b`; line ends and tabs stay. */
export function printable(text: string): string {
  return text.replaceAll(UNPRINTABLE, (character) => (KEPT.test(character) ? character : escaped(character)));
}

/** The same on one line: line ends and tabs become spaces. */
export function printableLine(text: string): string {
  return printable(text.replaceAll(/\s+/g, (gap) => (LINE_END.test(gap) ? " " : gap)));
}

/** The beginning of a name from a file, which may have millions of characters, for a message. */
export function briefly(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
const LONGEST = 200;

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
