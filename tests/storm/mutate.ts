import type { Random } from "../../src/core/random";

/** Pieces that parsers stumble over. */
const PIECES = [
  ..."\u0000|\ufeff|\ud800|\u200b|\u00a0|\u2011|\u202e|\u001b[2J|\r\n|\r|\n\n\n|\t|😀|é|İ".split("|"),
  ...'null|true|{}|[]|[[[[|{{|}}|,|:|"|\\|\\u0000|-0|1e999|-1|0.1|9007199254740993|NaN|__proto__|constructor'.split(
    "|",
  ),
  ..."- |* |• |1. |A. |(1) |**|`| and |<think>|</think>|<answer>|</answer>|<analysis>|<options>|<|im_start|>".split(
    "|",
  ),
  ..."&a [*a]|*a|!!js/function|%YAML 9|---|? |{% for i in x %}|{% if|{{ x.y }}|{{ raise_exception('x') }}|<image>".split(
    "|",
  ),
];

/** Inputs made from good ones by a few random changes each. */
export function mutated(corpus: readonly string[], random: Random): string {
  let text = random.pick(corpus);
  for (let left = 1 + random.integer(4); left > 0; left--) text = changed(text, corpus, random);
  return text;
}

function changed(text: string, corpus: readonly string[], random: Random): string {
  const from = random.integer(text.length + 1);
  const to = Math.min(text.length, from + random.integer(40));
  const before = text.slice(0, from);
  const piece = random.pick(PIECES);
  switch (random.integer(7)) {
    case 0:
      return before + text.slice(to);
    case 1:
      return before + piece + text.slice(random.chance(0.5) ? from : to);
    case 2:
      return before + text.slice(from, to).repeat(2 + random.integer(30)) + text.slice(to);
    case 3:
      return before + piece.repeat(1 + random.integer(2000)) + text.slice(from);
    case 4:
      return before;
    case 5:
      return before + String.fromCharCode(random.integer(256)) + text.slice(from + 1);
    default: {
      const other = random.pick(corpus);
      return before + other.slice(random.integer(other.length + 1));
    }
  }
}
