import * as fc from "fast-check";
import { expect, test } from "vitest";
import { LabError } from "../../src/core/errors";
import { groupAdvantages } from "../../src/tapo/advantages";

test("by hand: rewards 1, 0, 0 have mean 1/3 and standard deviation √(1/3)", () => {
  // (1 − 1/3)/0.57735 = 1.154701, (0 − 1/3)/0.57735 = −0.577350; ε = 1e-6 moves the sixth digit.
  const [a, b, c] = groupAdvantages([1, 0, 0], ["x", "x", "x"]);
  expect(a).toBeCloseTo(1.154699, 5);
  expect(b).toBeCloseTo(-0.577349, 5);
  expect(c).toBe(b);
});

test("groups are independent of each other and of the order of rollouts", () => {
  const apart = [...groupAdvantages([1, 0], [0, 0]), ...groupAdvantages([0.1, 0.9, 1], [0, 0, 0])];
  const mixed = groupAdvantages([0.1, 1, 0.9, 0, 1], ["b", "a", "b", "a", "b"]);
  expect([...mixed]).toEqual([apart[2], apart[0], apart[3], apart[1], apart[4]]);
});

test("a group whose rewards are alike has zeros, not rounding over ε", () => {
  fc.assert(
    fc.property(fc.double({ min: -1, max: 1, noNaN: true }), fc.integer({ min: 2, max: 9 }), (r, n) => {
      expect(groupAdvantages(Array<number>(n).fill(r), Array<number>(n).fill(0)).every((a) => a === 0)).toBe(true);
    }),
  );
});

test("advantages of a group sum to zero and do not depend on the rewards' offset and scale", () => {
  const rewards = fc.array(fc.integer({ min: 0, max: 10 }), { minLength: 3, maxLength: 8 });
  fc.assert(
    fc.property(
      rewards.filter((r) => new Set(r).size > 1),
      (r) => {
        const group = r.map(() => 0);
        const one = groupAdvantages(r, group, 0);
        expect(Math.abs(one.reduce((a, b) => a + b, 0))).toBeLessThan(1e-5);
        const other = groupAdvantages(
          r.map((v) => 3 * v - 7),
          group,
          0,
        );
        one.forEach((a, i) => {
          expect(other[i]).toBeCloseTo(a, 5);
        });
      },
    ),
  );
});

test("a lonely rollout is refused, by name of its group", () => {
  expect(() => groupAdvantages([1, 0, 1], ["a", "b", "a"])).toThrow(LabError);
  expect(() => groupAdvantages([1, 0, 1], ["a", "b", "a"])).toThrow(/group b/u);
  expect(() => groupAdvantages([1], [])).toThrow(RangeError);
});
