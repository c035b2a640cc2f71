import { describe, expect, it } from "vitest";
import { detectableOverSeeds, powerOverSeeds } from "../../src/eval/power";
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
