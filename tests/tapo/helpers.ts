import * as fs from "node:fs";
import * as tf from "@tensorflow/tfjs-core";
import * as fc from "fast-check";
import type { ObjectiveInput } from "../../src/tapo/objective";

/** The part of a golden case that the tests read. */
export interface GoldenCase {
  group: number[];
  responseMask: number[][];
  rewards: number[];
  oldLogProbs: number[][];
  logProbs: number[][];
  negativeLogProbs: number[][];
  expected: Record<string, number> & { gradTotal: number[][]; advantages: number[][] };
}

export function goldenCases(): GoldenCase[] {
  const text = fs.readFileSync("tests/reference/golden/tapo_objective.json", "utf8");
  return (JSON.parse(text) as { cases: GoldenCase[] }).cases;
}

/** Plain numbers of a batch: [N][T] each, Â one per row. */
export interface PlainBatch {
  logProbs: number[][];
  oldLogProbs: number[][];
  negativeLogProbs: number[][];
  mask: number[][];
  advantages: number[];
}

export function toTensors(batch: PlainBatch): ObjectiveInput & { negativeLogProbs: tf.Tensor2D } {
  return {
    logProbs: tf.tensor2d(batch.logProbs),
    oldLogProbs: tf.tensor2d(batch.oldLogProbs),
    negativeLogProbs: tf.tensor2d(batch.negativeLogProbs),
    mask: tf.tensor2d(batch.mask),
    advantages: tf.tensor1d(batch.advantages),
  };
}

/** Batches of 2–6 rollouts of 1–5 tokens, every rollout with at least one token. */
export const anyBatch: fc.Arbitrary<PlainBatch> = fc
  .tuple(fc.integer({ min: 2, max: 6 }), fc.integer({ min: 1, max: 5 }))
  .chain(([rows, width]) => {
    const matrix = (low: number, high: number): fc.Arbitrary<number[][]> =>
      fc.array(fc.array(fc.double({ min: low, max: high, noNaN: true }), { minLength: width, maxLength: width }), {
        minLength: rows,
        maxLength: rows,
      });
    return fc.record({
      logProbs: matrix(-4, -0.05),
      oldLogProbs: matrix(-4, -0.05),
      negativeLogProbs: matrix(-4, -0.05),
      mask: fc
        .array(fc.integer({ min: 1, max: width }), { minLength: rows, maxLength: rows })
        .map((lengths) => lengths.map((n) => Array.from({ length: width }, (_, t) => (t < n ? 1 : 0)))),
      advantages: fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: rows, maxLength: rows }),
    });
  });
