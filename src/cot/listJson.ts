import { cleanName, isName } from "./listLines";

/** Keys under which a JSON object names what it is about, the likeliest first. */
const NAME_KEYS = ["name", "label", "class", "candidate", "option", "subcategory", "species", "title"];
const ORDINAL_KEY = /^(?:candidate|option)?[\s_-]*(?:\d{1,2}|[a-z])$/iu;

/**
 * The names in a text that starts with JSON, in a code block or not: a list of names or of objects, such a list under a
 * key, or an object by ordinals or by names.
 * @returns the names and the offset behind them; undefined where the text holds no such JSON
 */
export function readJsonNames(text: string): { names: string[]; end: number } | undefined {
  const before = /^\s*(?:```[a-z]*\s*)?(?=[[{])/iu.exec(text);
  if (before === null) return undefined;
  const [start, end] = [before[0].length, endOfJson(text, before[0].length)];
  const names = namesIn(parse(text.slice(start, end)))
    .map(cleanName)
    .filter(isName);
  if (names.length === 0) return undefined;
  const fence = /^\s*```/u.exec(text.slice(end));
  return { names, end: end + (fence?.[0].length ?? 0) };
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined; // a line that starts with a bracket
  }
}

/** The offset behind the bracket that closes the one at `start`; the text's end where none does. */
function endOfJson(text: string, start: number): number {
  let [depth, quoted] = [0, false];
  for (let i = start; i < text.length; i++) {
    const character = text.charAt(i);
    if (quoted && character === "\\") i++;
    else if (character === '"') quoted = !quoted;
    else if (!quoted && (character === "[" || character === "{")) depth++;
    else if (!quoted && (character === "]" || character === "}") && --depth === 0) return i + 1;
  }
  return text.length;
}

function namesIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(nameOf);
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
