import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random";
import { drawFalling, sampleStep } from "../../src/model/qwen/sampleStep";
import { chooseToken, keepNucleus, type TokenScores } from "../../src/model/qwen/sampling";

/** Logits beside their softmax, as the decoder's caller reads them. */
const scored = (logits: Float32Array): TokenScores => {
  const probabilities = tf.tidy(() => tf.softmax(tf.tensor1d(logits)).dataSync<"float32">());
  return { logits, probabilities };
};

describe("keepNucleus", () => {
  it("keeps the smallest set that reaches the share, the most probable first", () => {
    const weight = fc.integer({ min: 0, max: 20 });
    fc.assert(
      fc.property(
        fc.array(weight, { minLength: 1, maxLength: 30 }),
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        (given, topP) => {
          fc.pre(given.some((w) => w > 0));
          const weights = Float64Array.from(given);
          const total = given.reduce((a, b) => a + b, 0);
          const kept = keepNucleus(weights, total, topP);
          const inside = given.filter((w, i) => w > 0 && weights[i]! > 0);
          const outside = given.filter((_, i) => weights[i] === 0);
          expect(inside.reduce((a, b) => a + b, 0)).toBe(kept);
          expect(kept).toBeGreaterThanOrEqual(topP * total);
          expect(Math.min(...inside)).toBeGreaterThanOrEqual(Math.max(0, ...outside));
          // without its least member it would fall short
          expect(kept - Math.min(...inside)).toBeLessThan(topP * total);
        },
      ),
    );
  });
});

describe("chooseToken", () => {
  it("gives log softmax over the whole vocabulary, suppressed tokens included", () => {
    const logits = Float32Array.of(1, 2, 3);
    const { id, logProb } = chooseToken(scored(logits), { temperature: 0, topP: 1, suppressed: [2] }, new Random(0));
    expect(id).toBe(1);
    // log(e² / (e + e² + e³)) = 2 − log(30.1929) = −1.40761
    expect(logProb).toBeCloseTo(-1.40761, 5);
  });

  it("gives the log-prob of a token whose probability is beyond single precision", () => {
    const choice = { temperature: 0, topP: 1, suppressed: [1] };
    // e⁻²⁰⁰ is 0 in single precision; its logarithm is not
    expect(chooseToken(scored(Float32Array.of(0, 200)), choice, new Random(0)).logProb).toBeCloseTo(-200, 4);
  });

  it("keeps to the tokens allowed even when a suppressed one has all the probability", () => {
    const suppressed = [0];
    const seen = new Set<number>();
    for (let seed = 0; seed < 50; seed++) {
      const choice = { temperature: 1, topP: 1, suppressed };
      seen.add(chooseToken(scored(Float32Array.of(2000, 1, 1)), choice, new Random(seed)).id);
    }
    expect(seen).toEqual(new Set([1, 2]));
  });

  it("sharpens with a lower temperature: shares are p^(1/T)", () => {
    const logits = Float32Array.of(0, Math.log(3));
    const random = new Random(3);
    let ones = 0;
    for (let i = 0; i < 4000; i++) {
      ones += chooseToken(scored(logits), { temperature: 0.5, topP: 1, suppressed: [] }, random).id;
    }
    // 3² : 1² = 0.9; deviation √(4000·0.9·0.1) = 19; five of them
    expect(Math.abs(ones - 3600)).toBeLessThan(95);
  });
});

describe("sampleStep on a large vocabulary", () => {
  const vocabulary = 9000;
  const logitsOf = (peak: number): tf.Tensor2D =>
    tf.tensor2d(
      Float32Array.from({ length: 2 * vocabulary }, (_, i) => (i % vocabulary < 4 ? peak + (i % vocabulary) : 0)),
      [2, vocabulary],
    );

  it("agrees with reading everything: greedy token, log-prob, and shares of the draws", () => {
    const suppressed = [3];
    const whole = logitsOf(8);
    const row = whole.dataSync<"float32">().slice(0, vocabulary);
    whole.dispose();
    const before = tf.memory().numTensors;
    for (const topP of [0.5, 1]) {
      const [large] = sampleStep(logitsOf(8), { temperature: 0, topP, suppressed }, [new Random(1), new Random(2)]);
      const small = chooseToken(scored(row), { temperature: 0, topP, suppressed }, new Random(1));
      expect(large!.id).toBe(small.id);
      expect(large!.logProb).toBeCloseTo(small.logProb, 4);
    }
    const counts = (sample: (random: Random) => number): number[] => {
      const random = new Random(5);
      const out = [0, 0, 0, 0];
      for (let i = 0; i < 150; i++) out[Math.min(3, sample(random))]!++;
      return out;
    };
    const choice = { temperature: 1, topP: 1, suppressed };
    const ours = counts((random) => sampleStep(logitsOf(8), choice, [random, new Random(0)])[0]!.id);
    const theirs = counts((random) => chooseToken(scored(row), choice, random).id);
    // shares e⁸, e⁹, e¹⁰ and 8996 others of 1: 7.4, 20.2, 54.9 and 17.5 %; 150 draws, five deviations of at most 6.1
    ours.forEach((count, i) => {
      expect(Math.abs(count - theirs[i]!)).toBeLessThan(2 ** 0.5 * 5 * 6.1);
    });
    expect(ours[3]).toBeGreaterThan(0);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("knows when the candidates do not decide", () => {
    const shares = Float64Array.of(0.3, 0.2);
    expect(drawFalling(shares, 0.6, new Random(1))).toBeUndefined();
    expect(drawFalling(shares, 0.25, new Random(1))).toBe(0);
    const decided = Array.from({ length: 400 }, (_, seed) => drawFalling(shares, 1, new Random(seed)));
    // half of the mass lies beyond: Binomial(400, 0.5), five deviations of 10
    expect(Math.abs(decided.filter((k) => k === undefined).length - 200)).toBeLessThan(50);
  });
});
