/** What is needed of transformers.js' tokenizer. */
export interface Tokenizer {
  encode(text: string, how?: { readonly add_special_tokens?: boolean }): number[];
  readonly pad_token_id: number;
  readonly padding_side: string;
  readonly model_max_length: number;
}

/** Texts as a tower takes them: B texts of T tokens. */
export interface TextRows {
  /** [B · T] */
  readonly ids: BigInt64Array;
  /** [B · T]: 1 where a token stands, 0 on the padding. */
  readonly mask: BigInt64Array;
  readonly length: number;
}

/**
 * Lays out texts. @param longest tokens that a text is cut to @param fill fill all of them up to it, or else to the longest of these texts
 */
export function textRows(
  tokenizer: Tokenizer,
  texts: readonly string[],
  longest: number | undefined,
  fill: boolean,
): TextRows {
  const bound = Math.min(longest ?? Infinity, tokenizer.model_max_length);
  const rows = texts.map((text) => tokenIds(tokenizer, text, bound));
  const length = fill && longest !== undefined ? longest : Math.max(...rows.map((row) => row.length));
  const ids = new BigInt64Array(rows.length * length).fill(BigInt(tokenizer.pad_token_id));
  const mask = new BigInt64Array(rows.length * length);
  rows.forEach((row, i) => {
    const start = i * length + (tokenizer.padding_side === "left" ? length - row.length : 0);
    row.forEach((id, t) => (ids[start + t] = BigInt(id)));
    mask.fill(1n, start, start + row.length);
  });
  return { ids, mask, length };
}

/**
 * A text's tokens, of a long one the first that leave room for the marks around them, as in Python; transformers.js cuts off the end mark,
 * which CLIP's vector is read at.
 */
function tokenIds(tokenizer: Tokenizer, text: string, bound: number): number[] {
  const whole = tokenizer.encode(text);
  const over = whole.length - bound;
  if (over <= 0) return whole;
  const bare = tokenizer.encode(text, { add_special_tokens: false });
  const after = tailOf(whole, bare);
  return [...whole.slice(0, whole.length - after - over), ...whole.slice(whole.length - after)];
}

/** How many marks stand behind the text's own tokens. */
function tailOf(whole: readonly number[], bare: readonly number[]): number {
  const around = whole.length - bare.length;
  for (let before = 0; before <= around; before++)
    if (bare.every((id, i) => whole[before + i] === id)) return around - before;
  return 0;
}
