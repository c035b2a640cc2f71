import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { pythonList } from "../../src/core/python";
import { buildPrompt, buildTrainingPrompt, encoderTemplates, hasStepByStep, promptText } from "../../src/data/prompts";
import type { PromptSet } from "../../src/data/prompts";

const image = { width: 1, height: 1, data: Uint8Array.of(0, 0, 0) };
const REQUEST = { question: "What bird is this?", superCategory: "bird", image, thinking: true };
const OPTIONS = ["least auklet", "crested auklet", "parakeet auklet", "gull"];

describe("mini-world", () => {
  test("the recipe's words, separated by single spaces", () => {
    const said = (thinking: boolean, options?: readonly string[]): string | undefined =>
      buildPrompt("mini", { ...REQUEST, thinking, ...(options === undefined ? {} : { options }) }).messages[0]?.content;
    expect(said(true)).toBe("<image> bird ? think");
    expect(said(false)).toBe("<image> bird ? answer");
    expect(said(false, OPTIONS)).toBe(
      "<image> bird options least auklet , crested auklet , parakeet auklet , gull ? answer",
    );
    expect(buildTrainingPrompt("mini", "tapo", REQUEST)).toEqual(buildPrompt("mini", REQUEST));
  });
});

describe("paper and release", () => {
  test("the paper's two wordings stand under their right names: only the closed one shows options", () => {
    const open = promptText("paper", REQUEST);
    const closed = promptText("paper", { ...REQUEST, options: OPTIONS });
    expect(open).toMatch(/^Given the question: What bird is this\?\. This is a fine-grained question, so you need/u);
    expect(closed).toContain(
      "based on the options provided in ['least auklet', 'crested auklet', 'parakeet auklet', 'gull'], output the thinking process in <think></think> and final choice",
    );
    expect(closed).toMatch(/<think>\.\.\.<\/think><answer>choice<\/answer>\. Please follow this format exactly\.$/u);
  });

  test("a direct question asks for no thinking, and everything else stays", () => {
    for (const set of ["paper", "released"] satisfies PromptSet[]) {
      for (const options of [undefined, OPTIONS]) {
        const text = promptText(set, { ...REQUEST, thinking: false, ...(options === undefined ? {} : { options }) });
        expect(text).not.toContain("think>");
        expect(text).toContain("<answer>");
        expect(text).toContain(REQUEST.question);
      }
    }
  });

  test("training prompts are the release's: a system turn in stage 1, a sentence on the form in stage 2", () => {
    const stage1 = buildTrainingPrompt("released", "sft", REQUEST);
    expect(stage1.messages.map((m) => m.role)).toEqual(["system", "user"]);
    expect(stage1.messages[1]?.content).toBe("<image>What bird is this?");
    const stage2 = buildTrainingPrompt("released", "tapo", REQUEST).messages[0]?.content;
    expect(stage2).toMatch(/^<image>What bird is this\?\n\nYou first think through/u);
  });
});

describe("strategies", () => {
  const shown = [1, 2].map((level) => ({
    image: { ...image, data: Uint8Array.of(level, 0, 0) },
    name: `auklet ${level}`,
  }));

  test("demonstrations are turns with the direct question and its answer, before the question itself", () => {
    const { messages, images } = buildPrompt("mini", { ...REQUEST, options: OPTIONS, demonstrations: shown });
    const direct = buildPrompt("mini", { ...REQUEST, options: OPTIONS, thinking: false }).messages;
    const asked = buildPrompt("mini", { ...REQUEST, options: OPTIONS }).messages;
    expect(messages).toEqual([
      ...direct,
      { role: "assistant", content: "<answer> auklet 1 </answer>" },
      ...direct,
      { role: "assistant", content: "<answer> auklet 2 </answer>" },
      ...asked,
    ]);
    expect(images).toEqual([...shown.map((one) => one.image), image]);
    expect(buildPrompt("mini", { ...REQUEST, demonstrations: [] })).toEqual(buildPrompt("mini", REQUEST));
  });

  test("the mini-world asks to think in its own word alone", () => {
    expect(hasStepByStep("mini")).toBe(false);
    expect(() => promptText("mini", { ...REQUEST, stepByStep: true })).toThrow(/wording mini: has no sentence/u);
    const direct = promptText("released", { ...REQUEST, thinking: false });
    expect(promptText("released", { ...REQUEST, stepByStep: true })).toBe(`${direct} Let's think step by step.`);
  });

  test("an encoder's sentences are different ones, each with the class; the mini-world's have no other word of English", () => {
    for (const set of ["paper", "released", "mini"] satisfies PromptSet[]) {
      const sentences = encoderTemplates(set);
      expect(new Set(sentences).size).toBe(sentences.length);
      expect(sentences.length).toBeGreaterThan(1);
      for (const sentence of sentences) expect(sentence).toContain("{class}");
    }
    expect(encoderTemplates("paper")[0]).toBe("a photo of a {class}"); // Appendix B
    for (const sentence of encoderTemplates("mini")) expect(sentence.replaceAll(/\{\w+\}/gu, "").trim()).toBe("");
  });
});

test("every prompt has one image mark per image", () => {
  const set = fc.constantFrom<PromptSet>("paper", "released", "mini");
  fc.assert(
    fc.property(set, fc.boolean(), fc.boolean(), (name, thinking, closed) => {
      const prompt = buildPrompt(name, { ...REQUEST, thinking, ...(closed ? { options: OPTIONS } : {}) });
      expect(prompt.images).toEqual([image]);
      expect(
        prompt.messages
          .map((m) => m.content)
          .join("")
          .split("<image>").length - 1,
      ).toBe(1);
    }),
  );
});

test("lists as Python prints them", () => {
  // python3 -c "print(['a', \"Brewer's\", 'say \"hi\"', 'it\\'s \"b\"', 'x\\\\y', 'l\\n'])"
  expect(pythonList(["a", "Brewer's", 'say "hi"', `it's "b"`, "x\\y", "l\n"])).toBe(
    `['a', "Brewer's", 'say "hi"', 'it\\'s "b"', 'x\\\\y', 'l\\n']`,
  );
});
