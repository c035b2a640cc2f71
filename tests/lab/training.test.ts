import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random";
import { DEFAULTS } from "../../src/tapo/options";
import { rlExamples, shareOf } from "../../src/lab/kinds/training";
import { smokeWorld } from "../miniworld/worlds";

describe("a share of the examples", () => {
  it("is part of every larger share with the same seed, in the order of the examples", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 80 }),
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        fc.nat(9),
        (count, a, b, seed) => {
          const all = Array.from({ length: count }, (_, i) => i);
          const [few, many] = [Math.min(a, b), Math.max(a, b)].map((share) => shareOf(all, share, seed));
          expect(few!.filter((one) => !many!.includes(one))).toEqual([]);
          for (const drawn of [few!, many!]) expect(drawn).toEqual([...drawn].sort((x, y) => x - y));
          expect(few).toHaveLength(Math.max(1, Math.round(Math.min(a, b) * count)));
        },
      ),
    );
  });

  it("is another for another seed; the whole is the whole", () => {
    const all = Array.from({ length: 80 }, (_, i) => i);
    expect(shareOf(all, 0.5, 1)).not.toEqual(shareOf(all, 0.5, 2));
    expect(shareOf(all, 1, 3)).toEqual(all);
  });
});

describe("the rivals of a question of stage 2", () => {
  const { train } = smokeWorld;
  const triplets = train.map((anchor) => ({ anchor, positive: anchor, negative: anchor }));
  const examples = rlExamples(smokeWorld, triplets, { ...DEFAULTS, promptSet: "mini", thinking: true });

  it("are pictures of other classes of the domain, a class each, as many as are asked for or as there are", async () => {
    for (const example of examples.slice(0, 8)) {
      const { superCategory, id } = example.triplet.anchor.subCategory;
      const others = train.filter(({ subCategory: c }) => c.superCategory === superCategory && c.id !== id);
      const classes = new Set(others.map(({ subCategory }) => subCategory.id));
      for (const count of [1, 2, 100]) {
        const prompts = await example.rivals!(count, new Random(count));
        const shown = prompts.map(({ images }) => images[0]!);
        const pictures = await Promise.all(others.map(async (one) => ({ one, image: await one.load() })));
        const found = shown.map((image) => pictures.find((each) => each.image === image)?.one.subCategory.id);
        expect(found.every((each) => each !== undefined)).toBe(true);
        expect(new Set(found).size).toBe(Math.min(count, classes.size));
        expect(found).toHaveLength(Math.min(count, classes.size));
        // the question is the anchor's own
        const anchor = await example.prompt("anchor");
        expect(prompts.map(({ messages }) => messages)).toEqual(prompts.map(() => anchor.messages));
      }
    }
  });
});
