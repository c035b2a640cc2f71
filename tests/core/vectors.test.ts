import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cosine, meanDirection } from "../../src/core/vectors";

describe("cosine", () => {
  it("is the angle's: 3-4-5, right angles, opposite ways", () => {
    expect(cosine(Float32Array.of(1, 0), Float32Array.of(3, 4))).toBe(3 / 5);
    expect(cosine(Float32Array.of(2, 0), Float32Array.of(0, 5))).toBe(0);
    expect(cosine(Float32Array.of(1, 2), Float32Array.of(-2, -4))).toBe(-1);
  });

  it("has no direction to tell of where a vector has no length, and refuses two widths", () => {
    expect(cosine(Float32Array.of(0, 0), Float32Array.of(1, 0))).toBe(0);
    expect(() => cosine(Float32Array.of(1), Float32Array.of(1, 0))).toThrow(RangeError);
  });

  it("is the same both ways and at every length, and lies between -1 and 1", () => {
    const number = fc.float({ min: -10, max: 10, noNaN: true }).filter((x) => x === 0 || Math.abs(x) > 1e-3);
    const pair = fc.array(fc.tuple(number, number), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(pair, fc.constantFrom(0.25, 2, 64), (rows, scale) => {
        const a = Float32Array.from(rows, ([x]) => x);
        const b = Float32Array.from(rows, ([, y]) => y);
        const value = cosine(a, b);
        expect(cosine(b, a)).toBe(value);
        expect(
          cosine(
            a.map((x) => x * scale),
            b,
          ),
        ).toBeCloseTo(value, 12); // powers of two round nothing
        expect(Math.abs(value)).toBeLessThanOrEqual(1 + 1e-12);
      }),
    );
  });
});

describe("meanDirection", () => {
  it("weighs directions alike, whatever their lengths, and has length 1", () => {
    const close = (vectors: readonly number[][], wanted: readonly number[]): void => {
      const found = meanDirection(vectors.map((vector) => Float32Array.from(vector)));
      wanted.forEach((value, i) => {
        expect(found[i]).toBeCloseTo(value, 12);
      });
    };
    close([[10, 0], [0, 1]], [Math.SQRT1_2, Math.SQRT1_2]); // prettier-ignore
    close(
      [
        [3, 4],
        [3, -4],
      ],
      [1, 0],
    ); // prettier-ignore -- units (0.6, ±0.8): their mean (0.6, 0) has length 0.6
    close([[3, 4], [0, 0]], [0.6, 0.8]); // prettier-ignore
    close([[1, 0], [-2, 0]], [0, 0]); // prettier-ignore
  });

  it("refuses nothing, and two widths", () => {
    expect(() => meanDirection([])).toThrow(RangeError);
    expect(() => meanDirection([Float32Array.of(1), Float32Array.of(1, 0)])).toThrow(RangeError);
  });
});
