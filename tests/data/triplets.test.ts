import { describe, expect, it } from "vitest";
import type { RgbImage } from "../../src/core/image";
import { mineHardNegatives, mineTriplets } from "../../src/data/triplets";
import type { Dataset } from "../../src/data/dataset";
import type { LabelledImage } from "../../src/data/types";
import { smokeWorld } from "../miniworld/worlds";

/** An image of one pixel; the embedder below reads the vector off it. */
const image = (label: string, index: number, pixel: readonly number[], superCategory = "bird"): LabelledImage => ({
  id: `${label}/${index}`,
  subCategory: { id: label, name: label, superCategory, seen: true },
  load: () => Promise.resolve({ width: 1, height: 1, data: Uint8Array.from(pixel) }),
});
const dataset = (train: readonly LabelledImage[]): Dataset => ({
  name: "toy",
  fingerprint: train.map(({ id }) => id).join(" "),
  wording: "mini",
  question: () => "?",
  optionsFor: () => [],
  subCategories: [...new Set(train.map((i) => i.subCategory))],
  train,
  validation: [],
  test: () => [],
});
const toy = dataset([
  image("a", 0, [9, 1, 0]),
  image("a", 1, [9, 0, 0]),
  image("b", 0, [8, 3, 0]),
  image("b", 1, [8, 2, 0]),
  image("c", 0, [0, 9, 1]),
  image("c", 1, [1, 9, 0]),
  image("d", 0, [9, 1, 0], "car"), // nearest of all to "a", but of another super-category
  image("d", 1, [9, 1, 0], "car"),
  image("e", 0, [0, 0, 5], "car"),
  image("e", 1, [0, 0, 5], "car"),
]);
const embed = (images: readonly RgbImage[]): Promise<Float32Array[]> => {
  return Promise.resolve(images.map((one) => Float32Array.from(one.data)));
};

describe("mineHardNegatives", () => {
  it("takes the class whose mean embedding has the largest cosine, inside the super-category", async () => {
    const found = await mineHardNegatives(toy, embed);
    expect(Object.fromEntries(Object.entries(found).map(([id, { negative }]) => [id, negative]))).toEqual({
      a: "b",
      b: "a",
      c: "b", // sums c = (1, 18, 1), b = (16, 5, 0), a = (18, 1, 0): cosines 106/302.6 = 0.35 and 36/325.5 = 0.11
      d: "e",
      e: "d",
    });
    // a·b = 18·16 + 1·5 = 293; |a| = √325, |b| = √281
    expect(found["a"]!.similarity).toBeCloseTo(293 / Math.sqrt(325 * 281), 6);
  });

  it("does not depend on the batch size", async () => {
    expect(await mineHardNegatives(toy, embed, 3)).toEqual(await mineHardNegatives(toy, embed, 100));
  });
});

describe("mineTriplets", () => {
  it("gives every anchor another image of its class and an image of the hard negative class", async () => {
    const triplets = await mineTriplets(toy, embed, { seed: 1, perAnchor: 5 });
    expect(triplets).toHaveLength(50);
    const negatives = await mineHardNegatives(toy, embed);
    for (const { anchor, positive, negative } of triplets) {
      expect(positive.subCategory.id).toBe(anchor.subCategory.id);
      expect(positive.id).not.toBe(anchor.id);
      expect(negative.subCategory.id).toBe(negatives[anchor.subCategory.id]!.negative);
    }
  });

  it("draws by the seed and mines by the pictures", async () => {
    const ids = async (seed: number) => {
      const triplets = await mineTriplets(toy, embed, { seed });
      return triplets.map(({ anchor, positive, negative }) => [anchor.id, positive.id, negative.id]);
    };
    expect(await ids(1)).toEqual(await ids(1));
    expect(await ids(1)).not.toEqual(await ids(2));
  });

  it("names a class that has no partner", async () => {
    const single = dataset([...toy.train.slice(0, 4), image("f", 0, [1, 1, 1])]);
    await expect(mineTriplets(single, embed, { seed: 1 })).rejects.toThrow(/f: has a single/);
    await expect(mineTriplets(dataset(toy.train.slice(0, 2)), embed, { seed: 1 })).rejects.toThrow(
      /a: is the only class/,
    );
  });

  it("works on a mini-world from its pictures alone", async () => {
    const triplets = await mineTriplets(smokeWorld, embed, { seed: 1 });
    expect(triplets).toHaveLength(smokeWorld.train.length);
    for (const { anchor, negative } of triplets) {
      expect(negative.subCategory.superCategory).toBe(anchor.subCategory.superCategory);
      expect(negative.subCategory.id).not.toBe(anchor.subCategory.id);
    }
  });
});
