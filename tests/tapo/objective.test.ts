import * as tf from "@tensorflow/tfjs-core";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LabError } from "../../src/core/errors";
import { groupAdvantages } from "../../src/tapo/advantages";
import { readFigures, tapoObjective, type ObjectiveFigures, type ObjectiveInput } from "../../src/tapo/objective";
import { DAPO, GRPO, TAPO, type ObjectiveOptions } from "../../src/tapo/options";
import { anyBatch, goldenCases, toTensors, type PlainBatch } from "./helpers";

const figuresOf = (input: ObjectiveInput, options: ObjectiveOptions): ObjectiveFigures =>
  readFigures(tf.tidy(() => tapoObjective(input, options).figures));

const gradientOf = (input: ObjectiveInput, options: ObjectiveOptions): number[] =>
  tf.tidy(() => {
    const gradient = tf.grad((x) => tapoObjective({ ...input, logProbs: x as tf.Tensor2D }, options).loss);
    return Array.from(gradient(input.logProbs).dataSync());
  });

const close = (a: number, b: number, digits = 5): void => {
  expect(a).toBeCloseTo(b, digits);
};

/** The same with another value wherever the mask is 0. */
function withPadding(batch: PlainBatch, value: number): PlainBatch {
  const fill = (rows: number[][]): number[][] =>
    rows.map((row, i) => row.map((v, t) => (batch.mask[i]?.[t] === 1 ? v : value)));
  return {
    ...batch,
    logProbs: fill(batch.logProbs),
    oldLogProbs: fill(batch.oldLogProbs),
    negativeLogProbs: fill(batch.negativeLogProbs),
  };
}

test("tf.tidy takes the output as it is, and keeps its two tensors alone", () => {
  const [batch] = fc.sample(anyBatch, { numRuns: 1, seed: 1 });
  const data = toTensors(batch!);
  const before = tf.memory().numTensors;
  const { loss, figures } = tf.tidy(() => tapoObjective(data, TAPO)); // an interface would not type-check here
  expect(tf.memory().numTensors).toBe(before + 2);
  close(readFigures(figures).loss, loss.dataSync()[0]!);
  tf.dispose([loss, figures]);
});

describe("identities", () => {
  test("masked-out tokens never matter, not even NaN and infinities, in values and gradients", () => {
    fc.assert(
      fc.property(anyBatch, fc.constantFrom(NaN, Infinity, -Infinity, 1e30), (batch, junk) => {
        const [clean, dirty] = [toTensors(withPadding(batch, 0)), toTensors(withPadding(batch, junk))];
        expect(figuresOf(dirty, TAPO)).toEqual(figuresOf(clean, TAPO));
        expect(gradientOf(dirty, TAPO)).toEqual(gradientOf(clean, TAPO));
      }),
      { numRuns: 20 },
    );
  });

  test("the order of the rollouts does not matter", () => {
    fc.assert(
      fc.property(anyBatch, (batch) => {
        const backwards = Object.fromEntries(
          Object.entries(batch).map(([k, v]) => [k, [...(v as unknown[])].reverse()]),
        );
        const [one, other] = [
          figuresOf(toTensors(batch), TAPO),
          figuresOf(toTensors(backwards as unknown as PlainBatch), TAPO),
        ];
        for (const key of Object.keys(one) as (keyof ObjectiveFigures)[]) close(other[key], one[key], 4);
      }),
      { numRuns: 20 },
    );
  });

  test("at π = π_old nothing is clipped, and the policy loss is the weighted mean of −Â", () => {
    fc.assert(
      fc.property(anyBatch, (batch) => {
        const data = toTensors(batch);
        const figures = figuresOf({ ...data, oldLogProbs: data.logProbs }, DAPO);
        expect([figures.clipFracHigher, figures.clipFracLower]).toEqual([0, 0]);
        close(figures.ppoKl, 0);
        const lengths = batch.mask.map((row) => row.reduce((a, b) => a + b, 0));
        const total = lengths.reduce((a, b) => a + b, 0);
        close(figures.policyLoss, -lengths.reduce((sum, n, i) => sum + n * (batch.advantages[i] ?? NaN), 0) / total, 4);
      }),
      { numRuns: 20 },
    );
  });

  test("identical images: the KL to the negative image is 0 and pulls nowhere", () => {
    fc.assert(
      fc.property(anyBatch, (batch) => {
        const data = toTensors({ ...batch, advantages: batch.advantages.map(() => 0) });
        const same = { ...data, negativeLogProbs: data.logProbs };
        const options = { ...TAPO, eta1: 0, eta2: 0 };
        expect(figuresOf(same, options).klNegative).toBe(0);
        expect(gradientOf(same, options).every((g) => g === 0)).toBe(true);
      }),
      { numRuns: 20 },
    );
  });

  test("the loss is the sum of its weighted terms", () => {
    fc.assert(
      fc.property(anyBatch, (batch) => {
        const f = figuresOf(
          { ...toTensors(batch), referenceLogProbs: tf.tensor2d(batch.oldLogProbs) },
          { ...TAPO, referenceKl: 0.5 },
        );
        const sum =
          f.policyLoss - 0.01 * f.klNegative + 0.03 * f.entropy + 0.03 * f.entropyNegative + 0.5 * f.referenceKl;
        close(f.loss, sum, 4);
      }),
      { numRuns: 20 },
    );
  });
});

describe("presets", () => {
  /** Two answers: rewards 1 and 0, Â = ±0.5/(√0.5 + 1e-6) = ±0.707106; lengths 2 and 1. */
  const hand = (): Required<Omit<ObjectiveInput, "referenceLogProbs">> =>
    toTensors({
      logProbs: [
        [Math.log(0.75), Math.log(0.5)],
        [Math.log(0.25), 0],
      ],
      oldLogProbs: [
        [Math.log(0.5), Math.log(0.5)],
        [Math.log(0.5), 0],
      ],
      negativeLogProbs: [
        [Math.log(0.5), Math.log(0.25)],
        [Math.log(0.25), 0],
      ],
      mask: [
        [1, 1],
        [1, 0],
      ],
      advantages: [...groupAdvantages([1, 0], [0, 0])],
    });

  test("GRPO, by hand", () => {
    // Ratios 1.5, 1 | 0.5. Clip 0.2: Â > 0 counts 1.2 and 1; Â < 0 counts 0.8.
    // Mean over answers: (−0.707106·(1.2 + 1)/2 + 0.707106·0.8)/2 = 0.707106·(−1.1 + 0.8)/2 = −0.106066.
    // Reference = old: k3 with d = log(0.5/0.75) = −0.405465: 2/3 + 0.405465 − 1 = 0.0721318; 0; d = log 2: 2 − 0.693147 − 1 = 0.306853.
    // Mean: ((0.0721318 + 0)/2 + 0.306853)/2 = 0.171459; loss = −0.106066 + 0.04·0.171459 = −0.099208.
    const data = hand();
    const figures = figuresOf({ ...data, referenceLogProbs: data.oldLogProbs }, GRPO);
    close(figures.policyLoss, -0.106066);
    close(figures.referenceKl, 0.171459);
    close(figures.loss, -0.099208);
    close(figures.clipFracHigher, (1 / 2 + 1) / 2); // one of two tokens, and the only one
  });

  test("DAPO, by hand: token-level mean, clip-higher, nothing else", () => {
    // Â·(−1.28 − 1 + 0.8)/3 = 0.707106·(−1.48)/3 = −0.348839.
    const figures = figuresOf(hand(), DAPO);
    close(figures.loss, -0.348839);
    expect(figures.loss).toBe(figures.policyLoss);
  });

  test("TAPO, by hand", () => {
    // Released KL: d = log(0.5/0.75): 0.0721318; d = log(0.25/0.5): 0.5 + 0.693147 − 1 = 0.193147; 0. Mean 0.0884263.
    // H: (0.287682 + 0.693147 + 1.386294)/3 = 0.789041; H_neg: (0.693147 + 1.386294 + 1.386294)/3 = 1.155245.
    // −0.348839 − 0.01·0.0884263 + 0.03·(0.789041 + 1.155245) = −0.291395.
    const figures = figuresOf(hand(), TAPO);
    close(figures.klNegative, 0.0884263);
    close(figures.entropy, 0.789041);
    close(figures.entropyNegative, 1.155245);
    close(figures.loss, -0.291395);
  });

  test("DAPO needs no negative images; a term without its log-probs is refused", () => {
    const { logProbs, oldLogProbs, mask, advantages, negativeLogProbs } = hand();
    expect(Number.isFinite(figuresOf({ logProbs, oldLogProbs, mask, advantages }, DAPO).loss)).toBe(true);
    expect(() => tapoObjective({ logProbs, oldLogProbs, mask, advantages }, TAPO)).toThrow(/negative term/u);
    expect(() => tapoObjective({ logProbs, oldLogProbs, mask, advantages, negativeLogProbs }, GRPO)).toThrow(LabError);
    expect(() => tapoObjective({ ...hand(), mask: tf.ones([2, 3]) }, DAPO)).toThrow(/\[2,2\].*\[2,3\]/u);
  });
});

describe("options", () => {
  test("tokenMean microBatch is the mean of the micro-batches' losses", () => {
    const one = goldenCases()[1]!;
    const advantages = groupAdvantages(one.rewards, one.group);
    const rows = (from: number, to: number): ObjectiveInput =>
      toTensors({
        logProbs: one.logProbs.slice(from, to),
        oldLogProbs: one.oldLogProbs.slice(from, to),
        negativeLogProbs: one.negativeLogProbs.slice(from, to),
        mask: one.responseMask.slice(from, to),
        advantages: [...advantages.slice(from, to)],
      });
    const parts = [0, 4, 8, 12, 16].map((from) => figuresOf(rows(from, from + 4), TAPO).loss);
    const whole = figuresOf(rows(0, 20), { ...TAPO, tokenMean: "microBatch" }).loss;
    close(whole, parts.reduce((a, b) => a + b, 0) / 5);
    expect(Math.abs(whole - figuresOf(rows(0, 20), TAPO).loss)).toBeGreaterThan(1e-4);
  });

  test("negativeGradient decides whether π_neg is moved; when it is, by finite differences", () => {
    const data = toTensors({ ...plain(), advantages: [0, 0] });
    const gradient = (options: ObjectiveOptions): number[] =>
      Array.from(
        tf
          .tidy(() =>
            tf.grad((x) => tapoObjective({ ...data, negativeLogProbs: x as tf.Tensor2D }, options).loss)(
              data.negativeLogProbs,
            ),
          )
          .dataSync(),
      );
    expect(gradient(TAPO)).toEqual([0, 0, 0, 0]);
    for (const klEstimator of ["paper", "released"] as const) {
      const options = { ...TAPO, gamma: 1, negativeGradient: true, klEstimator };
      const loss = (step: number): number =>
        figuresOf(
          {
            ...data,
            negativeLogProbs: tf.add<tf.Tensor2D>(
              data.negativeLogProbs,
              tf.tensor2d([
                [step, 0],
                [0, 0],
              ]),
            ),
          },
          options,
        ).loss;
      close(gradient(options)[0] ?? NaN, (loss(0.01) - loss(-0.01)) / 0.02, 3);
      close(gradient(options)[3] ?? NaN, 0, 9); // masked out
    }
  });

  test("entropies are pushed down: a step against the gradient makes sampled tokens likelier", () => {
    const data = toTensors({ ...plain(), advantages: [0, 0] });
    const gradient = gradientOf(data, { ...TAPO, gamma: 0 });
    expect(gradient.slice(0, 3).every((g) => g < 0)).toBe(true);
  });

  test("raised, as Eq. 4 is printed, they are pushed up: each changes the loss by −2η times its mean, and nothing else", () => {
    fc.assert(
      fc.property(anyBatch, (batch) => {
        const data = toTensors(batch);
        const [low, high] = [TAPO, { ...TAPO, entropies: "raised" as const }].map((one) => figuresOf(data, one));
        expect({ ...high, loss: 0 }).toEqual({ ...low, loss: 0 });
        // loss = … + η₁ H + η₂ H_neg one way and … − η₁ H − η₂ H_neg the other; rounded to 2⁻²⁴ of what is added up
        const due = -2 * (TAPO.eta1 * low!.entropy + TAPO.eta2 * low!.entropyNegative);
        const size = Math.abs(low!.policyLoss) + Math.abs(low!.klNegative) + Math.abs(low!.entropy);
        expect(Math.abs(high!.loss - low!.loss - due)).toBeLessThan(1e-5 * (1 + size));
      }),
    );
    const data = toTensors({ ...plain(), advantages: [0, 0] });
    const gradient = gradientOf(data, { ...TAPO, gamma: 0, entropies: "raised" });
    expect(gradient.slice(0, 3).every((g) => g > 0)).toBe(true);
  });

  function plain(): Omit<PlainBatch, "advantages"> {
    return {
      logProbs: [
        [-0.5, -1],
        [-2, -1],
      ],
      oldLogProbs: [
        [-0.6, -1],
        [-1.5, -1],
      ],
      negativeLogProbs: [
        [-1, -0.8],
        [-2.5, -1],
      ],
      mask: [
        [1, 1],
        [1, 0],
      ],
    };
  }
});

test("a thousand evaluations leave no tensor behind", () => {
  const data = toTensors({
    logProbs: [[-1], [-2]],
    oldLogProbs: [[-1], [-2]],
    negativeLogProbs: [[-1], [-1]],
    mask: [[1], [1]],
    advantages: [1, -1],
  });
  const before = tf.memory().numTensors;
  for (let i = 0; i < 1000; i++) {
    gradientOf(data, TAPO);
  }
  expect(tf.memory().numTensors).toBe(before);
});
