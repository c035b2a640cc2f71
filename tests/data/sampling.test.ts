import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { drawDataset } from "../../src/data/drawn";
import { sampleFewShot } from "../../src/data/fewshot";
import { splitClasses } from "../../src/data/splits";
import type { LabelledImage } from "../../src/data/types";

const ids = fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 2, maxLength: 60 });

describe("splitClasses", () => {
  it("divides all classes, 60 to 40, whatever their order", () => {
    fc.assert(
      fc.property(ids, fc.nat(), (classes, seed) => {
        const { seen, unseen } = splitClasses(classes, 0.6, seed);
        expect(seen.size + unseen.size).toBe(classes.length);
        expect([...seen].some((id) => unseen.has(id))).toBe(false);
        expect(Math.abs(seen.size - 0.6 * classes.length)).toBeLessThanOrEqual(0.5 + (classes.length === 2 ? 0.3 : 0));
        expect(splitClasses([...classes].reverse(), 0.6, seed)).toEqual({ seen, unseen });
      }),
    );
  });

  it("gives another split for another seed", () => {
    const classes = Array.from({ length: 200 }, (_, i) => `class ${i}`); // the 200 birds: 120 seen, 80 unseen
    expect(splitClasses(classes, 0.6, 1).seen.size).toBe(120);
    expect(splitClasses(classes, 0.6, 1)).not.toEqual(splitClasses(classes, 0.6, 2));
  });

  it("refuses what cannot be split", () => {
    expect(() => splitClasses(["one"], 0.6, 1)).toThrow(RangeError);
    expect(() => splitClasses(["one", "two"], 1, 1)).toThrow(RangeError);
  });
});

const image = (label: string, index: number): LabelledImage => ({
  id: `${label}/${index}`,
  subCategory: { id: label, name: label, superCategory: "bird", seen: true },
  load: () => Promise.resolve({ width: 1, height: 1, data: new Uint8Array(3) }),
});
const birds = ["owl", "wren", "tit"].flatMap((label) => Array.from({ length: 30 }, (_, i) => image(label, i)));

describe("sampleFewShot", () => {
  it("takes so many different images of each class", () => {
    const chosen = sampleFewShot(birds, 4, 7);
    for (const label of ["owl", "wren", "tit"]) {
      expect(new Set(chosen.filter((i) => i.subCategory.id === label).map((i) => i.id)).size).toBe(4);
    }
    expect(chosen).toHaveLength(12);
  });

  it("depends on the seed, not on the order of the images or on the other classes", () => {
    const names = (images: readonly LabelledImage[], label: string) =>
      images.filter((i) => i.subCategory.id === label).map((i) => i.id);
    const chosen = sampleFewShot(birds, 4, 7);
    expect(names(sampleFewShot([...birds].reverse(), 4, 7), "owl")).toEqual(names(chosen, "owl"));
    expect(names(sampleFewShot(birds.slice(0, 60), 4, 7), "wren")).toEqual(names(chosen, "wren"));
    expect(names(sampleFewShot(birds, 4, 8), "owl")).not.toEqual(names(chosen, "owl"));
  });

  it("names the class that has too few", () => {
    expect(() => sampleFewShot([...birds, image("kiwi", 0)], 4, 7)).toThrow(/kiwi: has 1 images, 4 shots/);
  });

  it("in a dataset, too: none at all, or too few with those that come first", () => {
    const { subCategory } = image("kiwi", 0);
    const draw = (train: readonly LabelledImage[], first: readonly LabelledImage[] = [], seen = true) =>
      drawDataset([{ subCategory: { ...subCategory, seen }, train, first }], { shots: 2, seed: 1, wording: "paper" });
    expect(() => draw([])).toThrow(/kiwi: has 0 images, 2 shots/);
    const only = image("kiwi", 0);
    expect(() => draw([only], [only])).toThrow(/kiwi: has 1 images, 2 shots/);
    expect(draw([only], [image("kiwi", 1)]).train).toHaveLength(2);
    expect(draw([], [], false).train).toEqual([]); // an unseen class needs none
  });
});
