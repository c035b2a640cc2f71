import * as tf from "@tensorflow/tfjs-core";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { clippedTokens, k3, negativeKl, policyTerm } from "../../src/tapo/terms";
import { tokenWeights } from "../../src/tapo/tokenMean";
import { anyBatch, toTensors } from "./helpers";

const RANGE = { clipLow: 0.2, clipHigh: 0.28, clipDual: 3 };

/** Eq. 4's inner term as printed, with the release's dual clip, on plain numbers. */
function surrogate(ratio: number, advantage: number): number {
  const clipped = Math.min(Math.max(ratio, 0.8), 1.28);
  const loss = -Math.min(ratio * advantage, clipped * advantage);
  return advantage < 0 ? Math.min(loss, -3 * advantage) : loss;
}

describe("policyTerm", () => {
  test("is min[r·Â, clip(r)·Â] with dual clip, token by token", () => {
    fc.assert(
      fc.property(anyBatch, (batch) => {
        tf.tidy(() => {
          const data = toTensors(batch);
          const { loss } = policyTerm(data.logProbs, data.oldLogProbs, data.advantages, RANGE);
          const values = loss.arraySync();
          batch.logProbs.forEach((row, i) => {
            row.forEach((value, t) => {
              const ratio = Math.exp(value - (batch.oldLogProbs[i]?.[t] ?? NaN));
              expect(values[i]?.[t]).toBeCloseTo(surrogate(ratio, batch.advantages[i] ?? NaN), 3);
            });
          });
        });
      }),
      { numRuns: 50 },
    );
  });

  test("gradients stop where a bound holds the ratio, and nowhere else", () => {
    // log-ratios 0, log 2 and log ½, log 4; Â = +1: bounded above at 1.28; Â = −1: below at 0.8, above (dual) at 3.
    const logProbs = tf.tensor2d([0, Math.log(2), Math.log(0.5), Math.log(4)], [1, 4]);
    const gradient = (advantage: number): number[] => [
      ...tf
        .grad((x) => policyTerm(x as tf.Tensor2D, tf.zeros([1, 4]), tf.tensor1d([advantage]), RANGE).loss.sum())(
          logProbs,
        )
        .dataSync(),
    ];
    const expected = { better: [-1, 0, -0.5, 0], worse: [1, 2, 0, 0] }; // d(−Â·r)/d log r = −Â·r
    gradient(1).forEach((g, i) => {
      expect(g).toBeCloseTo(expected.better[i] ?? NaN, 5);
    });
    gradient(-1).forEach((g, i) => {
      expect(g).toBeCloseTo(expected.worse[i] ?? NaN, 5);
    });
  });

  test("clipped tokens are counted on the side that clipped them", () => {
    const ratio = tf.tensor2d([1.3, 0.7, 4, 1, 1.3, 0.7, 4, 1], [2, 4]);
    const { higher, lower } = clippedTokens(ratio, tf.tensor1d([1, -1]), RANGE);
    // Â > 0: 1.3 and 4 exceed 1.28. Â < 0: 0.7 is below 0.8; 4 exceeds the dual clip.
    expect(higher.arraySync()).toEqual([
      [1, 0, 1, 0],
      [0, 1, 0, 0],
    ]);
    expect(lower.arraySync()).toEqual([
      [0, 0, 0, 0],
      [0, 0, 1, 0],
    ]);
  });

  test("without dual clip a worse answer's ratio counts in full", () => {
    const { loss } = policyTerm(tf.tensor2d([[Math.log(50)]]), tf.zeros([1, 1]), tf.tensor1d([-1]), {
      ...RANGE,
      clipDual: null,
    });
    expect(loss.dataSync()[0]).toBeCloseTo(50, 3);
  });
});

describe("negativeKl", () => {
  test("KL(p, p) = 0, and neither estimator is ever negative", () => {
    fc.assert(
      fc.property(anyBatch, (batch) => {
        tf.tidy(() => {
          const { logProbs, negativeLogProbs } = toTensors(batch);
          for (const estimator of ["paper", "released"] as const) {
            expect(negativeKl(logProbs, logProbs, estimator).abs().max().dataSync()[0]).toBe(0);
            expect(negativeKl(logProbs, negativeLogProbs, estimator).min().dataSync()[0]).toBeGreaterThanOrEqual(-1e-6);
          }
        });
      }),
      { numRuns: 30 },
    );
  });

  test("by hand: log π = 0, log π_neg = −1", () => {
    const [p, n] = [tf.tensor2d([[0]]), tf.tensor2d([[-1]])];
    // "paper": g = e, so e − 1 − 1 = 0.718282; "released": d = −1, so e⁻¹ + 1 − 1 = 0.367879.
    expect(negativeKl(p, n, "paper").dataSync()[0]).toBeCloseTo(0.718282, 5);
    expect(negativeKl(p, n, "released").dataSync()[0]).toBeCloseTo(0.367879, 5);
  });

  test("the two estimators are each other's with the arguments exchanged, inside the clamps", () => {
    const [p, n] = [tf.tensor2d([[-0.3, -2]]), tf.tensor2d([[-1.7, -0.9]])];
    expect(negativeKl(p, n, "paper").dataSync()).toEqual(k3(n, p).dataSync());
  });

  test("far apart: the released value stops at 10 and its gradient with it; nothing overflows", () => {
    const far = tf.tensor2d([[-100]]);
    const near = tf.tensor2d([[0]]);
    expect(negativeKl(far, near, "released").dataSync()[0]).toBe(10);
    expect(
      tf
        .grad((x) => negativeKl(x as tf.Tensor2D, near, "released").sum())(far)
        .dataSync()[0],
    ).toBeCloseTo(0, 9);
    expect(Number.isFinite(negativeKl(near, far, "paper").dataSync()[0])).toBe(true);
  });
});

describe("tokenWeights", () => {
  const rowsOfMask = [
    [1, 1, 1, 0],
    [1, 0, 0, 0],
    [1, 1, 0, 0],
    [1, 1, 1, 1],
    [1, 1, 0, 0],
  ];
  const maskTensor = (): tf.Tensor2D => tf.tensor2d(rowsOfMask);
  const weightsOf = (mode: "batch" | "sequence" | "microBatch"): number[][] =>
    tokenWeights(maskTensor(), mode, 2).arraySync();

  test("by hand, for each mode", () => {
    // 12 tokens in all; answers of 3, 1, 2, 4, 2 tokens; micro-batches of two rows with 4, 6 and 2 tokens.
    const rows = {
      batch: [1 / 12, 1 / 12, 1 / 12, 1 / 12, 1 / 12],
      sequence: [1 / 15, 1 / 5, 1 / 10, 1 / 20, 1 / 10],
      microBatch: [1 / 12, 1 / 12, 1 / 18, 1 / 18, 1 / 6],
    };
    for (const mode of ["batch", "sequence", "microBatch"] as const) {
      weightsOf(mode).forEach((row, i) => {
        row.forEach((w, t) => {
          expect(w).toBeCloseTo((rows[mode][i] ?? NaN) * (rowsOfMask[i]?.[t] ?? NaN), 6);
        });
      });
    }
  });

  test("weights sum to one, and are never negative or NaN, even for answers without tokens", () => {
    fc.assert(
      fc.property(anyBatch, fc.integer({ min: 1, max: 7 }), (batch, size) => {
        tf.tidy(() => {
          for (const mode of ["batch", "sequence", "microBatch"] as const) {
            expect(tokenWeights(tf.tensor2d(batch.mask), mode, size).sum().dataSync()[0]).toBeCloseTo(1, 5);
          }
        });
      }),
      { numRuns: 30 },
    );
    expect(
      tokenWeights(tf.zeros([3, 2]), "sequence")
        .sum()
        .dataSync()[0],
    ).toBe(0);
    expect(
      tokenWeights(tf.zeros([3, 2]), "microBatch")
        .sum()
        .dataSync()[0],
    ).toBe(0);
  });

  test("one micro-batch of everything is the batch mean; one row each is the sequence mean", () => {
    expect(tokenWeights(maskTensor(), "microBatch", 5).arraySync()).toEqual(weightsOf("batch"));
    const single = tokenWeights(maskTensor(), "microBatch", 1).dataSync();
    tokenWeights(maskTensor(), "sequence")
      .dataSync()
      .forEach((w, i) => {
        expect(single[i]).toBeCloseTo(w, 6);
      });
  });
});
