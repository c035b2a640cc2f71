import type { Random } from "../../../src/core/random";

/** Where letters of different scripts, marks, digits and signs stand, as first and last code points. */
const RANGES: readonly (readonly [number, number])[] = [
  ...([
    [0x21, 0x7e],
    [0xa1, 0x17f],
    [0x1c0, 0x24f],
    [0x300, 0x36f],
    [0x370, 0x3ff],
    [0x400, 0x4ff],
  ] as const), // Latin, marks, Greek, Cyrillic
  ...([
    [0x531, 0x58f],
    [0x5d0, 0x5ea],
    [0x600, 0x6ff],
    [0x904, 0x96f],
    [0x985, 0x9ef],
    [0xe01, 0xe5b],
  ] as const), // Armenian to Thai
  ...([
    [0x10a0, 0x10ff],
    [0x1100, 0x11ff],
    [0x1200, 0x1248],
    [0x1e00, 0x1eff],
    [0x1f00, 0x1ffc],
  ] as const), // Georgian, Hangul parts, Ethiopic
  ...([
    [0x2010, 0x2027],
    [0x2030, 0x205e],
    [0x2070, 0x209c],
    [0x20a0, 0x20bf],
    [0x2100, 0x218b],
  ] as const), // punctuation, numbers, money
  ...([
    [0x2190, 0x21ff],
    [0x2200, 0x22ff],
    [0x2460, 0x24ff],
    [0x2500, 0x257f],
    [0x2600, 0x27bf],
  ] as const), // arrows, mathematics, signs
  ...([
    [0x3001, 0x303f],
    [0x3041, 0x30ff],
    [0x4e00, 0x9fff],
    [0xac00, 0xd7a3],
    [0xf900, 0xfad9],
  ] as const), // kana, Han, Hangul, compatible
  ...([
    [0xfb00, 0xfb06],
    [0xff01, 0xff9f],
    [0x1d400, 0x1d7ff],
    [0x1f300, 0x1f64f],
    [0x1f900, 0x1f9ff],
    [0x20000, 0x2a6d6],
  ] as const), // wide, emoji
];
/** All white space of Unicode, some of it many times over, and what looks like it and is none. */
const SPACES = [...Array.from(" \u00a0\u1680\u2000\u2003\u2009\u200a\u2028\u2029\u202f\u205f\u3000\t\n\u000b\f\r\u0085\ufeff\u200b\u180e"), " ", " ", "\n", "\n", "\r\n", "\t"]; // prettier-ignore
const SPECIAL = [
  ...[
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|vision_start|>",
    "<|image_pad|>",
    "<|video_pad|>",
    "<|vision_end|>",
  ],
  ...[
    "<|object_ref_start|>",
    "<|box_end|>",
    "<|quad_start|>",
    "<tool_call>",
    "</tool_call>",
    "<|fim_prefix|>",
    "<|repo_name|>",
  ],
  ...["<think>", "</think>", "<tool_response>", "<answer>", "</answer>"], // no tokens of this vocabulary
];
const CODE = [
  ...[
    "for (let i = 0; i < n; i++) {",
    "    return x ** 2  # done",
    "\tif err != nil {\r\n",
    "SELECT * FROM t WHERE a>=1;",
    "</div>",
    "!=",
    "=>",
  ],
  ...[
    "std::vector<int>{1, 2}",
    "\\u00e9\\n",
    "{{ message['role'] }}",
    "a_b.c-d/e",
    "0xFF",
    "1e-6",
    "https://a.example/?q=1&r=%20",
    "$$x^2$$",
  ],
];
const EMOJI = ["👩‍🔬", "🏳️‍🌈", "👍🏽", "🐦", "🇫🇷", "☺️", "1️⃣", "🧑‍🧑‍🧒"];
const WORDS =
  "It's we'LL they've I'd isn't 'Tis O'Neil bird Least-Flycatcher naïve ZÜRICH straße İstanbul ǅ ﬁn e\u0301 Å Ω 한국어 鳥".split(
    " ",
  );
/** Pieces of special tokens, escapes, controls, lone marks and joiners, what no encoder should meet. */
const MALFORMED = ["<|im_end|", "|im_end|>", "<|im_end |>", "<| im_start|>", "<||>", "\u0000", "\u0007", "\u001b[31m", "\ufffd", "\u0301", "\u200d", "\ufe0f", "\ufffe", "%C3%28", "&#x0;", "\u202eabc", "\u{10ffff}", "\u{e0041}"]; // prettier-ignore

const BITS: readonly ((random: Random) => string)[] = [
  (random) => {
    const [first, last] = random.pick(RANGES);
    return text(1 + random.integer(8), () => String.fromCodePoint(first + random.integer(last - first + 1)));
  },
  (random) => text(1 + random.integer(4), () => random.pick(SPACES)),
  (random) => text(1 + random.integer(12), () => String(random.integer(10))),
  (random) => `${random.integer(1000)}${random.pick([",", ".", " ", "٣", "४", "５", "½", "²"])}${random.integer(1000)}`,
  (random) => random.pick(WORDS),
  (random) => ` ${random.pick(WORDS)}`,
  (random) => random.pick(CODE),
  (random) => random.pick(EMOJI),
  (random) => random.pick(SPECIAL),
  (random) => random.pick(MALFORMED),
  (random) => text(1 + random.integer(5), () => random.pick(Array.from("!?.,;:()[]{}'\"-–—…“”«»*#@/\\|<>=+~^`"))),
];

function text(length: number, draw: () => string): string {
  return Array.from({ length }, draw).join("");
}

/** A text of one to twelve pieces: scripts, white space, digits, words, code, emoji, special tokens, malformed ones. */
export function randomText(random: Random): string {
  return text(1 + random.integer(12), () => random.pick(BITS)(random));
}

export type Part = { readonly type: "image" } | { readonly type: "text"; readonly text: string };

/** The same without the token that stands for a picture: a conversation brings as many of these as it marks. */
function saidText(random: Random): string {
  return randomText(random).replaceAll("<|image_pad|>", "<|video_pad|>");
}

/** A conversation of up to six turns in which the user shows up to three pictures a turn, anywhere in the text. */
export function randomChat(random: Random): { role: "system" | "user" | "assistant"; content: string | Part[] }[] {
  const turns = 1 + 2 * random.integer(3);
  const system = random.chance(0.3) ? [{ role: "system" as const, content: saidText(random) }] : [];
  return [
    ...system,
    ...Array.from({ length: turns }, (_, turn) =>
      turn % 2 === 1
        ? { role: "assistant" as const, content: saidText(random) }
        : { role: "user" as const, content: shown(random) },
    ),
  ];
}

function shown(random: Random): string | Part[] {
  const images = random.integer(4);
  if (images === 0) return saidText(random);
  const words = (): Part[] => (random.chance(0.6) ? [{ type: "text", text: saidText(random) }] : []);
  return [...words(), ...Array.from({ length: images }, (): Part[] => [{ type: "image" }, ...words()]).flat()];
}
