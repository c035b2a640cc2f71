import { describe, expect, it } from "vitest";
import type { Measurement } from "../../src/eval/measurements";
import { drawnOf, intervalsOf, seedsNote } from "../../src/report/drawn";
import { measured } from "./recorded/recorded";

const of = (method: string, seed: number, value: number): Measurement => measured({ method, seed, value, low: value - 0.1, high: value + 0.1 }); // prettier-ignore
const base = of("base", 1, 0.5);
const dapo = [1, 2, 3].map((seed) => of("dapo", seed, seed / 10));
const tapo = [1, 2, 3, 4].map((seed) => of("tapo", seed, seed / 5));
const given = new Set(["base"]);

describe("what figures draw", () => {
  it("is each trained method's mean over the seeds that all have, beside what is not trained", () => {
    const drawn = drawnOf([base, ...dapo, ...tapo], given, 1);
    expect([drawn.seeds, drawn.given, drawn.measurements.length]).toEqual([[1, 2, 3], true, 3]);
    expect(drawn.measurements[0]).toEqual(base);
    const [, mean, other] = drawn.measurements;
    // of 0.1, 0.2 and 0.3: mean 0.2, s = 0.1, and Student's interval is ± 4.303 · 0.1/√3 = ± 0.24843
    expect(mean?.value).toBeCloseTo(0.2, 12);
    expect(mean?.low).toBeCloseTo(0.2 - 0.24843, 4);
    expect(mean?.high).toBeCloseTo(0.2 + 0.24843, 4);
    expect(other?.value).toBeCloseTo(0.4, 12); // of 0.2, 0.4 and 0.6, without the fourth seed, which DAPO lacks
  });

  it("is one seed's own numbers where a method has fewer than three seeds with the others", () => {
    const own = of("mine", 1, 0.9);
    const drawn = drawnOf([base, ...dapo, ...tapo, own], given, 1);
    expect(drawn).toEqual({ measurements: [base, dapo[0], tapo[0], own], seeds: [1], given: true });
  });

  it("has no mean of what some seeds did not measure, such as a share of no answers", () => {
    const chains = [1, 2].map((seed) => ({ ...of("tapo", seed, 1), metric: "chain:described" }));
    const { measurements } = drawnOf([...tapo, ...chains], given, 1);
    expect(measurements.map(({ metric }) => metric)).toEqual(["accuracy"]);
  });

  it("is whatever there is where nothing is trained, and nothing of nothing", () => {
    expect(drawnOf([base], given, 1)).toEqual({ measurements: [base], seeds: [], given: true });
    expect(drawnOf([], given, 1)).toEqual({ measurements: [], seeds: [], given: false });
  });

  it("is explained by its seeds and by what its intervals are over", () => {
    const words = (seeds: readonly number[], some: boolean) =>
      [...seedsNote({ seeds }), intervalsOf({ seeds, given: some }, "pairs")].join(" ");
    expect(words([], true)).toBe("95 % intervals over pairs");
    expect(words([2], true)).toBe("Seed 2. 95 % intervals over pairs");
    expect(words([1, 2, 3], false)).toBe("Means over the seeds 1 to 3. Student's 95 % intervals over seeds");
    expect(words([1, 3, 5], true)).toBe(
      "Means over the seeds 1, 3, 5. Student's 95 % intervals over seeds; of what is not trained, over pairs",
    );
  });
});
