import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { entropy, information, noConcepts, withConcept } from "../../src/cot/bottleneck";
import {
  DEFAULT_CONCEPT_OPTIONS,
  extractConcepts,
  selectConcepts,
  type ConceptOptions,
  type DescribedImage,
} from "../../src/cot/concepts";

const image = (classId: string, ...descriptions: string[][]): DescribedImage => ({ classId, descriptions });
/** Every concept must earn its place. */
const free: ConceptOptions = { ...DEFAULT_CONCEPT_OPTIONS, minConcepts: 0 };
/** Several words for one thing may stand side by side. */
const wordy: ConceptOptions = { ...free, minConcepts: 8, maxOverlap: 1 };
const chosen = (...args: Parameters<typeof selectConcepts>): string[] =>
  selectConcepts(...args).map(({ concept }) => concept);
const times = (n: number, description: string[]): string[][] => Array.from({ length: n }, () => description);

describe("selectConcepts", () => {
  it("weighs a concept as worked out by hand", () => {
    // One description an image: p = 1.5/2 = 0.75 where it is mentioned, 0.5/2 = 0.25 where not.
    // "red": p(z=1) = 0.5, H(Z) = 1, H(Z|x) = h(0.75) = 0.811278, so I(Z;Y) = I(Z;X) = 0.188722 (one image per class).
    // "beak": p(z=1) = 0.75 on both sides, nothing to learn. Gain of "red": (1 − 0.05) · 0.188722 = 0.179286.
    const a = image("a", ["red", "beak"]);
    const b = image("b", ["blue", "beak"]);
    const selected = selectConcepts(a, [b], free);
    expect(selected).toHaveLength(1);
    expect(selected[0]).toMatchObject({ concept: "red", share: 1 });
    expect(selected[0]?.gain).toBeCloseTo(0.179286, 6);
  });

  it("leaves out what varies inside the class and says nothing about it", () => {
    // "perched" is on one of two images of either class: I(Z;Y) = 0 while I(Z;X) > 0, so it can only cost.
    const target = image("a", ...times(9, ["red", "perched"]));
    const others = [
      image("a", ...times(9, ["red"])),
      image("b", ...times(9, ["blue", "perched"])),
      image("b", ...times(9, ["blue"])),
    ];
    expect(chosen(target, others, free)).toEqual(["red"]);
    const forced = selectConcepts(target, others, { ...free, minConcepts: 2 });
    expect(forced.map(({ concept }) => concept)).toEqual(["red", "perched"]);
    expect(forced[1]?.gain).toBeLessThan(0);
  });

  it("says a thing once", () => {
    // Class a shares its crown with b and its tail with c: both tell, and "crimson crown" repeats "red crown".
    const target = image("a", ...times(40, ["red crown", "crimson crown", "long tail"]));
    const others = [
      image("b", ...times(40, ["red crown", "crimson crown", "short tail"])),
      image("c", ...times(40, ["blue crown", "long tail"])),
      image("d", ...times(40, ["blue crown", "short tail"])),
    ];
    expect(chosen(target, others, free)).toEqual(["crimson crown", "long tail"]);
    expect(chosen(target, others, wordy)).toContain("red crown");
  });

  it("asks that the image's descriptions agree, and takes the best there is when none does", () => {
    const target = image("a", ["red", "striped"], ["red"], ["red", "spotted"], ["red", "plain"]);
    expect(chosen(target, [image("b", ["blue"])], wordy)).toEqual(["red"]);
    const split = image("a", ["red"], ["pink"], ["rose"]);
    expect(chosen(split, [image("b", ["blue"])], wordy).sort()).toEqual(["pink", "red", "rose"]);
  });

  it("stops at the largest number", () => {
    const target = image("a", ["k", "l", "m", "n"]);
    expect(chosen(target, [image("b", ["z"])], { ...wordy, maxConcepts: 2 })).toEqual(["k", "l"]);
  });

  it("needs a second class and a description", () => {
    expect(() => selectConcepts(image("a", ["red"]), [image("a", ["red"])])).toThrow("images of one class");
    expect(() => selectConcepts(image("a"), [image("b", ["red"])])).toThrow("has no description");
  });

  const descriptions = fc.array(fc.subarray(["red", "blue", "long", "short", "dots", "perched"]), {
    minLength: 1,
    maxLength: 4,
  });
  const corpus = fc.array(fc.record({ classId: fc.constantFrom("a", "b", "c"), descriptions }), {
    minLength: 1,
    maxLength: 6,
  });

  it("does not depend on the order of images, descriptions or mentions", () => {
    fc.assert(
      fc.property(descriptions, corpus, fc.integer(), (own, others, seed) => {
        const target = { classId: "t", descriptions: own };
        const turn = <T>(list: readonly T[]): T[] => [
          ...list.slice(Math.abs(seed) % list.length),
          ...list.slice(0, Math.abs(seed) % list.length),
        ];
        const turned = turn(others).map((each) => ({
          ...each,
          descriptions: turn(each.descriptions).map((d) => [...d].reverse()),
        }));
        const before = selectConcepts(target, others, free);
        const after = selectConcepts({ classId: "t", descriptions: turn(own) }, turned, free);
        expect(after.map(({ concept }) => concept)).toEqual(before.map(({ concept }) => concept));
        after.forEach(({ gain }, i) => {
          expect(gain).toBeCloseTo(before[i]!.gain, 10);
        });
      }),
    );
  });

  it("does not depend on what classes are called, nor on images told twice over", () => {
    fc.assert(
      fc.property(descriptions, corpus, (own, others) => {
        const names = (list: readonly DescribedImage[]): string[] =>
          chosen({ classId: "t", descriptions: own }, list, free);
        const before = names(others);
        expect(names(others.map((each) => ({ ...each, classId: `x/${each.classId}` })))).toEqual(before);
        expect(names([...others, ...others.map((each) => ({ ...each }))])).toEqual(before);
      }),
    );
  });
});

describe("information", () => {
  const rates = fc.array(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 4, maxLength: 4 }), {
    maxLength: 4,
  });
  const sides = { weights: Float64Array.of(0.25, 0.25, 0.3, 0.2), own: [true, true, false, false] };

  it("keeps 0 ≤ I(Z;Y) ≤ I(Z;X), I(Z;Y) ≤ 1, and grows with every concept", () => {
    fc.assert(
      fc.property(rates, (columns) => {
        let states = noConcepts(4);
        let before = { relevance: 0, complexity: 0 };
        for (const column of columns) {
          states = withConcept(states, Float64Array.from(column));
          const now = information(states, sides);
          expect(now.relevance).toBeGreaterThanOrEqual(before.relevance - 1e-9);
          expect(now.complexity).toBeGreaterThanOrEqual(before.complexity - 1e-9);
          expect(now.relevance).toBeLessThanOrEqual(Math.min(1, now.complexity) + 1e-9);
          before = now;
        }
      }),
    );
  });

  it("equals the sum over the joint distribution", () => {
    fc.assert(
      fc.property(rates, (columns) => {
        const states = columns.reduce((s, column) => withConcept(s, Float64Array.from(column)), noConcepts(4));
        // I(Z;X) = H(Z) + H(X) − H(Z,X), from the explicit table p(z,x) = w(x) Π p(z_c|x).
        const joint = [...sides.weights].map((w, x) =>
          Array.from({ length: 2 ** columns.length }, (_, z) =>
            columns.reduce((p, column, c) => p * ((z >> c) & 1 ? column[x]! : 1 - column[x]!), w),
          ),
        );
        const marginal = joint[0]!.map((_, z) => joint.reduce((sum, row) => sum + row[z]!, 0));
        const expected = entropy(marginal) + entropy(sides.weights) - entropy(joint.flat());
        expect(information(states, sides).complexity).toBeCloseTo(expected, 9);
      }),
    );
  });
});

describe("extractConcepts", () => {
  it("splits a description into its pieces", () => {
    expect(
      extractConcepts("A red crown, the Striped  wings;\n- **Long tail**. and a red crown\n2) dark eye", "Rock Wren"),
    ).toEqual(["red crown", "striped wings", "long tail", "dark eye"]);
  });

  it("keeps the label's name out", () => {
    expect(extractConcepts("typical rock wren, curved bill", "Rock Wren")).toEqual(["curved bill"]);
  });
});
