import { describe, expect, it } from "vitest";
import { pairedBootstrap } from "../../src/eval/bootstrap";
import { effectOf, withoutSeed, type WorldResults } from "../../src/eval/effects";
import type { Item, Outcomes } from "../../src/eval/outcomes";

const ITEMS: readonly Item[] = [
  { id: "1", domain: "bird", seen: true },
  { id: "2", domain: "bird", seen: true },
  { id: "3", domain: "bird", seen: false },
  { id: "4", domain: "dog", seen: true },
  { id: "5", domain: "dog", seen: false },
];
const of = (method: string, seed: number, values: Outcomes["values"], metric = "accuracy"): Outcomes => ({
  ...{ method, seed, setting: "open", metric, items: ITEMS, values },
});
const world = (name: string, outcomes: readonly Outcomes[], given: readonly string[] = []): WorldResults => ({
  ...{ world: name, outcomes, measurements: [], given: new Set(given) },
});
const seen = { a: "tapo", b: "base", setting: "open", metric: "accuracy", split: "seen" } as const;

describe("effectOf", () => {
  it("is the mean over domains of the paired differences of a split; split all counts the domains of both alike", () => {
    // seen: birds (1 − 0, 1 − 1) → 0.5, dogs 0 − 1 → −1, mean −0.25; unseen: bird 1 − 0, the dog's answer does not count → 1
    const results = [world("w", [of("tapo", 1, [1, 1, 1, 0, null]), of("base", 1, [0, 1, 0, 1, 1])])];
    expect(effectOf(results, seen)).toMatchObject({ value: -0.25, byWorld: [-0.25], worlds: 1, seeds: 1, items: 3, fewestSeeds: 1, overItems: true }); // prettier-ignore
    expect(effectOf(results, { ...seen, split: "unseen" })).toMatchObject({ value: 1, items: 1 });
    expect(effectOf(results, { ...seen, split: "all" })!.value).toBeCloseTo((0.5 - 1 + 1) / 3, 12);
    expect(effectOf(results, { ...seen, b: "dapo" })).toBeUndefined();
    expect(effectOf(results, { ...seen, metric: "similarity" })).toBeUndefined();
    expect(effectOf([], seen)).toBeUndefined();
  });

  it("counts all items alike where the difference is over items, answer by answer too", () => {
    // seen: 1 − 0, 1 − 1, 0 − 1 → mean 0, where the mean over domains is −0.25; with the unseen bird's 1 − 0: 1 of 4
    const results = [world("w", [of("tapo", 1, [1, 1, 1, 0, null]), of("base", 1, [0, 1, 0, 1, 1])])];
    expect(effectOf(results, { ...seen, domain: "items" })).toMatchObject({ value: 0, byWorld: [0], items: 3, overItems: true }); // prettier-ignore
    expect(effectOf(results, { ...seen, split: "all", domain: "items" })).toMatchObject({ value: 0.25, items: 4 });
  });

  it("sets a given method beside every seed of a trained one, and pairs two trained ones by their seeds", () => {
    const flat = (value: number): number[] => ITEMS.map(() => value);
    const trained = [0.6, 0.7, 0.8].map((value, at) => of("tapo", at + 1, flat(value)));
    const given = world("w", [...trained, of("base", 9, flat(0.5))], ["base"]);
    // differences 0.1, 0.2, 0.3: Student's half width is 4.303 · 0.1/√3; t = 0.2/(0.1/√3) = √12, of 2 degrees: p = 1 − t/√(t² + 2)
    const half = (4.303 * 0.1) / Math.sqrt(3);
    const effect = effectOf([given], seen)!;
    expect(effect).toMatchObject({ worlds: 1, seeds: 3, items: 3, fewestSeeds: 3 });
    expect([effect.value, effect.low, effect.high, effect.p].map((x) => Number(x.toFixed(9)))).toEqual(
      [0.2, 0.2 - half, 0.2 + half, 1 - Math.sqrt(12 / 14)].map((x) => Number(x.toFixed(9))),
    );
    // the bootstrap alone takes three seeds for all seeds: it would have called that a finding
    const drawn = pairedBootstrap(
      [0.1, 0.2, 0.3].map((difference, seed) => ({ world: "w", seed, item: "1", domain: "d", difference })),
      { seed: 1 },
    );
    expect(drawn.low).toBeGreaterThan(0);
    const turned = effectOf([given], { ...seen, a: "base", b: "tapo" })!;
    expect(turned.value).toBeCloseTo(-0.2, 12);
    expect(turned.fewestSeeds).toBe(3);
    const other = [1, 2].map((seed) => of("dapo", seed, flat(0.5)));
    const pair = effectOf([world("w", [...trained, ...other])], { ...seen, b: "dapo" })!;
    expect(pair.value).toBeCloseTo(0.15, 12);
    expect(pair.fewestSeeds).toBe(2);
    const untrained = effectOf([world("w", [of("clip", 1, flat(1)), of("base", 1, flat(0))], ["clip", "base"])], { ...seen, a: "clip" })!; // prettier-ignore
    expect(untrained).toMatchObject({ value: 1, fewestSeeds: null, overItems: true });
  });

  it("keeps the bootstrap's interval where Student's over runs is the narrower: items scatter, seeds do not", () => {
    const runs = [1, 2, 3].flatMap((seed) => [of("tapo", seed, [1, 0, 0, 1, 0]), of("base", seed, [0, 0, 0, 0, 0])]);
    const effect = effectOf([world("w", runs)], seen)!;
    expect(effect.value).toBe(0.75);
    expect(effect.low).toBe(0.5);
    expect(effect.high).toBe(1); // birds (1, 0): 0 to 1; the dog 1
    expect(effect.detectable).toBeGreaterThan(0);
  });

  it("is no narrower than Student's over worlds, whose mean is what it is about, trained or not", () => {
    const flat = (value: number): number[] => ITEMS.map(() => value);
    const worlds = (seeds: readonly number[], given: readonly string[]) =>
      [0.01, 0.02, 0.09].map((gain, at) => world(`w${at}`, seeds.flatMap((seed) => [of("tapo", seed, flat(gain)), of("base", seed, flat(0))]), given)); // prettier-ignore
    // mean 0.04, s = √((0.03² + 0.02² + 0.05²)/2) = 0.0435890; half width 4.303 · s/√3
    const half = (4.303 * Math.sqrt(0.0019)) / Math.sqrt(3);
    for (const results of [worlds([1, 2, 3], ["base"]), worlds([1], ["tapo", "base"])]) {
      const { value, low, high, p } = effectOf(results, seen)!;
      expect([value, low, high].map((x) => x.toFixed(9))).toEqual([0.04, 0.04 - half, 0.04 + half].map((x) => x.toFixed(9))); // prettier-ignore
      // t = 0.04/(s/√3) = 1.5894 of two degrees of freedom: p = 1 − t/√(t² + 2)
      const t = 0.04 / Math.sqrt(0.0019 / 3);
      expect(p).toBeCloseTo(1 - t / Math.sqrt(t * t + 2), 9);
    }
  });

  it("does not depend on the order of worlds, of rows or of items, to the last digit", () => {
    const results = ["x", "y", "z"].map(
      (name, at) =>
      world(name, [1, 2, 3].flatMap((seed) => [of("tapo", seed, [1, seed % 2, 0, 0.5, at / 2]), of("base", seed, [0, 1, 0, 0.25, 0])])), // prettier-ignore
    );
    const effect = effectOf(results, { ...seen, split: "all" });
    const turned = [...results].reverse().map(({ outcomes, ...rest }) => ({
      ...rest,
      outcomes: [...outcomes].reverse().map((one) => ({ ...one, items: [...one.items].reverse(), values: [...one.values].reverse() })), // prettier-ignore
    }));
    expect(effectOf(turned, { ...seen, split: "all" })).toEqual(effect);
    expect(effect).toMatchObject({ worlds: 3, seeds: 9, items: 15 });
    expect(effect!.byWorld).toHaveLength(3);
  });

  it("takes means per seed where no outcomes were kept, and says that it knows nothing of items", () => {
    const mean = (method: string, seed: number, value: number) => ({
      ...{ method, seed, dataset: "d", domain: "mean", split: "all" as const, setting: "states", metric: "probe" },
      ...{ value, low: 0, high: 1, n: 9 },
    });
    const measurements = [mean("base", 1, 0.5), ...[0.6, 0.7, 0.8].map((value, at) => mean("tapo", at + 1, value))];
    const results = { world: "w", outcomes: [], measurements, given: new Set(["base"]) };
    const effect = effectOf([results], { a: "tapo", b: "base", setting: "states", metric: "probe", split: "all" })!;
    expect(effect).toMatchObject({ overItems: false, fewestSeeds: 3, seeds: 3 });
    expect(effect.value).toBeCloseTo(0.2, 12);
    // over all items alike, as the tables of what has no domains; a domain alone is neither
    const over = (domain: string) => ({ ...results, measurements: measurements.map((one) => ({ ...one, domain })) });
    const difference = { a: "tapo", b: "base", setting: "states", metric: "probe", split: "all" } as const;
    expect(effectOf([over("items")], { ...difference, domain: "items" })).toEqual(effect);
    expect(effectOf([over("items")], difference)).toBeUndefined();
    expect(effectOf([over("bird")], { ...difference, domain: "items" })).toBeUndefined();
  });

  it("refuses two results of one world: they are no two witnesses", () => {
    const results = [world("w", [of("tapo", 1, [1])]), world("w", [of("tapo", 2, [1])])];
    expect(() => effectOf(results, seen)).toThrow(/the world w: has two results/);
  });
});

describe("withoutSeed", () => {
  it("leaves one seed of what is trained out, and keeps what is given under that very seed", () => {
    const flat = (value: number): number[] => ITEMS.map(() => value);
    const trained = [0.6, 0.7, 0.9].map((value, at) => of("tapo", at + 1, flat(value)));
    const all = world("w", [...trained, of("base", 1, flat(0.5))], ["base"]);
    expect(effectOf([withoutSeed(all, 1)], seen)!).toMatchObject({ value: 0.3, seeds: 2 });
    expect(effectOf([withoutSeed(all, 3)], seen)!.value).toBeCloseTo(0.15, 12);
    expect(withoutSeed(all, 4)).toEqual(all);
  });
});
