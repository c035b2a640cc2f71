import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LabError } from "../../src/core/errors";
import { readJson } from "../../src/core/files";
import type { ChatMessage } from "../../src/model/contract";
import { QwenTokenizer } from "../../src/model/qwen/tokenizer";
import { WORD_SPECIAL_TOKENS, writeWordTokenizer } from "../../src/model/qwen/tokenizerWords";

interface TokenizerFile {
  model: { vocab: Record<string, number> };
  added_tokens: { id: number }[];
}

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "tokenizer-"));
afterAll(() => {
  fs.rmSync(scratch, { recursive: true });
});

describe("a byte-level BPE tokenizer with Qwen's chat template", () => {
  // Recorded by tests/reference/make_bpe_tokenizer.py with the real transformers.
  const folder = path.resolve(__dirname, "../reference/bpe_tokenizer");
  interface Part {
    type: string;
    text?: string;
  }
  const expected = readJson(path.join(folder, "expected.json")) as {
    vocabSize: number;
    texts: { text: string; ids: number[]; decoded: string; plain: string }[];
    chats: { messages: { role: ChatMessage["role"]; content: string | Part[] }[]; rendered: string; ids: number[] }[];
  };
  let tokenizer: QwenTokenizer;
  beforeAll(() => {
    tokenizer = QwenTokenizer.load(folder);
  });

  it.each(expected.texts)("encodes and decodes as the hub does: $text", ({ text, ids, decoded, plain }) => {
    expect(tokenizer.encode(text)).toEqual(ids);
    expect(tokenizer.decode(ids, { skipSpecial: false })).toBe(decoded);
    expect(tokenizer.decode(ids)).toBe(plain);
  });

  it.each(expected.chats)("renders conversations as the hub does", ({ messages, rendered, ids }) => {
    // The recorded lists of parts, written with markers.
    const marked = messages.map(({ role, content }) => ({
      role,
      content: typeof content === "string" ? content : content.map((part) => part.text ?? "<image>").join(""),
    }));
    expect(tokenizer.applyChatTemplate(marked, { addGenerationPrompt: true })).toBe(rendered);
    const images = rendered.split("<|image_pad|>").length - 1;
    expect(tokenizer.encodePrompt(marked, new Array<number>(images).fill(1))).toEqual(ids);
  });

  it("knows its special tokens and size", () => {
    expect(tokenizer.vocabSize).toBe(expected.vocabSize);
    // The special tokens are the last nine, in the script's order.
    const first = expected.vocabSize - 9;
    expect(tokenizer.special).toEqual({
      pad: first,
      eos: first + 2,
      visionStart: first + 4,
      visionEnd: first + 5,
      image: first + 7,
      video: first + 8,
    });
    expect(tokenizer.specialIds).toEqual(Array.from({ length: 9 }, (_, i) => first + i));
  });

  it("gives any text back", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const normal = text.normalize("NFC"); // Qwen's tokenizer normalises
        expect(tokenizer.decode(tokenizer.encode(normal), { skipSpecial: false })).toBe(normal);
      }),
    );
  });

  it("repeats each image's token, and nothing else", () => {
    const messages: ChatMessage[] = [{ role: "user", content: "<image>first, <image>second" }];
    const once = tokenizer.encodePrompt(messages, [1, 1]);
    const many = tokenizer.encodePrompt(messages, [3, 2]);
    const { image } = tokenizer.special;
    expect(many.filter((id) => id === image)).toHaveLength(5);
    expect(many.filter((id) => id !== image)).toEqual(once.filter((id) => id !== image));
    const [a, b] = [once.indexOf(image), once.lastIndexOf(image)];
    expect(many.slice(a, a + 3)).toEqual([image, image, image]);
    expect(many.slice(b + 2, b + 4)).toEqual([image, image]); // two more tokens stand before it now
  });

  it("refuses prompts whose marks and images differ", () => {
    const messages: ChatMessage[] = [{ role: "user", content: "<image>what?" }];
    expect(() => tokenizer.encodePrompt(messages, [4, 4])).toThrow(/marks 1 images and brings 2/);
    expect(() => tokenizer.encodePrompt([{ role: "user", content: "what?" }], [4])).toThrow(LabError);
    // A token smuggled in as text counts as an image, and is caught.
    expect(() => tokenizer.encodePrompt([{ role: "user", content: "<|image_pad|>" }], [])).toThrow(LabError);
  });
});

describe("a word tokenizer", () => {
  const words = [
    "bird",
    "elmont",
    "swifttail",
    "think",
    "<think>",
    "</think>",
    "?",
    ",",
    "options",
    "well-formed",
    "1",
  ];
  let tokenizer: QwenTokenizer;
  const first = WORD_SPECIAL_TOKENS.length;
  beforeAll(() => {
    const size = writeWordTokenizer(path.join(scratch, "words"), words);
    tokenizer = QwenTokenizer.load(path.join(scratch, "words"));
    expect(size).toBe(first + words.length);
  });

  it("gives one token per word, the special ones first", () => {
    expect(tokenizer.vocabSize).toBe(first + words.length);
    expect(words.map((word) => tokenizer.encode(word))).toEqual(words.map((_, i) => [first + i]));
    expect(tokenizer.special).toEqual({ pad: 0, eos: 2, visionStart: 3, visionEnd: 4, image: 5, video: 6 });
    expect(tokenizer.encode("what")).toEqual([tokenizer.tokenId("<|unk|>")]);
  });

  it("needs no space before a mark or a tag, and decodes with single spaces", () => {
    const text = "bird?  elmont\nswifttail,<think>well-formed</think>";
    expect(tokenizer.decode(tokenizer.encode(text))).toBe("bird ? elmont swifttail , <think> well-formed </think>");
  });

  it("round-trips any sequence of its words", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...words)), (sequence) => {
        const ids = tokenizer.encode(sequence.join(" "));
        expect(ids).toHaveLength(sequence.length);
        expect(tokenizer.decode(ids)).toBe(sequence.join(" "));
        expect(tokenizer.encode(tokenizer.decode(ids))).toEqual(ids);
      }),
    );
  });

  it("lays out a prompt as: image, words, opening of the answer", () => {
    const ids = tokenizer.encodePrompt([{ role: "user", content: "<image> bird ?" }], [2]);
    const word = (text: string): number => first + words.indexOf(text);
    expect(ids).toEqual([3, 5, 5, 4, word("bird"), word("?"), 1]);
    const answered = tokenizer.encodePrompt(
      [
        { role: "system", content: "bird" },
        { role: "user", content: "elmont" },
        { role: "assistant", content: "swifttail" },
      ],
      [],
      { addGenerationPrompt: false },
    );
    expect(answered).toEqual([word("bird"), word("elmont"), 1, word("swifttail"), 2]);
  });

  it("remembers what it encoded, and hands each caller a prompt of its own", () => {
    expect(tokenizer.encode("bird ? elmont")).toBe(tokenizer.encode("bird ? elmont"));
    const prompt: ChatMessage[] = [{ role: "user", content: "<image> bird ?" }];
    const once = tokenizer.encodePrompt(prompt, [2]);
    const copy = [...once];
    once.push(7);
    expect(tokenizer.encodePrompt(prompt, [2])).toEqual(copy);
  });

  it("refuses repeated words and words that it would split", () => {
    expect(() => writeWordTokenizer(path.join(scratch, "bad"), ["a", "a"])).toThrow(/occurs twice/);
    expect(() => writeWordTokenizer(path.join(scratch, "bad"), ["two words"])).toThrow(/would be split/);
    expect(() => writeWordTokenizer(path.join(scratch, "bad"), ["<|im_end|>"])).toThrow(/occurs twice/);
  });
});

describe("folders that are no tokenizer", () => {
  it("names what is missing or foreign", () => {
    expect(() => QwenTokenizer.load(path.join(scratch, "nowhere"))).toThrow(/tokenizer.json/);
    const foreign = path.join(scratch, "foreign");
    fs.mkdirSync(foreign);
    fs.writeFileSync(path.join(foreign, "tokenizer.json"), '{"model": {"type": "None"}}');
    expect(() => QwenTokenizer.load(foreign)).toThrow(LabError);
    const file = path.join(scratch, "words", "tokenizer.json");
    fs.writeFileSync(
      path.join(foreign, "tokenizer.json"),
      fs.readFileSync(file, "utf8").replaceAll("image_pad", "pic"),
    );
    expect(() => QwenTokenizer.load(foreign)).toThrow(/no token "<\|image_pad\|>"/);
  });

  it.each<[string, (file: TokenizerFile) => void, RegExp]>([
    ["without words", ({ model }) => (model.vocab = {}), /has no words: its vocabulary is empty/u],
    [
      "with one id for two words",
      ({ model }) => (model.vocab["bird"] = 9),
      /gives two tokens, "(bird|elmont)" and "(bird|elmont)", the id 9/u,
    ],
    [
      "whose words are no list",
      (definition) => Object.assign(definition, { model: 3, added_tokens: 4 }),
      /reads \(key model must be a group of keys, but is 3; key added_tokens must be a list, but is 4\)/u,
    ],
    ["with an id below 0", ({ model }) => (model.vocab["bird"] = -1), /gives the token "bird" the id -1/u],
    ["with half an id", ({ model }) => (model.vocab["bird"] = 8.5), /gives the token "bird" the id 8\.5/u],
    // the library would lay out a list of that length: half a minute, or no end
    [
      "with a huge id",
      ({ model }) => (model.vocab["bird"] = 2e9),
      /the id 2000000000, no whole number from 0 to 2097151/u,
    ],
    [
      "with a huge added id",
      ({ added_tokens: [first] }) => (first!.id = 99999999),
      /"<\|endoftext\|>" the id 99999999/u,
    ],
    ["whose added token takes a word's id", ({ added_tokens: [first] }) => (first!.id = 8), /the id 8\. Download/u],
  ])("refuses a tokenizer.json %s", (_, change, reason) => {
    const folder = path.join(scratch, "damaged");
    writeWordTokenizer(folder, ["bird", "elmont"]);
    const file = path.join(folder, "tokenizer.json");
    const definition = readJson(file) as TokenizerFile;
    change(definition);
    fs.writeFileSync(file, JSON.stringify(definition));
    expect(() => QwenTokenizer.load(folder)).toThrow(LabError);
    expect(() => QwenTokenizer.load(folder)).toThrow(reason);
  });

  it.each<[string, string, RegExp]>([
    ["malformed", "{% for %}", /cannot be used \(Unexpected token/u],
    ["that refuses", "{{ raise_exception('no images here') }}", /cannot be used \(no images here\)/u],
    ["that calls what is not there", "{{ foo() }}", /cannot be used/u],
    [
      "that does not end",
      "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
      /2 seconds/u,
    ],
  ])("names the file of a chat template %s", (_, template, reason) => {
    const folder = path.join(scratch, "template");
    writeWordTokenizer(folder, ["bird"]);
    fs.writeFileSync(path.join(folder, "chat_template.jinja"), template);
    const options = { addGenerationPrompt: true };
    const render = () => QwenTokenizer.load(folder).applyChatTemplate([{ role: "user", content: "bird" }], options);
    expect(render).toThrow(LabError);
    expect(render).toThrow(/chat_template\.jinja: the chat template/u);
    expect(render).toThrow(reason);
  });

  it("decodes no id that is no token", () => {
    const folder = path.join(scratch, "decoding");
    writeWordTokenizer(folder, ["bird"]);
    for (const id of [999_999, -1, 1.5, NaN]) {
      expect(() => QwenTokenizer.load(folder).decode([2, id])).toThrow(LabError);
    }
  });

  it("says that a chat template is missing, and prefers chat_template.jinja to the settings", () => {
    const folder = path.join(scratch, "plain");
    fs.cpSync(path.join(scratch, "words"), folder, { recursive: true });
    fs.writeFileSync(path.join(folder, "chat_template.jinja"), "{{ messages[0]['content'] }} bird");
    const message: ChatMessage[] = [{ role: "user", content: "elmont" }];
    const options = { addGenerationPrompt: true };
    expect(QwenTokenizer.load(folder).applyChatTemplate(message, options)).toBe("elmont bird");
    fs.rmSync(path.join(folder, "chat_template.jinja"));
    fs.writeFileSync(path.join(folder, "tokenizer_config.json"), '{"eos_token": "<|im_end|>"}');
    expect(() => QwenTokenizer.load(folder).applyChatTemplate(message, options)).toThrow(/no chat template/);
  });
});
