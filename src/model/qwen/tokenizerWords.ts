import * as path from "node:path";
import { writeFileAtomic, writeJson } from "../../core/files";

/** Special tokens of a word tokenizer, under Qwen's names; they take the first ids, in this order. */
export const WORD_SPECIAL_TOKENS = [
  "<|endoftext|>",
  "<|im_start|>",
  "<|im_end|>",
  "<|vision_start|>",
  "<|vision_end|>",
  "<|image_pad|>",
  "<|video_pad|>",
  "<|unk|>",
] as const;

/** What a word is: a tag such as `<think>` or `</answer>`, letters and digits with inner hyphens, or one other mark. */
const WORD_PATTERN = "</?[\\p{L}\\p{N}_]+>|[\\p{L}\\p{N}_]+(?:['\\-][\\p{L}\\p{N}_]+)*|[^\\s\\p{L}\\p{N}_]";

/**
 * Turns of the small models: what the user says, then `<|im_start|>` answer `<|im_end|>`. The line breaks keep the
 * words of neighbouring turns apart; they are no tokens.
 */
const WORD_CHAT_TEMPLATE = [
  "{% for message in messages %}",
  "{% if message['role'] == 'assistant' %}<|im_start|>{% endif %}",
  "{% if message['content'] is string %}{{ message['content'] }}",
  "{% else %}{% for part in message['content'] %}",
  "{% if part['type'] == 'text' %}{{ part['text'] }}",
  "{% else %}<|vision_start|><|image_pad|><|vision_end|>{% endif %}",
  "{% endfor %}{% endif %}",
  "{% if message['role'] == 'assistant' %}<|im_end|>{% endif %}{{ '\\n' }}",
  "{% endfor %}",
  "{% if add_generation_prompt %}<|im_start|>{% endif %}",
].join("");

export interface WordTokenizerOptions {
  /** Default: turns as `<|im_start|>` answer `<|im_end|>` after the user's text. */
  readonly chatTemplate?: string;
  /** More special tokens, after the standard ones. */
  readonly specialTokens?: readonly string[];
  /** Longest sequence in tokens. */
  readonly modelMaxLength?: number;
}

/**
 * Writes a word-level tokenizer (one token per word, decoded with single spaces) that this library and the hub's read.
 * @param words the vocabulary after the special tokens, without repetition
 * @returns the number of tokens
 * @throws RangeError when a word occurs twice or is not one word by the tokenizer's own rule
 */
export function writeWordTokenizer(
  folder: string,
  words: readonly string[],
  options: WordTokenizerOptions = {},
): number {
  const specials = [...WORD_SPECIAL_TOKENS, ...(options.specialTokens ?? [])];
  const vocabulary = [...specials, ...words];
  if (new Set(vocabulary).size !== vocabulary.length) throw new RangeError("writeWordTokenizer: a word occurs twice");
  const whole = new RegExp(`^(?:${WORD_PATTERN})$`, "u");
  const broken = words.find((word) => !whole.test(word));
  if (broken !== undefined) throw new RangeError(`writeWordTokenizer: "${broken}" would be split into several words`);
  const template = options.chatTemplate ?? WORD_CHAT_TEMPLATE;
  writeJson(path.join(folder, "tokenizer.json"), tokenizerJson(specials, vocabulary));
  writeJson(path.join(folder, "tokenizer_config.json"), {
    tokenizer_class: "PreTrainedTokenizerFast",
    bos_token: null,
    eos_token: "<|im_end|>",
    pad_token: "<|endoftext|>",
    unk_token: "<|unk|>",
    additional_special_tokens: specials.filter((token) => !["<|im_end|>", "<|endoftext|>", "<|unk|>"].includes(token)),
    chat_template: template,
    clean_up_tokenization_spaces: false,
    model_max_length: options.modelMaxLength ?? 32768,
    padding_side: "left",
  });
  writeFileAtomic(path.join(folder, "chat_template.jinja"), template);
  return vocabulary.length;
}

function tokenizerJson(specials: readonly string[], vocabulary: readonly string[]): unknown {
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: specials.map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: { type: "Split", pattern: { Regex: WORD_PATTERN }, behavior: "Removed", invert: true },
    post_processor: null,
    decoder: null,
    model: {
      type: "WordLevel",
      vocab: Object.fromEntries(vocabulary.map((word, id) => [word, id])),
      unk_token: "<|unk|>",
    },
  };
}
