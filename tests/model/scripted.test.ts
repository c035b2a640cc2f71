import { describe, expect, it } from "vitest";
import fc from "fast-check";
import type { Prompt } from "../../src/model/contract";
import { LabError } from "../../src/core/errors";
import { answerProbabilities, parseScript } from "../../src/model/scripted/script";
import { ScriptedModel } from "../../src/model/scripted/scriptedModel";
import { decodeText, encodeText } from "../../src/model/scripted/textCode";

const ask = (content: string): Prompt => ({ messages: [{ role: "user", content }], images: [] });
const script = parseScript({
  rules: [{ contains: "colour", answers: [{ text: "red", probability: 0.75 }, { text: "blå" }] }],
  otherwise: [{ text: "I do not know" }],
});
const model = new ScriptedModel(script);
const sampling = { samples: 4, maxNewTokens: 32, temperature: 1, topP: 1, seed: 7 };

describe("ScriptedModel", () => {
  it("answers by the first rule that fits, else by the fallback", async () => {
    const greedy = { ...sampling, samples: 1, temperature: 0 };
    const answers = await model.generate([ask("which colour?"), ask("why?")], greedy);
    expect(answers.flat().map(({ text }) => text)).toEqual(["red", "I do not know"]);
  });

  it("samples in proportion to the probabilities, and the same with the same seed", async () => {
    const options = { ...sampling, samples: 2000 };
    const [first] = await model.generate([ask("colour")], options);
    const [again] = await model.generate([ask("colour")], options);
    expect(again).toEqual(first);
    const red = first!.filter(({ text }) => text === "red").length;
    // Binomial(2000, 0.75): mean 1500, deviation √(2000·0.75·0.25) = 19.4; five of them are 97
    expect(Math.abs(red - 1500)).toBeLessThan(97);
  });

  it("gives the scripted probability back as the sum of an answer's log-probs, sampled or scored", async () => {
    const [group] = await model.generate([ask("colour")], sampling);
    for (const { text, logProbs, tokenIds } of group!) {
      const sum = logProbs.reduce((a, b) => a + b, 0);
      expect(sum).toBeCloseTo(Math.log(text === "red" ? 0.75 : 0.25), 10);
      const [scored] = await model.logProbs([{ prompt: ask("colour"), tokenIds }]);
      expect(scored).toEqual(logProbs);
    }
  });

  it("cuts top-p to the most probable answers and marks answers that are too long", async () => {
    const [nucleus] = await model.generate([ask("colour")], { ...sampling, samples: 50, topP: 0.7 });
    expect(new Set(nucleus!.map(({ text }) => text))).toEqual(new Set(["red"]));
    const [cut] = await model.generate([ask("why")], { ...sampling, maxNewTokens: 4 });
    expect(cut![0]).toMatchObject({ text: "I do", finish: "length" });
  });

  it("gives hidden states that depend on the image, the text and the layer", async () => {
    const image = (grey: number) => ({ width: 1, height: 1, data: Uint8Array.of(grey, grey, grey) });
    const see = (grey: number, content: string): Prompt => ({ ...ask(content), images: [image(grey)] });
    const states = await model.hiddenStates([see(1, "a"), see(1, "b"), see(2, "a")], { layer: 1, pool: "imageMean" });
    expect(states[0]).toEqual(states[1]);
    expect(states[0]).not.toEqual(states[2]);
    const every = await model.hiddenStates([see(1, "a"), see(2, "a")], { layer: "every", pool: "last" });
    expect(every).toHaveLength(2 * 3);
    expect(every[2]).toEqual((await model.hiddenStates([see(1, "a")], { layer: 2, pool: "last" }))[0]);
    const [last] = await model.hiddenStates([see(1, "a")], { layer: 2, pool: "last" });
    expect(last).not.toEqual(states[0]);
    await expect(model.hiddenStates([ask("a")], { layer: 1, pool: "imageMean" })).rejects.toThrow(LabError);
    await expect(model.hiddenStates([ask("a")], { layer: 3, pool: "last" })).rejects.toThrow(/0 to 2/);
  });

  it("codes any text reversibly", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(decodeText(encodeText(text))).toBe(text);
        expect(decodeText(model.encodeCompletion(text))).toBe(text);
      }),
    );
  });
});

describe("scripts", () => {
  it("shares what is left among the answers without a probability", () => {
    expect(answerProbabilities([{ text: "a", probability: 0.5 }, { text: "b" }, { text: "c" }])).toEqual([
      0.5, 0.25, 0.25,
    ]);
  });

  it("names what is wrong", () => {
    expect(() => parseScript({ rules: [], otherwise: [{ txt: "a" }] })).toThrow(/otherwise\.0/);
    expect(() => answerProbabilities([{ text: "a", probability: 0.4 }])).toThrow(/sum to 0.4/);
    expect(() => answerProbabilities([])).toThrow(LabError);
  });
});
