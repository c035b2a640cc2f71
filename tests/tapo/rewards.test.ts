import * as fc from "fast-check";
import { expect, test } from "vitest";
import { LabError } from "../../src/core/errors";
import { isInformative, nextMove } from "../../src/tapo/dynamicSampling";
import { DEFAULTS, DAPO, GRPO, TAPO } from "../../src/tapo/options";
import { reward } from "../../src/tapo/rewards";

test("a reward is one of four values, and its parts explain it", () => {
  const piece = fc.constantFrom("<think>", "</think>", "<answer>", "</answer>", "auk", " ", "\n", "x");
  const response = fc.array(piece, { maxLength: 12 }).map((parts) => parts.join(""));
  fc.assert(
    fc.property(response, (text) => {
      const { overall, format, accuracy } = reward(text, "Auk");
      expect([0, 0.1, 0.9, 1]).toContain(overall);
      expect(overall).toBe(0.9 * accuracy + 0.1 * format);
    }),
  );
});

test("format weight shifts the balance, case and spaces around tags do not", () => {
  expect(reward("<think>a</think><answer>auk</answer>", "x", 0.4).overall).toBe(0.4);
  expect(reward("< think > a < / think > < answer > AUK < / answer >", "auk").overall).toBe(1);
});

test("a group teaches when it is neither all right nor all wrong", () => {
  const group = (correct: number, n: number): number[] => Array.from({ length: n }, (_, i) => (i < correct ? 1 : 0));
  expect([0, 1, 9, 10].map((k) => isInformative(group(k, 10)))).toEqual([false, true, true, false]);
  expect([0, 1, 9, 10].map((k) => isInformative(group(k, 10), "released"))).toEqual([false, true, true, false]);
  // 1 of 100 right is an accuracy of 0.01: Eq. 4 keeps it, the release does not.
  expect([isInformative(group(1, 100)), isInformative(group(1, 100), "released")]).toEqual([true, false]);
});

test("dynamic sampling tops up at most maxResample times, then trains on what it has or skips", () => {
  const options = { maxResample: 20, whenExhausted: "skip" as const };
  expect(nextMove({ informative: 8, wanted: 8, resamples: 0 }, options)).toBe("update");
  expect(nextMove({ informative: 7, wanted: 8, resamples: 19 }, options)).toBe("resample");
  expect(nextMove({ informative: 7, wanted: 8, resamples: 20 }, options)).toBe("update");
  expect(nextMove({ informative: 0, wanted: 8, resamples: 20 }, options)).toBe("skip");
  expect(() => nextMove({ informative: 0, wanted: 8, resamples: 20 }, { ...options, whenExhausted: "error" })).toThrow(
    LabError,
  );
});

test("presets differ from TAPO in the terms they leave out, and in nothing else", () => {
  const different = (a: object, b: object): string[] =>
    Object.keys(a).filter((key) => (a as Record<string, unknown>)[key] !== (b as Record<string, unknown>)[key]);
  expect(different(TAPO, DAPO)).toEqual(["gamma", "eta1", "eta2"]);
  expect(different(DAPO, GRPO)).toEqual(["clipHigh", "clipDual", "referenceKl", "tokenMean"]);
  expect(DEFAULTS.objective).toBe(TAPO);
});
