import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, expect, it } from "vitest";
import { writeJson } from "../../../src/core/files";
import { Random } from "../../../src/core/random";
import type { ChatMessage } from "../../../src/model/contract";
import { QwenTokenizer } from "../../../src/model/qwen/tokenizer";
import { runReference } from "../../reference/python";
import { randomChat, randomText, type Part } from "./texts";
import { realTokenizer } from "./realTokenizer";

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "real-tokenizer-"));
afterAll(() => {
  fs.rmSync(scratch, { recursive: true });
});

interface Theirs {
  readonly size: number;
  readonly eos: number;
  readonly pad: number;
  readonly ids: readonly number[][];
  readonly decoded: readonly string[];
  readonly rendered: readonly string[];
  readonly rendered_ids: readonly number[][];
}

it("encodes, decodes and renders with Qwen2.5-VL's own tokenizer and template as transformers does", async () => {
  const folder = await realTokenizer();
  const random = new Random("real tokenizer");
  const texts = Array.from({ length: 10_000 }, () => randomText(random));
  const chats = Array.from({ length: 500 }, () => randomChat(random));
  writeJson(path.join(scratch, "input.json"), { texts, chats });
  const theirs = JSON.parse(
    await runReference("check_tokenizer.py", [folder, path.join(scratch, "input.json")]),
  ) as Theirs;

  const tokenizer = QwenTokenizer.load(folder);
  expect(tokenizer.special).toEqual({ eos: theirs.eos, pad: theirs.pad, image: 151655, video: 151656, visionStart: 151652, visionEnd: 151653 }); // prettier-ignore
  expect(theirs.size).toBe(151665); // 151,643 of the vocabulary, and 22 added tokens
  expect(tokenizer.vocabSize).toBe(theirs.size);
  const wrong = texts.flatMap((text, i) => {
    const ids = tokenizer.encode(text);
    const decoded = tokenizer.decode(ids);
    const same = ids.join() === theirs.ids[i]?.join() && decoded === theirs.decoded[i];
    return same
      ? []
      : [{ text, ids: ids.join(), theirs: theirs.ids[i]?.join(), decoded, theirDecoded: theirs.decoded[i] }];
  });
  expect(wrong.slice(0, 5)).toEqual([]);
  expect(wrong).toHaveLength(0);

  const contentOf = (content: string | readonly Part[]): string =>
    typeof content === "string" ? content : content.map((part) => ("text" in part ? part.text : "<image>")).join("");
  const messagesOf = (chat: (typeof chats)[number]): ChatMessage[] =>
    chat.map(({ role, content }) => ({ role, content: contentOf(content) }));
  const rendered = chats.map((chat) => tokenizer.applyChatTemplate(messagesOf(chat), { addGenerationPrompt: true }));
  expect(rendered).toEqual(theirs.rendered);
  const images = (chat: (typeof chats)[number]): number[] =>
    chat.flatMap(({ content }) =>
      typeof content === "string" ? [] : content.filter((part) => part.type === "image").map(() => 1),
    );
  expect(chats.map((chat) => tokenizer.encodePrompt(messagesOf(chat), images(chat)))).toEqual(theirs.rendered_ids);
  expect(chats.flatMap(images).length).toBeGreaterThan(500);
});
