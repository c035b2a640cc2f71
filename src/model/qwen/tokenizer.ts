import * as path from "node:path";
import type { PreTrainedTokenizer } from "@xenova/transformers";
import { LabError } from "../../core/errors";
import { IMAGE_MARKER, type ChatMessage } from "../contract";
import { openTokenizer } from "../tokenizerFile";
import { readChatTemplate, TemplateRunner } from "./chatTemplate";

/** Texts kept encoded; beyond this the cache starts anew. */
const CACHE_ENTRIES = 50_000;

/** Ids of the tokens with a role of their own. */
export interface SpecialTokenIds {
  /** Ends an answer. */
  readonly eos: number;
  readonly pad: number;
  readonly image: number;
  readonly video: number;
  readonly visionStart: number;
  readonly visionEnd: number;
}

export interface TemplateOptions {
  /** End with the opening of the assistant's turn. */
  readonly addGenerationPrompt: boolean;
}

/** Text to tokens and back, with the chat template of a checkpoint folder. Nothing is fetched. */
export class QwenTokenizer {
  private readonly encoded = new Map<string, readonly number[]>();

  private constructor(
    private readonly inner: PreTrainedTokenizer,
    private readonly template: TemplateRunner | undefined,
    private readonly folder: string,
    /** Every id that is a token. */
    private readonly ids: ReadonlySet<number>,
    readonly special: SpecialTokenIds,
    /** All special tokens: what sampling suppresses, but for eos. */
    readonly specialIds: readonly number[],
    /** One more than the largest id. */
    readonly vocabSize: number,
  ) {}

  /**
   * Reads `tokenizer.json`, `tokenizer_config.json` and the chat template of a folder.
   * @throws LabError when a file is missing, unreadable or damaged, or a Qwen special token is not in the vocabulary
   */
  static load(folder: string): QwenTokenizer {
    const inner = openTokenizer(folder);
    const vocabulary = inner.get_vocab();
    const specials = [...new Set(inner.all_special_ids)].sort((a, b) => a - b);
    const ids = new Set(vocabulary.values());
    const largest = [...ids].reduce((top, id) => Math.max(top, id), -1);
    const special = specialTokens(path.join(folder, "tokenizer.json"), vocabulary, inner);
    const found = readChatTemplate(folder);
    const template = found === undefined ? undefined : new TemplateRunner(found);
    return new QwenTokenizer(inner, template, folder, ids, special, specials, largest + 1);
  }

  /** Tokens of a text; special tokens written out in it are recognised, none are added. Remembered by text. */
  encode(text: string): readonly number[] {
    const known = this.encoded.get(text);
    if (known !== undefined) return known;
    const ids = text === "" ? [] : this.inner.encode(text, { add_special_tokens: false });
    if (this.encoded.size >= CACHE_ENTRIES) this.encoded.clear();
    this.encoded.set(text, ids);
    return ids;
  }

  /** Whether an id is a token; the vocabulary of a model may hold more ids than its tokenizer. */
  has(id: number): boolean {
    return this.ids.has(id);
  }

  /** Text of tokens, by default without the special ones. @throws LabError for an id that is no token */
  decode(ids: readonly number[], options: { readonly skipSpecial?: boolean } = {}): string {
    if (ids.length === 0) return "";
    const unknown = ids.find((id) => !this.ids.has(id));
    if (unknown !== undefined) {
      throw new LabError(`has no token ${unknown}`, "Decode with the tokenizer that belongs to the model.", {
        subject: this.folder,
      });
    }
    return this.inner.decode([...ids], {
      skip_special_tokens: options.skipSpecial ?? true,
      clean_up_tokenization_spaces: false,
    });
  }

  /** The id of a token, or `undefined` when the vocabulary lacks it. */
  tokenId(token: string): number | undefined {
    return this.inner.get_vocab().get(token);
  }

  /** The conversation in the model's own form, one image token standing for each image. @throws LabError without a template */
  applyChatTemplate(messages: readonly ChatMessage[], options: TemplateOptions): string {
    if (this.template === undefined) {
      throw new LabError("has no chat template", "Add chat_template.jinja to the folder.", { subject: this.folder });
    }
    return this.template.run((text) =>
      this.inner.apply_chat_template(
        messages.map(({ role, content }) => ({ role, content: contentParts(content) })),
        { chat_template: text, add_generation_prompt: options.addGenerationPrompt, tokenize: false },
      ),
    );
  }

  /**
   * Tokens of a prompt: the rendered template, with the image token of the i-th image repeated `imageTokens[i]` times.
   * @param imageTokens merged patches of each image, in order
   * @throws LabError when the messages mark another number of images
   */
  encodePrompt(
    messages: readonly ChatMessage[],
    imageTokens: readonly number[],
    options: TemplateOptions = { addGenerationPrompt: true },
  ): number[] {
    const ids = this.encodeConversation(messages, options);
    const marks = ids.reduce((count, id) => count + (id === this.special.image ? 1 : 0), 0);
    if (marks !== imageTokens.length) {
      throw new LabError(
        `the prompt marks ${marks} images and brings ${imageTokens.length}`,
        `Write ${IMAGE_MARKER} once for each image, where it should stand.`,
        { subject: "prompt" },
      );
    }
    let image = 0;
    return ids.flatMap((id) =>
      id === this.special.image ? new Array<number>(imageTokens[image++] ?? 0).fill(id) : [id],
    );
  }

  /** Rendered and encoded, remembered by content. */
  private encodeConversation(messages: readonly ChatMessage[], options: TemplateOptions): readonly number[] {
    const key = `\u0000${JSON.stringify([options.addGenerationPrompt, messages])}`;
    const known = this.encoded.get(key);
    if (known !== undefined) return known;
    const ids = this.encode(this.applyChatTemplate(messages, options));
    this.encoded.set(key, ids);
    return ids;
  }
}

type ContentPart = { type: "text"; text: string } | { type: "image" };

/** A text with markers as the list of parts that the hub's templates take; a text without them stays a text. */
function contentParts(content: string): string | ContentPart[] {
  const texts = content.split(IMAGE_MARKER);
  if (texts.length === 1) return content;
  return texts.flatMap((text, index): ContentPart[] => [
    ...(index > 0 ? [{ type: "image" } as const] : []),
    ...(text === "" ? [] : [{ type: "text", text } as const]),
  ]);
}

function specialTokens(
  file: string,
  vocabulary: ReadonlyMap<string, number>,
  inner: PreTrainedTokenizer,
): SpecialTokenIds {
  const idOf = (token: string): number => {
    const id = vocabulary.get(token);
    if (id === undefined) {
      throw new LabError(
        `has no token "${token}", which prompts with images need`,
        "Use the tokenizer of a Qwen2-VL or Qwen2.5-VL checkpoint.",
        { subject: file },
      );
    }
    return id;
  };
  const named = (token: unknown, fallback: string): number => idOf(typeof token === "string" ? token : fallback);
  return {
    eos: named(inner.eos_token, "<|im_end|>"),
    pad: named(inner.pad_token, "<|endoftext|>"),
    image: idOf("<|image_pad|>"),
    video: idOf("<|video_pad|>"),
    visionStart: idOf("<|vision_start|>"),
    visionEnd: idOf("<|vision_end|>"),
  };
}
