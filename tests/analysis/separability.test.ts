import { describe, expect, it } from "vitest";
import { namePairs, pairPrompt, separability, separabilityOverLayers } from "../../src/analysis/separability";
import { Random } from "../../src/core/random";
import { smokeWorld } from "../miniworld/worlds";

const items = [...smokeWorld.test("seen"), ...smokeWorld.test("unseen")];
const classes = smokeWorld.subCategories;
const pairs = namePairs(classes, items, 1);

describe("namePairs", () => {
  it("puts every picture beside its name and beside that of a sibling of the same split, else of another class of the split", () => {
    expect(pairs.length).toBe(2 * items.length);
    items.forEach((item, i) => {
      const [right, wrong] = [pairs[2 * i]!, pairs[2 * i + 1]!];
      expect(right).toEqual({ image: item.image, name: item.groundTruth, positive: true });
      expect(wrong.image).toBe(item.image);
      expect(wrong.positive).toBe(false);
      const own = smokeWorld.classOf(item.image.subCategory);
      const other = smokeWorld.classNamed(own.superCategory, wrong.name)!;
      expect(other.id).not.toBe(own.id);
      expect(other.seen).toBe(own.seen);
      const siblings = smokeWorld.genusMembers(own).filter(({ id, seen }) => id !== own.id && seen === own.seen);
      if (siblings.length > 0) expect(other.genus).toBe(own.genus);
    });
  });

  it("follows from the seed, not from the order of the items", () => {
    const reversed = namePairs(classes, [...items].reverse(), 1);
    expect(new Set(reversed)).toEqual(new Set(pairs));
    const names = (seed: number) => namePairs(classes, items, seed).map(({ name }) => name);
    expect(names(2)).not.toEqual(names(1));
  });

  it("needs another name", () => {
    const { subCategory } = items[0]!.image;
    expect(() => namePairs([subCategory], [items[0]!], 1)).toThrow(
      `${subCategory.id}: is the only ${subCategory.seen ? "seen" : "unseen"} class of its super-category`,
    );
  });
});

describe("pairPrompt", () => {
  it("asks as the paper does, or in the words of the mini-world", async () => {
    const pair = pairs[0]!;
    const domain = pair.image.subCategory.superCategory;
    const text = async (set: "paper" | "mini") => (await pairPrompt(set, pair)).messages[0]?.content;
    expect(await text("paper")).toBe(`<image>Is the ${domain} species ${pair.name}?`);
    const mini = await text("mini");
    expect(mini).toBe(`<image> ${domain} ${pair.name} ? answer`);
    const known = new Set(["<image>", "?", ",", ...smokeWorld.vocabulary()]);
    expect(mini?.split(" ").filter((word) => !known.has(word))).toEqual([]);
    expect((await pairPrompt("mini", pair)).images).toEqual([await pair.image.load()]);
  });
});

describe("separability", () => {
  const noise = (seed: number, shift: number): Float32Array[] => {
    const random = new Random(seed);
    return pairs.map(({ positive }) =>
      Float32Array.from({ length: 6 }, (_, k) => random.normal() + (k === 2 && positive ? shift : 0)),
    );
  };

  it("is perfect for clouds far apart, whose difference is the first component", () => {
    // 20 standard deviations apart along one axis: its variance is 20²/4 + 1 = 101, the other five have 1 each
    const { accuracy, explained, points } = separability(pairs, noise(1, 20), 1);
    expect(accuracy).toMatchObject({ value: 1, n: pairs.length });
    expect(explained[0]).toBeCloseTo(101 / 106, 1);
    const sign = Math.sign(points[0]?.[0] ?? 0);
    for (const [i, [x]] of points.entries()) expect(Math.sign(x) === sign).toBe(pairs[i]?.positive);
  });

  it("is chance where the states say nothing, since a pair is judged by a plane fitted without its picture", () => {
    const runs = Array.from({ length: 40 }, (_, seed) => separability(pairs, noise(seed + 10, 0), seed).accuracy.value);
    const mean = runs.reduce((a, b) => a + b, 0) / runs.length;
    // 40 × 32 judgements: one standard error is 0.5 / √1280 = 0.014; four of them
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.056);
  });

  it("grows in every number as the clouds part", () => {
    const found = separabilityOverLayers(
      pairs,
      [0, 1.5, 20].map((shift) => ({ layer: shift, states: noise(3, shift) })),
      1,
    );
    expect(found.map(({ layer }) => layer)).toEqual([0, 1.5, 20]);
    const [none, some, all] = found;
    expect(none!.fisher).toBeLessThan(some!.fisher);
    expect(some!.fisher).toBeLessThan(all!.fisher);
    expect(none!.silhouette).toBeLessThan(some!.silhouette);
    expect(some!.silhouette).toBeLessThan(all!.silhouette);
    expect(Math.abs(none!.silhouette)).toBeLessThan(0.1);
    // δ = 20, σ = 1 along the axis: 20²/2, by some 16 pictures a little off
    expect(all!.fisher).toBeGreaterThan(100);
    expect(all!.fisher).toBeLessThan(400);
    expect(some).toEqual({ layer: 1.5, ...separability(pairs, noise(3, 1.5), 1) });
  });

  it("refuses too few pictures and states that do not match", () => {
    const few = pairs.slice(0, 8);
    expect(() => separability(few, noise(1, 1).slice(0, 8), 1)).toThrow(/4 pictures are too few/);
    expect(() => separability(pairs, noise(1, 1).slice(1), 1)).toThrow(RangeError);
  });
});
