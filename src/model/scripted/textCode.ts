/** Ends an answer. */
export const END_TOKEN = 0;

/** A text as tokens: one per Unicode code point, its number plus one, so that 0 is free for the end. */
export function encodeText(text: string): number[] {
  return Array.from(text, (character) => (character.codePointAt(0) ?? 0) + 1);
}

/** The text of tokens, without the end. */
export function decodeText(tokenIds: readonly number[]): string {
  return tokenIds.map((id) => (id === END_TOKEN ? "" : String.fromCodePoint(id - 1))).join("");
}
