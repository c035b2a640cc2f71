import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random";
import type { Dataset } from "../../src/data/dataset";
import { maskedImage, maskPatches } from "../../src/data/masking";
import {
  hardestNegative,
  maskedNegative,
  ofClass,
  randomNegative,
  sameNegative,
  type NegativeDraw,
} from "../../src/data/negatives";
import { drawTriplets } from "../../src/data/triplets";
import type { LabelledImage } from "../../src/data/types";
import { SLOTS } from "../../src/miniworld/attributes";
import { smokeWorld } from "../miniworld/worlds";

const noise = (width: number, height: number) => {
  const random = new Random(`${width} × ${height}`);
  return { width, height, data: Uint8Array.from({ length: 3 * width * height }, () => 1 + random.integer(255)) };
};
const picture = (label: string, index: number, superCategory: string): LabelledImage => {
  const pixels = noise(28, 28);
  const subCategory = { id: label, name: label, superCategory, seen: true };
  return { id: `${label}/${index}`, subCategory, load: () => Promise.resolve(pixels) };
};
const several = (labels: readonly string[], superCategory: string, each = 3): LabelledImage[] =>
  labels.flatMap((label) => Array.from({ length: each }, (_, index) => picture(label, index, superCategory)));
const BIRDS = ["a", "b", "c", "d"];
const train = [...several(BIRDS, "bird"), ...several(["e", "f"], "car")];

/** Classes of a super-category in alphabetical order behind their own; "z", the nearest of all, has no training picture. */
const lookalikes: Dataset["lookalikes"] = (of) => {
  const z = { id: "z", name: "z", superCategory: of.superCategory, seen: false };
  const all = train.map(({ subCategory }) => subCategory);
  return [of, z, ...all.filter((c) => c.id !== of.id && c.superCategory === of.superCategory)];
};
const toy = { name: "toy", train, lookalikes };
const drawn = (draw: NegativeDraw, perAnchor = 1) => drawTriplets(toy, draw, 7, perAnchor);

describe("drawTriplets", () => {
  it("gives an anchor the same positive whatever the negative is", () => {
    const draws = [ofClass(toy, ({ id }) => (id === "a" ? "b" : "a")), hardestNegative(toy), randomNegative(toy), sameNegative(toy), maskedNegative(0.6)]; // prettier-ignore
    const [first, ...others] = draws.map((draw) => drawn(draw).map(({ anchor, positive }) => [anchor.id, positive.id]));
    expect(first).toHaveLength(train.length);
    for (const other of others) expect(other).toEqual(first);
  });
});

describe("hardest negatives", () => {
  it("are of the nearest class that has training pictures", () => {
    const negatives = new Set(
      drawn(hardestNegative(toy)).map(({ anchor, negative }) => `${anchor.subCategory.id}${negative.subCategory.id}`),
    );
    expect(negatives).toEqual(new Set(["ab", "ba", "ca", "da", "ef", "fe"]));
  });

  it("of a mini-world are the seen class of most attributes in common, of its genus where that has another", () => {
    const trained = new Set(smokeWorld.train.map(({ subCategory }) => subCategory.id));
    for (const { anchor, negative } of drawTriplets(smokeWorld, hardestNegative(smokeWorld), 1)) {
      const own = smokeWorld.classOf(anchor.subCategory);
      const rivals = smokeWorld.subCategories.filter(
        (c) => trained.has(c.id) && c.id !== own.id && c.superCategory === own.superCategory,
      );
      const kin = rivals.filter(({ genus }) => genus === own.genus);
      const among = kin.length > 0 ? kin : rivals;
      const common = (id: string): number => {
        const other = smokeWorld.attributesOf(among.find((c) => c.id === id)!);
        return SLOTS.filter((slot) => own.attributes[slot] === other[slot]).length;
      };
      expect(among.map(({ id }) => id)).toContain(negative.subCategory.id);
      expect(common(negative.subCategory.id)).toBe(Math.max(...among.map(({ id }) => common(id))));
    }
  });

  it("are refused where the dataset cannot tell", () => {
    expect(() => hardestNegative({ name: "toy", train })).toThrow(
      /^toy: does not know which .* an encoder mines \(hard\)/,
    );
  });
});

describe("random negatives", () => {
  it("are of every other class of the super-category alike, and of no other", () => {
    const perAnchor = 200;
    const counts: Record<string, number> = {};
    for (const { anchor, negative } of drawn(randomNegative(toy), perAnchor)) {
      const pair = `${anchor.subCategory.id}${negative.subCategory.id}`;
      counts[pair] = (counts[pair] ?? 0) + 1;
    }
    const pairs = BIRDS.flatMap((a) => BIRDS.filter((b) => b !== a).map((b) => a + b));
    expect(Object.keys(counts).sort()).toEqual([...pairs, "ef", "fe"].sort());
    // 3 anchors a class: a pair is drawn 600/3 = 200 times, with a standard deviation of √(600 · ⅓ · ⅔) = 11.5
    for (const pair of pairs) expect(Math.abs(counts[pair]! - 200)).toBeLessThan(5 * 11.5);
    expect([counts["ef"], counts["fe"]]).toEqual([600, 600]);
  });

  it("are refused for the only class of a super-category", () => {
    const alone = { train: several(["a"], "bird") };
    expect(() => drawTriplets(alone, randomNegative(alone), 1)).toThrow(/^a: is the only class of its super-category/);
  });
});

describe("negatives of the same class", () => {
  it("are a third picture of it", () => {
    for (const { anchor, positive, negative } of drawn(sameNegative(toy), 4)) {
      expect(negative.subCategory.id).toBe(anchor.subCategory.id);
      expect(new Set([anchor.id, positive.id, negative.id]).size).toBe(3);
    }
  });

  it("are refused where a class has two", () => {
    const pairs = { train: several(["a", "b"], "bird", 2) };
    expect(() => drawTriplets(pairs, sameNegative(pairs), 1)).toThrow(/^a: has two training images only/);
  });
});

describe("masked negatives", () => {
  it("are the anchor, behind a mask of each triplet's own", () => {
    const triplets = drawn(maskedNegative(0.6), 2);
    const seeds = triplets.map(({ anchor, negative }) => {
      expect([negative.id, negative.subCategory]).toEqual([anchor.id, anchor.subCategory]);
      if (!("mask" in negative)) throw new TypeError("no mask");
      expect(negative.mask.share).toBe(0.6);
      return negative.mask.seed;
    });
    expect(new Set(seeds).size).toBe(triplets.length);
    expect(drawn(maskedNegative(0.6), 2).map(({ negative }) => "mask" in negative && negative.mask.seed)).toEqual(
      seeds,
    );
  });

  it("hide whole patches of 14 pixels with the chance asked for, and nothing else", () => {
    const [width, height] = [14 * 30 + 5, 14 * 30 + 9]; // the last patches of a row and of a column are cut
    const whole = noise(width, height);
    const masked = maskPatches(whole, 0.6, new Random(1));
    const states = new Map<string, Set<string>>();
    for (let at = 0; at < whole.data.length; at++) {
      const [x, y] = [Math.floor(at / 3) % width, Math.floor(at / 3 / width)];
      const state = masked.data[at] === 0 ? "hidden" : masked.data[at] === whole.data[at] ? "shown" : "changed"; // no pixel is 0
      const patch = `${Math.floor(x / 14)},${Math.floor(y / 14)}`;
      states.set(patch, (states.get(patch) ?? new Set()).add(state));
    }
    expect(states.size).toBe(31 * 31);
    const found = [...states.values()].map((set) => [...set].join());
    expect(new Set(found)).toEqual(new Set(["hidden", "shown"]));
    // 961 patches: 576.6 ± √(961 · 0.6 · 0.4) = 15.2 are hidden
    expect(Math.abs(found.filter((state) => state === "hidden").length - 576.6)).toBeLessThan(4 * 15.2);
  });

  it("show the whole picture with chance 0, and none of it with 1", () => {
    const whole = noise(20, 30);
    expect(maskPatches(whole, 0, new Random(1))).toEqual(whole);
    expect(maskPatches(whole, 1, new Random(1)).data.every((value) => value === 0)).toBe(true);
  });

  it("have pixels that are one object, decided by the seed, and leave the whole picture alone", async () => {
    const [anchor] = train;
    const before = Uint8Array.from((await anchor!.load()).data);
    const [one, again, other] = [1, 1, 2].map((seed) => maskedImage(anchor!, { share: 0.5, seed }));
    expect(await one!.load()).toBe(await one!.load());
    expect(await again!.load()).toEqual(await one!.load());
    expect(await other!.load()).not.toEqual(await one!.load());
    expect((await anchor!.load()).data).toEqual(before);
  });
});
