import { describe, expect, it } from "vitest";
import { mirroredPairs, namePairs, pairPrompt } from "../../src/analysis/namePairs";
import { separability } from "../../src/analysis/separability";
import { onePerClass } from "../../src/lab/kinds/states";
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
      expect(right).toEqual({ image: item.image, name: item.groundTruth, positive: true, group: item.image.id });
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

describe("mirroredPairs", () => {
  const perClass = onePerClass(items);
  const mirrored = mirroredPairs(classes, perClass, 1);

  it("has every name once right and once wrong, both in one group of two or three classes of one split", () => {
    const byName = new Map(perClass.map(({ groundTruth }) => [groundTruth, mirrored.filter(({ name }) => name === groundTruth)])); // prettier-ignore
    for (const pairs of byName.values()) {
      expect(pairs.map(({ positive }) => positive).sort()).toEqual([false, true]);
      expect(new Set(pairs.map(({ group }) => group)).size).toBe(1);
      expect(new Set(pairs.map(({ image }) => `${image.subCategory.superCategory} ${image.subCategory.seen}`)).size).toBe(1); // prettier-ignore
    }
    const sizes = [...new Set(mirrored.map(({ group }) => group))].map((group) => group.split(" + ").length);
    expect(new Set(sizes)).toEqual(new Set([2, 3].filter((size) => sizes.includes(size))));
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(perClass.length);
  });

  it("takes a sibling's name wherever the genus has two classes of the split, but where one of three is left over", () => {
    for (const { image, name, positive } of mirrored) {
      if (positive) continue;
      const own = smokeWorld.classOf(image.subCategory);
      const siblings = smokeWorld.genusMembers(own).filter(({ seen }) => seen === own.seen);
      const other = smokeWorld.classNamed(own.superCategory, name)!;
      if (siblings.length > 1 && other.genus !== own.genus) {
        const circle = mirrored.find((pair) => pair.image === image)!.group.split(" + ");
        expect(circle).toHaveLength(3); // a class alone in its genus has joined them
      }
    }
  });

  it("tells nothing by its names: states that are the names alone leave accuracy at one half", () => {
    const states = (pairs: typeof mirrored) => {
      const names = [...new Set(pairs.map(({ name }) => name))];
      return pairs.map(({ name }) => Float32Array.from(names, (one) => (one === name ? 1 : 0)));
    };
    // a name that no training fold holds leaves the plane at its constant, and the two kinds are as many: every pair is judged alike
    expect(separability(mirrored, states(mirrored), 1).accuracy.value).toBe(0.5);
  });

  it("joins a class that is alone in its genus to others, and refuses one that is alone in its super-category", () => {
    const named = (id: string, genus: string) => ({ ...classes[0]!, id, name: id, genus, seen: true });
    const three = [named("a", "g"), named("b", "g"), named("c", "h")];
    const asked = three.map((subCategory) => ({ ...items[0]!, id: subCategory.id, image: { ...items[0]!.image, id: subCategory.id, subCategory }, groundTruth: subCategory.name })); // prettier-ignore
    const pairs = mirroredPairs(three, asked, 1);
    expect(new Set(pairs.map(({ group }) => group))).toEqual(new Set(["a + b + c"]));
    expect(pairs.filter(({ positive }) => !positive).map(({ name }) => name).sort()).toEqual(["a", "b", "c"]); // prettier-ignore
    for (const { image, name, positive } of pairs) expect(image.id === name).toBe(positive);
    expect(() => mirroredPairs([three[0]!], [asked[0]!], 1)).toThrow("a: is the only seen class of its super-category");
  });

  it("follows from the seed, not from the order of the items", () => {
    expect(new Set(mirroredPairs(classes, [...perClass].reverse(), 1))).toEqual(new Set(mirrored));
    expect(mirroredPairs(classes, perClass, 2).map(({ name }) => name)).not.toEqual(mirrored.map(({ name }) => name));
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

  it("is chance where the states say nothing, since a pair is judged by a plane fitted without its group", () => {
    const runs = Array.from({ length: 40 }, (_, seed) => separability(pairs, noise(seed + 10, 0), seed).accuracy.value);
    const mean = runs.reduce((a, b) => a + b, 0) / runs.length;
    // 40 × 32 judgements: one standard error is 0.5 / √1280 = 0.014; four of them
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.056);
  });

  it("grows in every number as the clouds part", () => {
    const [none, some, all] = [0, 1.5, 20].map((shift) => separability(pairs, noise(3, shift), 1));
    expect(none!.fisher).toBeLessThan(some!.fisher);
    expect(some!.fisher).toBeLessThan(all!.fisher);
    expect(none!.silhouette).toBeLessThan(some!.silhouette);
    expect(some!.silhouette).toBeLessThan(all!.silhouette);
    expect(Math.abs(none!.silhouette)).toBeLessThan(0.1);
    // δ = 20, σ = 1 along the axis: 20²/2, by some 16 pictures a little off
    expect(all!.fisher).toBeGreaterThan(100);
    expect(all!.fisher).toBeLessThan(400);
  });

  it("refuses too few pictures and states that do not match", () => {
    const few = pairs.slice(0, 8);
    expect(() => separability(few, noise(1, 1).slice(0, 8), 1)).toThrow(/pairs of 4 groups are too few/);
    expect(() => separability(pairs, noise(1, 1).slice(1), 1)).toThrow(RangeError);
  });
});
