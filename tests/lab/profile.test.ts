import { describe, expect, it } from "vitest";
import { loadProfile, loadVariant } from "../../src/lab/profile";

describe("loadVariant", () => {
  const nameOf = (set: Record<string, unknown>, seed?: number) => loadVariant("smoke", set, seed).name;

  it("gives a profile with another seed or other keys a name of its own", () => {
    expect(nameOf({}, 2)).toBe("smoke-seed2");
    expect(nameOf({ "sftCot.epochs": 1 })).toMatch(/^smoke-set-[0-9a-f]{6}$/);
    expect(nameOf({ "sftCot.epochs": 1 }, 2)).toMatch(/^smoke-seed2-set-[0-9a-f]{6}$/);
    expect(nameOf({ "sftCot.epochs": 1 })).not.toBe(nameOf({ "sftCot.epochs": 2 }));
  });

  it("seeds every stage of training, and not the evaluation", () => {
    const { seed, sftCot, sftLabels, rl, evaluation } = loadVariant("smoke", {}, 7);
    expect([seed, sftCot.seed, sftLabels.seed, rl.options.seed]).toEqual([7, 7, 7, 7]);
    expect(evaluation.seed).toBe(loadProfile("smoke").evaluation.seed);
  });

  it("is the profile itself where nothing changes, so that one seed is one run", () => {
    const own = loadProfile("smoke");
    expect(loadVariant("smoke", {}, own.seed)).toEqual(own);
    expect(loadVariant("smoke", { "rl.options.n1": own.rl.options.n1 })).toEqual(own);
  });
});
