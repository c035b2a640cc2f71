import { describe, expect, it } from "vitest";
import { detectableByMcnemar, detectableOverSeeds, powerOverSeeds } from "../../src/eval/power";
import { mcnemar } from "../../src/eval/statistics";
import { references } from "../reference/analysis/references";

describe("powerOverSeeds", () => {
  it("is SciPy's noncentral t, and α where nothing differs", () => {
    for (const [difference, seeds, power] of references.power) {
      expect(powerOverSeeds({ difference: 3 * difference, sd: 3, seeds })).toBeCloseTo(power, 5);
    }
    expect(powerOverSeeds({ difference: 0, sd: 1, seeds: 3 })).toBeCloseTo(0.05, 6);
    expect(() => powerOverSeeds({ difference: 1, sd: 1, seeds: 1 })).toThrow(RangeError);
  });
});

describe("detectableOverSeeds", () => {
  it("is the difference that has that power, and grows with the spread", () => {
    const differences = [0.1, -0.2, 0.4, 0];
    const mean = 0.075;
    const sd = Math.sqrt(differences.reduce((sum, d) => sum + (d - mean) ** 2, 0) / 3);
    const found = detectableOverSeeds(differences);
    expect(powerOverSeeds({ difference: found, sd, seeds: 4 })).toBeCloseTo(0.8, 9);
    expect(detectableOverSeeds(differences.map((d) => 10 * d + 5))).toBeCloseTo(10 * found, 9);
    expect(detectableOverSeeds(differences, 0.95)).toBeGreaterThan(found);
    expect(detectableOverSeeds([2, 2])).toBe(0);
    expect(() => detectableOverSeeds([1])).toThrow(RangeError);
  });
});

describe("detectableByMcnemar", () => {
  it("is the difference at which four of five outcomes are findings", () => {
    // All outcomes of 20 questions: w fall to the better method with chance θ each.
    const n = 100;
    const found = detectableByMcnemar({ n, onlyFirst: 12, onlySecond: 8 })!;
    const theta = (1 + (found * n) / 20) / 2;
    let power = 0;
    let choose = 1;
    for (let w = 0; w <= 20; w++) {
      if (mcnemar(w, 20 - w) <= 0.05) power += choose * theta ** w * (1 - theta) ** (20 - w);
      choose = (choose * (20 - w)) / (w + 1);
    }
    expect(power).toBeCloseTo(0.8, 10);
    expect(detectableByMcnemar({ n: 200, onlyFirst: 10, onlySecond: 10 })).toBeCloseTo(found / 2, 12);
  });

  it("is none where no outcome could be a finding", () => {
    // 2/2⁵ = 0.0625, 2/2⁶ = 0.03125
    expect(detectableByMcnemar({ n: 90, onlyFirst: 5, onlySecond: 0 })).toBeNull();
    // 6 of 6 needed: θ⁶ + (1 − θ)⁶ = 0.8 at θ ≈ 0.8^(1/6)
    expect(detectableByMcnemar({ n: 6, onlyFirst: 6, onlySecond: 0 })).toBeCloseTo(2 * 0.8 ** (1 / 6) - 1, 4);
    expect(detectableByMcnemar({ n: 90, onlyFirst: 0, onlySecond: 0 })).toBeNull();
  });
});
