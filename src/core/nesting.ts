/** Objects and lists in one another that a JSON text may have: code that walks through them needs a call for each. */
const DEEPEST = 200;

/** @throws SyntaxError when too many brackets of a JSON or YAML text stand in one another */
export function requireShallow(text: string): void {
  if (nesting(text) > DEEPEST) throw new SyntaxError(`more than ${DEEPEST} lists and objects stand in one another`);
}

/** The most brackets that are open at once, outside of strings. */
function nesting(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) inString = !inString;
    else if (inString) i += code === BACKSLASH ? 1 : 0;
    else if (code === BRACKET || code === BRACE) deepest = Math.max(deepest, ++depth);
    else if (code === BRACKET + 2 || code === BRACE + 2) depth--;
  }
  return deepest;
}
const [QUOTE, BACKSLASH, BRACKET, BRACE] = [0x22, 0x5c, 0x5b, 0x7b]; // the closing ones come two places later
