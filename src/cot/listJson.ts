import { cleanName, isName } from "./listLines";

/** Keys under which a JSON object names what it is about, the likeliest first. */
const NAME_KEYS = ["name", "label", "class", "candidate", "option", "subcategory", "species", "title"];
const ORDINAL_KEY = /^(?:candidate|option)?[\s_-]*(?:\d{1,2}|[a-z])$/iu;

/**
 * The names in a text that starts with JSON, or with the same as Python writes it, in a code block or not: a list of names or of objects, such a list under a
 * key, or an object by ordinals or by names.
 * @returns the names and the offset behind them; undefined where the text holds no such JSON
 */
export function readJsonNames(text: string): { names: string[]; end: number; doubt?: string } | undefined {
  const before = /^\s*(?:```[a-z]*\s*)?(?=[[{])/iu.exec(text);
  if (before === null) return undefined;
  const [start, end] = [before[0].length, endOfJson(text, before[0].length)];
  const names = namesIn(parse(text.slice(start, end)))
    .map(cleanName)
    .filter(isName);
  if (names.length === 0) return undefined;
  const further = /^[\s,]*[[{]/u.test(text.slice(end)); // one name of several
  if (further) return { names: [], end, doubt: text.slice(end).trim().slice(0, 60) };
  const fence = /^\s*```/u.exec(text.slice(end));
  return { names, end: end + (fence?.[0].length ?? 0) };
}

function parse(text: string): unknown {
  for (const json of [text, jsonOfPython(text)]) {
    try {
      return JSON.parse(json);
    } catch {
      continue;
    }
  }
  return undefined; // a line that starts with a bracket
}

/** The offset behind the bracket that closes the one at `start`; the text's end where none does. */
function endOfJson(text: string, start: number): number {
  let [depth, quote] = [0, ""];
  for (let i = start; i < text.length; i++) {
    const character = text.charAt(i);
    if (quote !== "" && character === "\\") i++;
    else if (quote !== "") quote = character === quote ? "" : quote;
    else if (character === '"' || character === "'") quote = character;
    else if (character === "[" || character === "{") depth++;
    else if ((character === "]" || character === "}") && --depth === 0) return i + 1;
  }
  return text.length;
}

/** A text of Python's lists, dictionaries and strings as JSON. */
function jsonOfPython(text: string): string {
  return text.replace(
    /"(?:[^"\\]|\\.)*(?:"|\\?$)|'((?:[^'\\]|\\.)*)(?:'|\\?$)|,(?=\s*[\]}])/gsu,
    (found, inner?: string) => {
      if (inner === undefined) return found === "," ? "" : found;
      return JSON.stringify(inner.replace(/\\(['"])/gu, "$1"));
    },
  );
}

function namesIn(value: unknown): string[] {
  if (Array.isArray(value)) {
    const names = value.flatMap(nameOf);
    return names.length < value.length ? [] : names; // an entry without a name may be one that we cannot read
  }
  if (typeof value !== "object" || value === null) return [];
  const entries: [string, unknown][] = Object.entries(value);
  const list = entries.map(([, inner]) => inner).find((inner) => Array.isArray(inner));
  if (list !== undefined) return namesIn(list);
  const named = nameOf(value);
  if (named.length > 0) return named;
  return entries.every(([key]) => ORDINAL_KEY.test(key))
    ? entries.flatMap(([, inner]) => nameOf(inner))
    : entries.map(([key]) => key);
}

function nameOf(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  const entries = new Map<string, unknown>(Object.entries(value).map(([key, inner]) => [key.toLowerCase(), inner]));
  const name = NAME_KEYS.map((key) => entries.get(key)).find((inner) => typeof inner === "string");
  return typeof name === "string" ? [name] : [];
}
