import { canonicalName } from "../core/answer";
import { trimCharacters, visibleText } from "../core/typography";
import { withoutMarkup } from "./markup";

const AROUND = ['"', "'", " "];
const OPENING: ReadonlySet<string> = new Set(AROUND);
const CLOSING: ReadonlySet<string> = new Set([...AROUND, ".", ",", ";", ":", "!", "?"]);
/**
 * The mark of an option in front of its name: "(A) ", "b) ", "2. ", "Option C: ". A letter with a full stop may be an
 * initial; it counts as a mark from A to D before a capital or a digit, so that "J. Smith's Wren" and "A. thaliana" stay whole.
 */
const OPTION_MARK =
  /^\s*(?:(?:[Oo]ption|[Cc]andidate|[Cc]hoice) (?:[A-Za-z]|\d{1,2})[.):]|[([](?:[A-Za-z]|\d{1,2})[)\]]|[A-Za-z]\)|\d{1,2}[.)]|[A-D][.:](?=\s+["'“‘]?[\p{Lu}\p{N}]))\s+/u;

/**
 * A name as it is compared: `canonicalName` without markup, and without quotes and closing punctuation around it. Other
 * dashes, quotes and spaces, and characters that show nothing, make no other name.
 */
export function normaliseName(name: string): string {
  return trimCharacters(canonicalName(withoutMarkup(name).replaceAll("*", "")), OPENING, CLOSING);
}

/**
 * Whether two names are the same up to typography, markup, case, spacing and punctuation around them. One of them may have
 * the mark of an option in front; two with different marks are different, as they may be initials.
 */
export function sameName(a: string, b: string): boolean {
  const [one, other] = [normaliseName(a), normaliseName(b)];
  return one === other || withoutOption(a) === other || one === withoutOption(b);
}

function withoutOption(name: string): string {
  return normaliseName(withoutMarkup(visibleText(name)).replace(OPTION_MARK, ""));
}

/** Whether a listed candidate stands for a label: the same name, where the candidate may add a note in parentheses. */
export function namesLabel(candidate: string, label: string): boolean {
  return sameName(candidate, label) || sameName(withoutNote(normaliseName(candidate)), label);
}

/** The name without a pair of parentheses at its end. */
function withoutNote(name: string): string {
  const open = name.endsWith(")") ? name.lastIndexOf("(") : -1;
  return open < 0 || name.indexOf(")", open) < name.length - 1 ? name : name.slice(0, open);
}
