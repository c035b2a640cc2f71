import { describe, expect, it } from "vitest";
import { constant, cosine, linear, oneCycle } from "../../src/engine/schedule";

describe("schedules", () => {
  it("warm up over n steps to the peak: 1/4, 2/4, 3/4, 1", () => {
    for (const schedule of [constant(1, 4), cosine(1, 100, 4), linear(1, 100, 4)]) {
      expect([0, 1, 2, 3].map(schedule)).toEqual([0.25, 0.5, 0.75, 1]);
    }
  });

  it("cosine is half way down in the middle and near 0 at the end", () => {
    const schedule = cosine(2, 104, 4);
    expect(schedule(4)).toBeCloseTo(2, 10); // cos 0
    expect(schedule(54)).toBeCloseTo(1, 10); // cos π/2
    expect(schedule(103)).toBeCloseTo(1 + Math.cos((Math.PI * 99) / 100), 10);
  });

  it("linear falls to 0 at the end", () => {
    const schedule = linear(1, 10);
    expect([0, 5, 9].map((s) => schedule(s))).toEqual([1, 0.5, 0.1]);
  });

  it("oneCycle rises from peak/25 to the peak and falls again", () => {
    const schedule = oneCycle(1, 100, 0.1);
    expect(schedule(0)).toBeCloseTo(0.04, 10);
    expect(schedule(10)).toBeCloseTo(1, 10);
    expect(schedule(55)).toBeCloseTo(0.5, 10);
    expect(schedule(99)).toBeLessThan(0.001);
  });
});
