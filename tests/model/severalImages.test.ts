import { afterAll, beforeAll, expect, it } from "vitest";
import type { Prompt } from "../../src/model/contract";
import { QWEN_IMAGE_PROCESSOR } from "../../src/model/qwen/imageProcessor";
import type { QwenModel } from "../../src/model/qwen/model";
import { PromptEncoder } from "../../src/model/qwen/promptEncoder";
import { noise, tinyModel, words } from "./qwenFixture";

let model: QwenModel;
beforeAll(() => {
  model = tinyModel();
});
afterAll(() => {
  model.dispose();
});

/** A demonstration and a question, as in-context learning asks: a picture in each turn of the user. */
const [small, wide] = [noise(56, 56, "small"), noise(84, 56, "wide")];
const inContext = (first = small, last = wide): Prompt => ({
  messages: [
    { role: "user", content: "<image> w1" },
    { role: "assistant", content: "w2" },
    { role: "user", content: "<image> w3" },
  ],
  images: [first, last],
});
const scored = async (prompt: Prompt): Promise<number[]> =>
  (await model.logProbs([{ prompt, tokenIds: [9, 10, 2] }]))[0]!;

it("each picture stands in its own turn, and places go on behind its longer side", () => {
  const encoder = new PromptEncoder(model.config, model.tokenizer, QWEN_IMAGE_PROCESSOR);
  const [{ ids, positions, next }] = encoder.encode([inContext()], 1) as [ReturnType<typeof encoder.encode>[number]];
  const [start, end, from, to, image] = [1, 2, 3, 4, 5];
  const pads = (count: number): number[] => new Array<number>(count).fill(image);
  // 56 × 56 are 2 × 2 merged patches, 84 × 56 are 2 rows of 3; the word w1 has the id 8 + 1
  expect(ids).toEqual([from, ...pads(4), to, 9, start, 10, end, from, ...pads(6), to, 11, start]);
  const time = [0, 1, 1, 1, 1, 3, 4, 5, 6, 7, 8, 9, 9, 9, 9, 9, 9, 12, 13, 14];
  const column = [0, 1, 2, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 9, 10, 11, 12, 13, 14];
  expect([...positions.slice(0, ids.length)]).toEqual(time);
  expect([...positions.slice(2 * ids.length)]).toEqual(column);
  expect(next).toBe(15);
});

it("every picture counts for the answer, and so does the order", async () => {
  const before = await scored(inContext());
  expect(await scored(inContext())).toEqual(before);
  expect(await scored(inContext(noise(56, 56, "another")))).not.toEqual(before);
  const [a, b] = [noise(56, 56, "a"), noise(56, 56, "b")];
  expect(await scored(inContext(a, b))).not.toEqual(await scored(inContext(b, a)));
});

it("samples what it scores, beside prompts of one picture and of none", async () => {
  const prompts = [
    inContext(),
    { messages: [{ role: "user" as const, content: "<image> w3" }], images: [wide] },
    { messages: [{ role: "user" as const, content: "w3" }], images: [] },
  ];
  const groups = await model.generate(prompts, { samples: 3, maxNewTokens: 20, temperature: 1, topP: 1, seed: 4 });
  const items = groups.flatMap((group, i) => group.map((one) => ({ ...one, prompt: prompts[i]! })));
  const again = await model.logProbs(items);
  items.forEach(({ logProbs }, i) => {
    logProbs.forEach((value, t) => {
      expect(Math.abs(value - again[i]![t]!)).toBeLessThan(1e-4);
    });
  });
});

it("says how many pictures a prompt holds that does not fit in the context", async () => {
  // 20 tokens as above, in a context of 128
  const item = { prompt: inContext(), tokenIds: words(109, "long") };
  await expect(model.logProbs([item])).rejects.toThrow(
    /prompt of 20 tokens \(2 images among them\) with an answer of 109 does not fit in the context of 128.*fewer or smaller images/u,
  );
});
