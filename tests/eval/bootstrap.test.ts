import { describe, expect, it } from "vitest";
import { pairedBootstrap, type SeedDifference } from "../../src/eval/bootstrap";
import { Random } from "../../src/core/random";

/** One world, one domain. @param table [seeds][items] */
const world = (table: readonly (readonly number[])[], name = "w", domain = "bird"): SeedDifference[] =>
  table.flatMap((row, seed) => row.map((difference, i) => ({ world: name, domain, seed, item: `${i}`, difference })));

describe("pairedBootstrap", () => {
  it("has the spread that theory gives, level by level", () => {
    // Additive: difference = seed's part + item's part; over one level the draws have s²·(n − 1)/n/n, and crossed the sum of both.
    const [seeds, items] = [
      [0, 1, 5],
      [0, 2, 4, 4, 10],
    ];
    const rows = world(seeds.map((s) => items.map((i) => s + i)));
    const spread = (v: readonly number[]): number => {
      const mean = v.reduce((a, b) => a + b, 0) / v.length;
      return v.reduce((sum, x) => sum + (x - mean) ** 2, 0) / v.length ** 2;
    };
    const error = (over: readonly ("seeds" | "items")[]): number =>
      pairedBootstrap(rows, { seed: 1, over, draws: 20_000 }).standardError ** 2;
    expect(error(["items"]) / spread(items)).toBeCloseTo(1, 1);
    expect(error(["seeds"]) / spread(seeds)).toBeCloseTo(1, 1);
    expect(error(["seeds", "items"]) / (spread(items) + spread(seeds))).toBeCloseTo(1, 1);
    expect(error([])).toBe(0);
  });

  it("has the value of the tables: worlds alike, domains alike, whatever their sizes", () => {
    const rows = [
      ...world([[1, 1, 1, 1]], "a", "bird"),
      ...world([[0, 0]], "a", "dog"), // world a: (1 + 0)/2
      ...world([[0], [0.5]], "b", "car"), // world b: 0.25
    ];
    expect(pairedBootstrap(rows, { seed: 1, draws: 50 })).toMatchObject({
      value: 0.375,
      worlds: 2,
      seeds: 3,
      items: 7,
    });
    // Items are drawn within their domain, so that two constant domains have no spread.
    const fixed = pairedBootstrap(rows.slice(0, 6), { seed: 1, draws: 50 });
    expect(fixed).toMatchObject({ low: 0.5, high: 0.5, standardError: 0, detectable: 0, p: 2 / 51 });
  });

  it("draws again where the seeds and items that were drawn have no cell in common", () => {
    const rows = [
      { world: "w", domain: "d", seed: 1, item: "a", difference: 0.2 },
      { world: "w", domain: "d", seed: 2, item: "b", difference: -0.2 },
    ];
    const { low, high, standardError } = pairedBootstrap(rows, { seed: 1, draws: 200 });
    expect([low, high]).toEqual([-0.2, 0.2]); // seed 1 with a, seed 2 with b, or both
    expect(standardError).toBeGreaterThan(0);
  });

  it("lets worlds speak only when they are drawn", () => {
    const rows = [...world([[1, 1]], "a"), ...world([[-1, -1]], "b")];
    expect(pairedBootstrap(rows, { seed: 1, over: ["seeds", "items"] })).toMatchObject({ value: 0, low: 0, high: 0 });
    expect(pairedBootstrap(rows, { seed: 1 })).toMatchObject({ value: 0, low: -1, high: 1, p: 1 });
  });

  it("follows from its seed, and turns round with the methods", () => {
    const random = new Random(5);
    const rows = world(Array.from({ length: 4 }, () => Array.from({ length: 30 }, () => random.normal(0.2))));
    const there = pairedBootstrap(rows, { seed: 1 });
    expect(pairedBootstrap(rows, { seed: 1 })).toEqual(there);
    expect(pairedBootstrap(rows, { seed: 2 })).not.toEqual(there);
    const back = pairedBootstrap(
      rows.map((row) => ({ ...row, difference: -row.difference })),
      { seed: 1 },
    );
    expect([back.value, back.p]).toEqual([-there.value, there.p]);
    expect(back.low).toBeCloseTo(-there.high, 12);
    expect(there.detectable / there.standardError).toBeCloseTo(1.959964 + 0.841621, 5);
  });

  it("covers what is true in nineteen of twenty experiments", () => {
    const random = new Random("coverage");
    let covered = 0;
    for (let run = 0; run < 200; run++) {
      const hard = Array.from({ length: 40 }, () => random.normal());
      const table = Array.from({ length: 10 }, () => {
        const luck = random.normal(0, 0.2);
        return hard.map((h) => 0.3 + h + luck + random.normal());
      });
      const { low, high } = pairedBootstrap(world(table), { seed: run, draws: 300 });
      if (low <= 0.3 && 0.3 <= high) covered++;
    }
    // three standard errors of 200 throws at 95 % are 4.6 points; percentiles of few units cover a little less
    expect(covered / 200).toBeGreaterThan(0.88);
    expect(covered / 200).toBeLessThan(0.995);
  });

  it("bears a missing cell, and refuses a doubled one, one that is no number, and none", () => {
    const rows = world([
      [1, 3],
      [1, 5],
    ]);
    expect(pairedBootstrap(rows.slice(0, 3), { seed: 1, draws: 20 }).value).toBeCloseTo(5 / 3, 14);
    expect(() => pairedBootstrap([...rows, ...rows], { seed: 1 })).toThrow(/w has two for 0 under seed 0/u);
    expect(() => pairedBootstrap([], { seed: 1 })).toThrow(/there is none/u);
    expect(() => pairedBootstrap(world([[1, NaN]]), { seed: 1 })).toThrow(/w has NaN for 1 under seed 0/u);
    expect(() => pairedBootstrap(rows, { seed: 1, draws: 0 })).toThrow(RangeError);
  });
});
