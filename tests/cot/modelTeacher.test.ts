import { describe, expect, it } from "vitest";
import { EMPHASES, modelTeacher } from "../../src/cot/modelTeacher";
import type { LabelledImage } from "../../src/data/types";
import type { Completion, Prompt, SamplingOptions, VisionLanguageModel } from "../../src/model/contract";

const pixels = { width: 1, height: 1, data: new Uint8Array(3) };
const image: LabelledImage = {
  id: "i",
  subCategory: { id: "bird/rock wren", name: "rock wren", superCategory: "bird", seen: true },
  load: () => Promise.resolve(pixels),
};

/** Answers with the number of the prompt and of the sample, and remembers what it was asked. */
function recorder(): VisionLanguageModel & { asked: { prompts: readonly Prompt[]; options: SamplingOptions }[] } {
  const asked: { prompts: readonly Prompt[]; options: SamplingOptions }[] = [];
  const completion = (text: string): Completion => ({ tokenIds: [], text, logProbs: [], finish: "stop" });
  return {
    name: "recorder",
    asked,
    generate: (prompts, options) => {
      asked.push({ prompts, options });
      return Promise.resolve(
        prompts.map((_, b) => Array.from({ length: options.samples }, (__, g) => completion(` ${b}/${g}\n`))),
      );
    },
    logProbs: () => Promise.resolve([]),
    hiddenStates: () => Promise.resolve([]),
    encodeCompletion: () => [],
    decode: () => "",
    dispose: () => undefined,
  };
}

describe("modelTeacher", () => {
  it("asks for descriptions with different emphases, all of them before any twice", async () => {
    const model = recorder();
    const texts = await modelTeacher(model).describe(image, 7, 5);
    expect(texts).toEqual(["0/0", "1/0", "2/0", "3/0", "4/0", "0/1", "1/1"]);
    const { prompts, options } = model.asked[0]!;
    expect(options).toMatchObject({ samples: 2, seed: 5, maxNewTokens: 256 });
    prompts.forEach((prompt, i) => {
      expect(prompt.messages[0]?.content).toContain(EMPHASES[i]);
      expect(prompt.messages[0]?.content).toContain("the bird in this image");
      expect(prompt.messages[0]?.content).not.toContain("wren");
      expect(prompt.images).toEqual([pixels]);
    });
    expect(await modelTeacher(model).describe(image, 2, 5)).toEqual(["0/0", "1/0"]);
  });

  it("samples chains for the prompt under the image", async () => {
    const model = recorder();
    const controller = new AbortController();
    const options = { temperature: 0.7, topP: 0.9, descriptionTokens: 8, chainTokens: 99, signal: controller.signal };
    expect(await modelTeacher(model, options).reason(image, "PROMPT", 3, 11)).toEqual(["0/0", "0/1", "0/2"]);
    expect(model.asked[0]?.prompts).toEqual([
      { messages: [{ role: "user", content: "<image>PROMPT" }], images: [pixels] },
    ]);
    expect(model.asked[0]?.options).toEqual({
      samples: 3,
      maxNewTokens: 99,
      temperature: 0.7,
      topP: 0.9,
      seed: 11,
      signal: controller.signal,
    });
  });
});
