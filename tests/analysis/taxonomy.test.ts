import { describe, expect, it } from "vitest";
import { compareTaxonomy, taxonomySimilarity, withRelatives, type SpeciesState } from "../../src/analysis/taxonomy";
import { Random } from "../../src/core/random";

/** Six genera of two species. @param kinship how much of a state is its genus's */
function birds(kinship: number, seed = 1): SpeciesState[] {
  const random = new Random(seed);
  const vector = (): number[] => Array.from({ length: 40 }, () => random.normal());
  return ["a", "b", "c", "d", "e", "f"].flatMap((genus) => {
    const shared = vector();
    return [1, 2].map((i) => ({
      id: `${genus}${i}`,
      genus,
      state: Float32Array.from(vector(), (value, k) => value + kinship * shared[k]!),
    }));
  });
}

describe("taxonomySimilarity", () => {
  it("is one where relatives are equal and strangers at right angles", () => {
    const axis = (k: number): Float32Array => Float32Array.from({ length: 3 }, (_, i) => (i === k ? 2 : 0));
    const species = ["a", "a", "b", "b", "c", "c"].map((genus, i) => ({
      id: `${i}`,
      genus,
      state: axis(Math.floor(i / 2)),
    }));
    const { targets, delta } = taxonomySimilarity(species, { seed: 1 });
    expect(delta).toBe(1);
    expect(targets[0]).toMatchObject({ target: "0", relative: "1", same: 1, different: [0, 0, 0, 0], difference: 1 });
    expect([...targets[0]!.others].sort()).toEqual(["2", "3", "4", "5"]);
  });

  it("draws one of the genus and four others, by the seed and not by the states", () => {
    const { targets } = taxonomySimilarity(birds(1), { seed: 1 });
    for (const { target, relative, others, same, different, difference } of targets) {
      expect(relative[0]).toBe(target[0]);
      expect(relative).not.toBe(target);
      expect(new Set(others).size).toBe(4);
      expect(others.filter((id) => id[0] === target[0])).toEqual([]);
      expect(difference).toBeCloseTo(same - different.reduce((a, b) => a + b, 0) / 4, 14);
    }
    const drawn = (kinship: number, seed: number) =>
      taxonomySimilarity(birds(kinship), { seed }).targets.map(({ relative, others }) => [relative, others]);
    expect(drawn(5, 1)).toEqual(drawn(1, 1));
    expect(drawn(1, 2)).not.toEqual(drawn(1, 1));
    const some = taxonomySimilarity(birds(1), { seed: 1, targets: ["c1"] });
    expect(some.targets).toEqual(targets.filter(({ target }) => target === "c1"));
  });

  it("refuses what cannot be compared, and says who can", () => {
    const species = [...birds(1), { id: "g1", genus: "g", state: new Float32Array(40) }];
    expect(() => taxonomySimilarity(species, { seed: 1 })).toThrow(/g1: is the only species of its genus, g/u);
    expect(withRelatives(species)).toEqual(birds(1).map(({ id }) => id));
    expect(taxonomySimilarity(species, { seed: 1, targets: withRelatives(species) }).targets.length).toBe(12);
    expect(() => taxonomySimilarity(species.slice(0, 4), { seed: 1 })).toThrow(/a1: 4 species of other genera.*are 2/u);
    expect(() => taxonomySimilarity(species, { seed: 1, targets: ["x"] })).toThrow(/x: is no species given/u);
    const plane = { id: "crj", state: new Float32Array(40) };
    expect(() => taxonomySimilarity([...species, plane], { seed: 1 })).toThrow(/crj: has no genus/u);
    expect(() => taxonomySimilarity(species, { seed: 1, targets: [] })).toThrow(/no species to compare/u);
  });

  it("refuses a species given twice, and a state that is none", () => {
    const [first, second, ...rest] = birds(1);
    const changed = (state: Float32Array) => () =>
      taxonomySimilarity([first!, { ...second!, state }, ...rest], { seed: 1 });
    expect(changed(new Float32Array(40).fill(NaN))).toThrow(/similarity: the state of a2 is not finite at 0/u);
    expect(changed(new Float32Array(39))).toThrow(/similarity: the state of a2 has 39 dimensions, and not 40/u);
    expect(() => taxonomySimilarity([...birds(1), first!], { seed: 1 })).toThrow(/a1: is given twice/u);
    expect(() => taxonomySimilarity(birds(1), { seed: 1, targets: ["b1", "b1"] })).toThrow(/b1: is given twice/u);
  });
});

describe("compareTaxonomy", () => {
  it("finds more kinship, and nothing between a model and itself", () => {
    const [strong, weak] = [3, 0.3].map((kinship) => taxonomySimilarity(birds(kinship), { seed: 1 }));
    const { deltas, paired, independent } = compareTaxonomy(strong!, weak!);
    expect(deltas).toEqual([strong!.delta, weak!.delta]);
    expect(paired).toMatchObject({ difference: expect.closeTo(deltas[0] - deltas[1], 12) as number, df: 11 });
    expect(independent.df).toBe(22);
    expect(Math.max(paired.p, independent.p)).toBeLessThan(1e-4);
    expect(compareTaxonomy(weak!, weak!).paired).toEqual({ difference: 0, t: 0, df: 11, p: 1 });
    expect(() => compareTaxonomy(weak!, taxonomySimilarity(birds(1), { seed: 2 }))).toThrow(/different draws/u);
  });
});
