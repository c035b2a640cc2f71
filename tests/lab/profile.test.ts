import { describe, expect, it } from "vitest";
import { loadProfile } from "../../src/lab/profile";

describe("loadProfile", () => {
  const nameOf = (set: Record<string, unknown>) => loadProfile("smoke", set).name;

  it("gives a profile with other keys a name of its own", () => {
    expect(nameOf({ "sft.epochs": 1 })).toMatch(/^smoke-set-[0-9a-f]{6}$/);
    expect(nameOf({ "sft.epochs": 1 })).not.toBe(nameOf({ "sft.epochs": 2 }));
  });

  it("is the profile itself where nothing changes", () => {
    const own = loadProfile("smoke");
    expect(loadProfile("smoke", { "rl.n1": own.rl.n1 })).toEqual(own);
  });

  it("fills in the defaults of the paper and the release", () => {
    const { rl, evaluation } = loadProfile("smoke");
    expect(rl.objective).toMatchObject({ gamma: 0.01, eta1: 0.03, eta2: 0.03 });
    expect(rl.topP).toBe(0.99); // release: rollout.top_p
    expect(evaluation).toMatchObject({ optionOrder: "shuffled", superCategory: "dataset" });
  });

  it.each([
    ["rl.seed", /unknown key rl\.seed/],
    ["rl.promptSet", /unknown key rl\.promptSet/],
    ["sft.seed", /unknown key sft\.seed/],
    ["rl.gamma", /unknown key rl\.gamma \(did you mean rl\.objective\.gamma or matched\.gamma\?\)/],
    ["evaluation.superCategory", /must be one of "dataset", "released"/],
  ])("knows one place for each key: %s", (key, message) => {
    expect(() => loadProfile("smoke", { [key]: 1 })).toThrow(message);
  });
});
