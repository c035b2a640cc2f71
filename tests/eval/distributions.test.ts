import { describe, expect, it } from "vitest";
import {
  incompleteBeta,
  noncentralTwoSided,
  normalBelow,
  normalQuantile,
  studentQuantile,
  studentTwoSided,
} from "../../src/eval/distributions";
import { references } from "../reference/analysis/references";

const close = (found: number, expected: number, relative: number): void => {
  expect(Math.abs(found - expected)).toBeLessThanOrEqual(relative * Math.abs(expected) + 1e-15);
};

describe("distributions", () => {
  it("are SciPy's", () => {
    for (const [t, df, p] of references.studentP) close(studentTwoSided(-t, df), p, 1e-10);
    for (const [p, df, t] of references.studentQuantile) close(studentQuantile(p, df), t, 1e-10);
    for (const [z, p] of references.normal) close(normalBelow(z), p, 1e-13);
    for (const [k, n, p, tail] of references.binomialTail) close(incompleteBeta(p, k, n - k + 1), tail, 1e-11);
    for (const [d, n, power] of references.power) {
      close(noncentralTwoSided(studentQuantile(0.975, n - 1), n - 1, d * Math.sqrt(n)), power, 1e-5);
    }
  });

  it("meets what is known exactly", () => {
    expect(normalQuantile(0.975)).toBeCloseTo(1.959963984540054, 13);
    expect(incompleteBeta(0.3, 1, 1)).toBeCloseTo(0.3, 15);
    expect([incompleteBeta(0, 2, 3), incompleteBeta(1, 2, 3)]).toEqual([0, 1]);
    expect([studentTwoSided(0, 5), studentTwoSided(Infinity, 5)]).toEqual([1, 0]);
    expect(studentTwoSided(1, 1)).toBeCloseTo(0.5, 14); // Cauchy: half of it lies beyond ±1
  });
});
