import { canonicalName } from "../core/answer";
import { trimCharacters } from "../core/typography";

const AROUND = ['"', "'", " "];
const OPENING: ReadonlySet<string> = new Set(AROUND);
const CLOSING: ReadonlySet<string> = new Set([...AROUND, ".", ",", ";", ":", "!", "?"]);
/** Marks of bold, italics and code. Underscores are spaces by `canonicalName`. */
const EMPHASIS = /[*`]/gu;

/**
 * A name as it is compared: `canonicalName` without emphasis, and without quotes and closing punctuation around it. Other
 * dashes, quotes and spaces, and characters that show nothing, make no other name.
 */
export function normaliseName(name: string): string {
  return trimCharacters(canonicalName(name.replace(EMPHASIS, "")), OPENING, CLOSING);
}

/** Whether two names are the same up to typography, case, spacing and punctuation around them. */
export function sameName(a: string, b: string): boolean {
  return normaliseName(a) === normaliseName(b);
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
