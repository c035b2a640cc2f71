/**
 * Text as language models and web pages write it, made comparable. All of it takes time linear in the text.
 */

/** Characters that show nothing: zero-width spaces, soft hyphens, byte order marks, marks of direction. The joiners of some scripts stay. */
const INVISIBLE = /[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]/gu;
const LINE_BREAK = /\r\n?|[\u0085\u2028\u2029]/gu;
const NON_BREAKING_SPACE = /[\u00a0\u2007\u202f]/gu;
const NON_BREAKING_HYPHEN = /\u2011/gu;

/** The same text without what a reader cannot see: one kind of line break, ordinary spaces and hyphens, no invisible characters. */
export function visibleText(text: string): string {
  return text
    .replace(LINE_BREAK, "\n")
    .replace(INVISIBLE, "")
    .replace(NON_BREAKING_SPACE, " ")
    .replace(NON_BREAKING_HYPHEN, "-");
}

const HYPHEN = /[\u2010-\u2015\u2212]/gu;
const APOSTROPHE = /[\u2018\u2019\u201b\u02bc\u2032´]/gu;
const QUOTE = /[\u201c\u201d\u201e\u201f\u2033«»]/gu;
const IGNORABLE = /\p{Default_Ignorable_Code_Point}/gu;
/** More marks on one letter than any script has (UAX #15, "stream-safe"): sorting them takes quadratic time. */
const PILE_OF_MARKS = /\p{M}{30}/gu;

/**
 * A text for comparing, not for showing: compatible characters unified (NFKC), every dash a hyphen, every quotation mark
 * straight, nothing invisible.
 */
export function plainTypography(text: string): string {
  const straight = text.replace(APOSTROPHE, "'").replace(QUOTE, '"');
  return straight.replace(PILE_OF_MARKS, "$&\u034f").normalize("NFKC").replace(HYPHEN, "-").replace(IGNORABLE, "");
}

/** The text without the characters at its ends that are in a set. */
export function trimCharacters(text: string, atStart: ReadonlySet<string>, atEnd: ReadonlySet<string>): string {
  let [start, end] = [0, text.length];
  while (start < end && atStart.has(text.charAt(start))) start++;
  while (end > start && atEnd.has(text.charAt(end - 1))) end--;
  return text.slice(start, end);
}
