import { describe, expect, it } from "vitest";
import type { Prompt } from "../../src/model/contract";
import { ScriptedModel } from "../../src/model/scripted/scriptedModel";
import { styled, stylePrompt } from "../../src/model/styled";

const image = { width: 1, height: 1, data: Uint8Array.of(0, 0, 0) };
const prompt: Prompt = { messages: [{ role: "user", content: "<image>Which bird is this?" }], images: [image] };
const contents = (shown: Prompt): string[] => shown.messages.map(({ role, content }) => `${role}: ${content}`);

describe("stylePrompt", () => {
  it("puts a system turn first, unless there is one", () => {
    expect(contents(stylePrompt(prompt, { system: "Be brief." }))).toEqual([
      "system: Be brief.",
      "user: <image>Which bird is this?",
    ]);
    const own = { ...prompt, messages: [{ role: "system" as const, content: "Be long." }, ...prompt.messages] };
    expect(stylePrompt(own, { system: "Be brief." })).toEqual(own);
  });

  it("moves a user's pictures, all of them, and nobody else's words", () => {
    const two: Prompt = {
      messages: [
        { role: "user", content: "<image> this and <image> that?" },
        { role: "assistant", content: "an <image> tag" },
      ],
      images: [image, image],
    };
    expect(contents(stylePrompt(two, { image: "last" }))[0]).toBe("user: this and  that?<image><image>");
    expect(contents(stylePrompt(two, { image: "first" }))[0]).toBe("user: <image><image>this and  that?");
    expect(contents(stylePrompt(two, { image: "first" }))[1]).toBe("assistant: an <image> tag");
    expect(stylePrompt(prompt, {})).toEqual(prompt);
  });
});

describe("styled", () => {
  it("gives the model every prompt in the style, and is the model itself without one", async () => {
    const seen: string[][] = [];
    const model = new ScriptedModel((shown) => {
      seen.push(contents(shown));
      return [{ text: "tern" }];
    });
    const brief = styled(model, { system: "Be brief." });
    const options = { samples: 1, maxNewTokens: 9, temperature: 0, topP: 1, seed: 1 };
    const [[answer] = []] = await brief.generate([prompt], options);
    await brief.logProbs([{ prompt, tokenIds: await brief.encodeCompletion("tern") }]);
    expect(answer?.text).toBe("tern");
    expect(seen).toEqual(Array.from({ length: 2 }, () => ["system: Be brief.", "user: <image>Which bird is this?"]));
    const bare = { layer: "last", pool: "last" } as const;
    expect(await brief.hiddenStates([prompt], bare)).not.toEqual(await model.hiddenStates([prompt], bare));
    expect(styled(model, undefined)).toBe(model);
  });
});
