import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROOT } from "../../src/config/load";
import { loadBackend } from "../../src/core/backend";
import { buildPrompt } from "../../src/data/prompts";
import { ask } from "../../src/eval/ask";
import type { Prompt } from "../../src/model/contract";
import { QwenModel } from "../../src/model/qwen/model";
import { ScriptedModel } from "../../src/model/scripted/scriptedModel";
import { smokeWorld } from "../miniworld/worlds";

const PROMPT: Prompt = { messages: [{ role: "user", content: "which?" }], images: [] };

describe("ask, of a scripted model", () => {
  const of = (...answers: { text: string; probability: number }[]) => new ScriptedModel(() => answers);

  it("scores the answer after what stands before it, and every option in its place", async () => {
    const model = of(
      { text: "<answer>one</answer>", probability: 0.75 },
      { text: "<answer>two</answer>", probability: 0.25 },
    );
    const said = await ask(model, PROMPT, { thinking: false, options: ["two", "one"], maxNewTokens: 50 });
    expect(said).toMatchObject({ output: "<answer>one</answer>", answer: "one", finish: "stop" });
    // a script spreads log p evenly over its 20 letters and the end token; "<answer>" takes 8 of these 21
    expect(said.probability).toBeCloseTo(0.75 ** (13 / 21), 10);
    expect(said.options.map(({ name }) => name)).toEqual(["two", "one"]);
    expect(said.options[0]!.probability).toBeCloseTo(0.25 ** (13 / 21), 10);
    expect(said.options[1]!.probability).toBe(said.probability);
  });

  it("takes the name in the answer, not the same name in the chain", async () => {
    const text = "<think>one or two</think><answer> one </answer>";
    const said = await ask(of({ text, probability: 1 }), PROMPT, {
      thinking: true,
      options: ["one", "two"],
      maxNewTokens: 99,
    });
    expect(said).toMatchObject({ answer: "one", probability: 1 });
    expect(said.options[0]!.probability).toBe(1);
    expect(said.options[1]!.probability).toBeLessThan(1e-8); // UNSCRIPTED tokens
  });

  it("has no probability where there is no answer", async () => {
    const said = await ask(of({ text: "<think>so long", probability: 1 }), PROMPT, {
      thinking: true,
      options: ["one", "two"],
      maxNewTokens: 5,
    });
    expect(said).toMatchObject({ answer: null, probability: null, options: [], finish: "length", tokens: 5 });
  });
});

describe("ask, of the smoke base", () => {
  let model: QwenModel;
  beforeAll(async () => {
    await loadBackend();
    model = await QwenModel.load(path.join(ROOT, "assets", "smoke", "base"));
  });
  afterAll(() => {
    model.dispose();
  });

  it("finds the probability that generating gave, and options that share 1 with everything else", async () => {
    const item = smokeWorld.test("seen")[0]!;
    const domain = item.image.subCategory.superCategory;
    const request = { question: "", superCategory: domain, thinking: true, image: await item.image.load() };
    const prompt = buildPrompt("mini", request);
    const options = smokeWorld.subCategories.map(({ name }) => name);
    const said = await ask(model, prompt, { thinking: true, options, maxNewTokens: 80 });
    const greedy = { samples: 1, maxNewTokens: 80, temperature: 0, topP: 1, seed: 0 };
    const made = (await model.generate([prompt], greedy))[0]![0]!;
    expect(said.output).toBe(made.text);
    const start = made.tokenIds.indexOf(model.tokenizer.tokenId("<answer>")!) + 1;
    const logProb = made.logProbs.slice(start).reduce((sum, value) => sum + value, 0);
    expect(said.probability).toBeCloseTo(Math.exp(logProb), 4);
    expect(said.options.find(({ name }) => name === said.answer)!.probability).toBeCloseTo(said.probability!, 6);
    const total = said.options.reduce((sum, { probability }) => sum + probability, 0);
    expect(total).toBeGreaterThan(0.5);
    expect(total).toBeLessThanOrEqual(1.0001);
  });
});
