import * as tf from "@tensorflow/tfjs-core";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nextTokenLoss } from "../../src/sft/loss";

const loss = (logProbs: number[][], mask: number[][], tokens: number): number =>
  tf.tidy(() => nextTokenLoss(tf.tensor2d(logProbs), tf.tensor2d(mask), tokens).dataSync()[0] ?? NaN);

/** [N][T] log-probs with a prefix of each row that counts. */
const batch = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 6 })).chain(([rows, width]) =>
  fc.record({
    logProbs: fc.array(fc.array(fc.double({ min: -9, max: 0, noNaN: true }), { minLength: width, maxLength: width }), {
      minLength: rows,
      maxLength: rows,
    }),
    mask: fc
      .array(fc.integer({ min: 1, max: width }), { minLength: rows, maxLength: rows })
      .map((lengths) => lengths.map((n) => Array.from({ length: width }, (_, t) => (t < n ? 1 : 0)))),
  }),
);

describe("nextTokenLoss", () => {
  it("is the mean over the answers' tokens", () => {
    // −(−1 − 2 − 3) / 3 = 2; the −50 on the padding does not count
    expect(loss([[-1, -2], [-3, -50]], [[1, 1], [1, 0]], 3)).toBeCloseTo(2, 6); // prettier-ignore
  });

  it("does not depend on what stands on the padding, not even NaN, in value and gradient", () => {
    fc.assert(
      fc.property(batch, fc.constantFrom(NaN, Infinity, -Infinity, 1e30), ({ logProbs, mask }, rubbish) => {
        const dirty = logProbs.map((row, n) => row.map((v, t) => (mask[n]?.[t] === 1 ? v : rubbish)));
        expect(loss(dirty, mask, 7)).toBe(loss(logProbs, mask, 7));
        const gradient = tf.tidy(() =>
          tf
            .grad((x) => nextTokenLoss(x as tf.Tensor2D, tf.tensor2d(mask), 7))(tf.tensor2d(dirty))
            .arraySync(),
        ) as number[][];
        gradient.forEach((row, n) => {
          row.forEach((g, t) => {
            expect(g).toBeCloseTo(mask[n]?.[t] === 1 ? -1 / 7 : 0, 6); // d/dx of −x/7
          });
        });
      }),
      { numRuns: 30 },
    );
  });

  it("adds up over any division into micro-batches", () => {
    fc.assert(
      fc.property(batch, fc.nat(5), ({ logProbs, mask }, cut) => {
        const tokens = mask.flat().reduce<number>((a, b) => a + b, 0);
        const parts = [
          [0, cut],
          [cut, logProbs.length],
        ].map(([from, to]) => [logProbs.slice(from, to), mask.slice(from, to)] as const);
        const sum = parts.reduce((total, [l, m]) => total + (l.length === 0 ? 0 : loss(l, m, tokens)), 0);
        expect(sum).toBeCloseTo(loss(logProbs, mask, tokens), 4);
      }),
      { numRuns: 30 },
    );
  });

  it("refuses a mask of another shape, naming both", () => {
    expect(() => loss([[-1, -2]], [[1, 1, 1]], 3)).toThrow(/1,2.*1,3/);
  });
});
