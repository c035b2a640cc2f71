import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EVERYTHING } from "../../src/model/parameters";
import type { QwenModel } from "../../src/model/qwen/model";
import { DAPO, type ObjectiveOptions, type TapoOptions } from "../../src/tapo/options";
import { collectRollouts, type TapoExample } from "../../src/tapo/rollouts";
import {
  matchedWeight,
  sizedGamma,
  TERM_CHOICES,
  termGradient,
  termShares,
  type TermChoice,
} from "../../src/tapo/shares";
import { rolloutSeed, score, tapo, trainingOrder } from "../../src/tapo/train";
import { updateMicroBatches } from "../../src/tapo/update";
import { accumulated, relativeError } from "../sft/gradients";
import { ask, picture, weightsOf } from "../sft/tinyPolicy";
import { example, tapoOptions, type TapoChanges } from "./recorded";
import { guessingPolicy } from "./trainedPolicy";

/**
 * Two ways to the same gradient differ by rounding: single precision rounds each partial result by up to 2^-24, and a gradient here
 * adds up about 10⁴ products, whose errors are as random as their signs: √10⁴ · 2^-24 = 6e-6 of the size of what is added up.
 */
const ROUNDING = 6e-6;

let model: QwenModel;
beforeAll(async () => {
  model = await guessingPolicy();
});
afterAll(() => {
  model.dispose();
});

/** Questions about dark and bright pictures; the negative is the other kind, unless told otherwise. */
const questions = (negativeLevel?: number): TapoExample[] =>
  Array.from({ length: 6 }, (_, i) => {
    const level = i % 2 === 0 ? 40 : 215;
    return {
      ...example(`e${i}`),
      answer: i % 2 === 0 ? "ash" : "birch",
      prompt: (which) =>
        Promise.resolve(
          which === "negative"
            ? ask(picture(negativeLevel ?? 255 - level, `${i} negative`))
            : ask(picture(level, `${i} ${which}`)),
        ),
    };
  });

/** Every term has a weight, each another. */
const options = (changes: TapoChanges = {}): TapoOptions =>
  tapoOptions({ maxNewTokens: 9, promptsPerRollout: 4, promptsPerUpdate: 4, maxResample: 1, ...changes, objective: { gamma: 0.05, eta1: 0.3, eta2: 0.2, ...changes.objective } }); // prettier-ignore

const RUN = { label: "shares", microBatchSize: 5, train: EVERYTHING };
const sharesWith = (given: TapoOptions, examples = questions()) => termShares(model, examples, given, RUN);

/** The rollouts that `termShares` asks about. */
async function asked(given: TapoOptions, examples = questions()) {
  const { draw } = trainingOrder(examples, given.seed);
  const batch = await collectRollouts(model, draw, given, rolloutSeed(given, 0));
  const constant = { ...given, objective: { ...given.objective, negativeGradient: false } };
  return { model, scored: await score(model, batch.rollouts, constant, undefined), options: given, run: RUN };
}
type Asked = Awaited<ReturnType<typeof asked>>;

const gradientOf = async (of: Asked, choice: TermChoice, weight?: number): Promise<number[]> =>
  [...((await termGradient(of, choice, weight)).vectors ?? [])].flatMap((vector) => [...vector]);
const norm = (values: readonly number[]): number => Math.hypot(...values);
const named = ({ term, klEstimator, negativeGradient }: TermChoice): string =>
  [term, klEstimator, negativeGradient].filter((part) => part !== undefined).join(" ");

/** The terms that an objective has, with the weights that the loss adds them with. */
const partsOf = ({ klEstimator, negativeGradient, gamma, eta1, eta2 }: ObjectiveOptions): [TermChoice, number][] => [
  [{ term: "policy" }, 1],
  [{ term: "entropy" }, eta1],
  [{ term: "klNegative", klEstimator, negativeGradient }, gamma],
  ...(negativeGradient ? [[{ term: "entropyNegative", negativeGradient }, eta2] as [TermChoice, number]] : []),
];

const VARIANTS = TERM_CHOICES.filter(({ term }) => term === "klNegative");

describe.each(VARIANTS)("the $klEstimator estimator, negativeGradient $negativeGradient", (variant) => {
  const { klEstimator = "paper", negativeGradient = false } = variant;
  const given = options({ objective: { klEstimator, negativeGradient } });

  it("the terms' gradients add up to that of the whole objective", async () => {
    const of = await asked(given);
    const terms = await Promise.all(partsOf(given.objective).map(([choice, weight]) => gradientOf(of, choice, weight)));
    const whole = await accumulated(updateMicroBatches(of.scored, given, 5), model);
    const size = Math.max(...terms.map((term) => Math.max(...term.map(Math.abs))));
    const sum = whole.gradients.map((_, i) => terms.reduce((total, term) => total + term[i]!, 0));
    const error = Math.max(...sum.map((value, i) => Math.abs(value - whole.gradients[i]!)));
    expect(whole.gradients.length).toBe(terms[0]!.length);
    expect(error / size).toBeLessThan(4 * ROUNDING);
    // and each takes part in it
    for (const term of terms) expect(norm(term) / norm(whole.gradients)).toBeGreaterThan(100 * ROUNDING);
  });

  it("the shares tell of the terms what the whole shows", async () => {
    const { terms, whole } = await sharesWith(given);
    expect(terms.map(named)).toEqual(TERM_CHOICES.map(named));
    expect(terms[0]).toMatchObject({ weight: 1, perWeight: 1, share: 1 });
    expect(terms[0]!.cosine).toBeCloseTo(1, 12);
    // ⟨Σ wᵢgᵢ, p⟩ / |p|² = Σ shareᵢ · cosineᵢ
    const own = partsOf(given.objective).map(([choice]) => terms.find((each) => named(each) === named(choice))!);
    const along = own.reduce((sum, { share, cosine }) => sum + share * cosine!, 0);
    const size = own.reduce((sum, { share }) => sum + share, 0);
    expect(Math.abs(whole.share * whole.cosine! - along) / size).toBeLessThan(ROUNDING);
    for (const { term, share, cosine, weight, perWeight } of terms) {
      expect(share, term).toBe(weight * perWeight);
      expect(Math.abs(cosine!), term).toBeLessThanOrEqual(1 + 1e-12);
    }
  });
});

describe("a term's gradient", () => {
  it("is in proportion to the weight, and 0 for a weight of 0", async () => {
    const of = await asked(options());
    for (const choice of TERM_CHOICES.filter(({ term }) => term !== "policy")) {
      const one = await gradientOf(of, choice);
      for (const weight of [0.01, 0.3, 7]) {
        const own = await gradientOf(of, choice, weight);
        expect(relativeError(own.map((v) => v / weight), one), named(choice)).toBeLessThan(ROUNDING); // prettier-ignore
      }
      expect(norm(await gradientOf(of, choice, 0)), named(choice)).toBe(0);
    }
  });

  it("of the entropy is the policy's where every answer has an advantage of 1: −∇log π both", async () => {
    // π_old = π, so ∇(−r·Â) = −r·Â·∇log π = −∇log π, and ∇H[π] = ∇(−log π)
    const of = await asked(options());
    const praised = { ...of, scored: of.scored.map((rollout) => ({ ...rollout, advantage: 1 })) };
    const [policy, entropy] = [
      await gradientOf(praised, { term: "policy" }),
      await gradientOf(of, { term: "entropy" }),
    ];
    expect(relativeError(policy, entropy)).toBeLessThan(ROUNDING);
  });
});

describe("the shares", () => {
  it("are of the first step of a training: the norm that it logs is the whole's", async () => {
    const given = options();
    const { policyNorm, whole, ...batch } = await sharesWith(given);
    const start = weightsOf(model);
    const training = await guessingPolicy();
    const [first] = await tapo(training, questions(), { ...given, epochs: 0.1 }, RUN);
    training.dispose();
    expect(first).toMatchObject({ accuracy: batch.meanAccuracy, reward: batch.meanReward, groups: batch.groups });
    expect(Math.abs(first!["gradNorm"]! / (whole.share * policyNorm) - 1)).toBeLessThan(ROUNDING);
    for (const { term, value, klEstimator, negativeGradient } of batch.terms) {
      if (term === "policy" || negativeGradient === true || klEstimator === "paper") continue;
      expect(value, term).toBeCloseTo(first![term]!, 5);
    }
    expect(weightsOf(model)).toEqual(start); // nothing was trained
  });

  it("are the same per weight where the objective has other weights or none, as for DAPO", async () => {
    const [own, none] = [await sharesWith(options()), await sharesWith({ ...options(), objective: DAPO })];
    const per = ({ terms }: typeof own) => terms.map(({ perWeight, cosine }) => [perWeight, cosine]);
    expect(per(none)).toEqual(per(own));
    expect(none.terms.map(({ share }) => share)).toEqual([1, 0, 0, 0, 0, 0, 0]);
    expect(none.whole.share).toBeCloseTo(1, 12);
  });

  it("give the KL no share where the negative is the anchor itself, and both entropies the same", async () => {
    const same = questions().map((one) => ({ ...one, prompt: () => one.prompt("anchor") }));
    const { terms } = await sharesWith(options(), same);
    const [entropy] = terms.filter(({ term }) => term === "entropy");
    for (const one of terms) {
      // D_KL's gradient at d = log π_neg − log π is (exp(d) − 1)·∇, and d is 0 but for rounding
      if (one.term === "klNegative") expect(one.perWeight / entropy!.perWeight, named(one)).toBeLessThan(1e-4);
      if (one.term === "entropyNegative") expect(one).toMatchObject({ cosine: expect.closeTo(entropy!.cosine!, 4) as number, perWeight: expect.closeTo(entropy!.perWeight, 4) as number }); // prettier-ignore
    }
  });

  it("leave no tensor behind", async () => {
    await sharesWith(options()); // what the model keeps by picture is kept
    const before = tf.memory().numTensors;
    await sharesWith(options());
    expect(tf.memory().numTensors).toBe(before);
  });

  it("say so where no answer was better than another", async () => {
    const hopeless = questions().map((one) => ({ ...one, answer: "oak" }));
    await expect(sharesWith(options(), hopeless)).rejects.toThrow(/none of 8 questions .* no gradient to compare with/);
  });
});

describe("sizedGamma", () => {
  it.each(VARIANTS)("is the weight that gives the term its size ($klEstimator, $negativeGradient)", async (choice) => {
    const { klEstimator = "paper", negativeGradient = false } = choice;
    const given = options({ objective: { klEstimator, negativeGradient, gamma: 0.4 } });
    const [of, measured] = [await asked(given), await sharesWith(given)];
    const { gamma, ...others } = sizedGamma(given.objective, measured);
    expect({ ...others, gamma: 0.4 }).toEqual(given.objective);
    expect(norm(await gradientOf(of, choice, gamma)) / measured.policyNorm).toBeCloseTo(0.4, 4);
  });

  it("is refused for negatives that tell nothing apart: their gradient is rounding", async () => {
    const same = questions().map((one) => ({ ...one, prompt: () => one.prompt("anchor") }));
    const given = options();
    const measured = await sharesWith(given, same);
    expect(() => sizedGamma(given.objective, measured)).toThrow(/no gradient to give a size/);
  });
});

describe("matchedWeight", () => {
  it("makes a term's gradient as large as it was asked to be", async () => {
    const given = options();
    const [of, { terms, policyNorm }] = [await asked(given), await sharesWith(given)];
    for (const one of terms.filter(({ term }) => term !== "policy")) {
      const weight = matchedWeight(one, 0.25)!;
      expect(norm(await gradientOf(of, one, weight)) / policyNorm, named(one)).toBeCloseTo(0.25, 4);
    }
  });

  it("is none for a term without a gradient", () => {
    expect(matchedWeight({ perWeight: 0 })).toBeNull();
    expect(matchedWeight({ perWeight: 4 })).toBe(0.25);
  });
});
