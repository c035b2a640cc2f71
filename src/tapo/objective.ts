import * as tf from "@tensorflow/tfjs-core";
import { LabError } from "../core/errors";
import { sampledEntropy } from "./entropy";
import { k3, negativeKl } from "./negativeKl";
import { usesNegative, type ObjectiveOptions } from "./options";
import { clippedTokens, policyTerm, type PolicyTerm } from "./policyLoss";
import { tokenWeights, weightedSum } from "./tokenMean";

/** One batch of rollouts. N rollouts, T tokens; what stands at masked-out tokens never matters, not even NaN. */
export interface ObjectiveInput {
  /** log π_θ under the image the update is conditioned on, shape [N, T]; gradients flow through it. */
  readonly logProbs: tf.Tensor2D;
  /** log π_θold of the same tokens, shape [N, T]. */
  readonly oldLogProbs: tf.Tensor2D;
  /** log π_θ under the negative image, shape [N, T]; needed when γ or η₂ is not 0. */
  readonly negativeLogProbs?: tf.Tensor2D | undefined;
  /** log π_ref, shape [N, T]; needed when `referenceKl` is not 0. */
  readonly referenceLogProbs?: tf.Tensor2D | undefined;
  /** Â, one per rollout, shape [N] (`groupAdvantages`). */
  readonly advantages: tf.Tensor1D;
  /** 1 on answer tokens, 0 elsewhere, shape [N, T]. */
  readonly mask: tf.Tensor2D;
}

/** What is logged of a step, in the order of the `figures` tensor. Terms are unweighted; absent terms are 0. */
export const OBJECTIVE_FIGURES = [
  "loss",
  "policyLoss",
  "klNegative",
  "entropy",
  "entropyNegative",
  "referenceKl",
  "clipFracHigher",
  "clipFracLower",
  "ppoKl",
] as const;

export type ObjectiveFigures = Readonly<Record<(typeof OBJECTIVE_FIGURES)[number], number>>;

/** A type and not an interface, since only a type is a `tf.TensorContainer`: what `tf.tidy` returns. */
export type ObjectiveOutput = {
  /** −J_TAPO of Eq. 4, a scalar to be minimised. */
  readonly loss: tf.Scalar;
  /** The figures of `OBJECTIVE_FIGURES`, shape [9], one read for all; `tf.keep` it to have it outlive a tape. */
  readonly figures: tf.Tensor1D;
};

/**
 * −J_TAPO (Eq. 4): policy − γ·D_KL[π ‖ π_neg] + η₁·H[π] + η₂·H[π_neg] + β·D_KL[π ‖ π_ref], each a mean over tokens.
 * GRPO and DAPO are the same with weights of 0. Call inside `tf.tidy` or a gradient closure.
 * @throws LabError when a term has a weight but not its log-probs; RangeError when shapes differ
 */
export function tapoObjective(input: ObjectiveInput, options: ObjectiveOptions): ObjectiveOutput {
  checkShapes(input);
  const data = withoutPadding(input, options);
  const weights = tokenWeights(input.mask, options.tokenMean, options.microBatch);
  const policy = policyTerm(data.logProbs, data.old, input.advantages, options);
  const parts: WeightedTerms = { policy: policy.loss, entropy: [options.eta1, sampledEntropy(data.logProbs)] };
  if (data.negative !== undefined) {
    parts.kl = [-options.gamma, negativeKl(data.logProbs, data.negative, options.klEstimator)];
    parts.entropyNegative = [options.eta2, sampledEntropy(data.negative)];
  }
  if (data.reference !== undefined) parts.reference = [options.referenceKl, k3(data.logProbs, data.reference)];
  const loss = weightedSum(sumOf(parts), weights);
  return { loss, figures: figuresOf(loss, parts, policy, input.advantages, weights, options) };
}

/** The figures by name. Waits for the computation. */
export function readFigures(figures: tf.Tensor1D): ObjectiveFigures {
  const values = figures.dataSync();
  return Object.fromEntries(
    OBJECTIVE_FIGURES.map((name, i) => [name, values[i] ?? NaN]),
  ) as unknown as ObjectiveFigures;
}

type Weighted = readonly [weight: number, term: tf.Tensor2D];

interface WeightedTerms {
  policy: tf.Tensor2D;
  entropy: Weighted;
  kl?: Weighted;
  entropyNegative?: Weighted;
  reference?: Weighted;
}

/** Σ weight · term, shape [N, T]; terms of weight 0 take no part. */
function sumOf(parts: WeightedTerms): tf.Tensor2D {
  const { policy, entropy, kl, entropyNegative, reference } = parts;
  return [entropy, kl, entropyNegative, reference].reduce<tf.Tensor2D>(
    (sum, part) => (part === undefined || part[0] === 0 ? sum : tf.add(sum, tf.mul(part[1], part[0]))),
    policy,
  );
}

interface Data {
  readonly logProbs: tf.Tensor2D;
  readonly old: tf.Tensor2D;
  readonly negative: tf.Tensor2D | undefined;
  readonly reference: tf.Tensor2D | undefined;
}

/** The inputs with 0 on masked-out tokens, and with the gradients cut that the options leave out. */
function withoutPadding(input: ObjectiveInput, options: ObjectiveOptions): Data {
  const answer = tf.cast(input.mask, "bool");
  const zeros = tf.zerosLike(input.mask);
  const select = (values: tf.Tensor2D): tf.Tensor2D => tf.where(answer, values, zeros);
  const negative = needed(input.negativeLogProbs, usesNegative(options), "negative");
  const reference = needed(input.referenceLogProbs, options.referenceKl !== 0, "reference");
  return {
    logProbs: select(input.logProbs),
    old: select(input.oldLogProbs),
    negative: negative && select(options.negativeGradient ? negative : detach(negative)),
    reference: reference && select(reference),
  };
}

function needed(given: tf.Tensor2D | undefined, isNeeded: boolean, name: string): tf.Tensor2D | undefined {
  if (isNeeded && given === undefined) {
    throw new LabError(
      `the objective has a weight on its ${name} term, but no ${name} log-probs were given`,
      `Score the answers under the ${name === "negative" ? "negative images" : "reference model"}, or set the weight to 0.`,
    );
  }
  return given;
}

/** The same values without their history: no gradient flows back through them. */
export const detach = tf.customGrad((values) => {
  const kept = values as tf.Tensor2D;
  const { shape } = kept; // the tensor itself may be gone when the tape is walked back
  return { value: kept.clone(), gradFunc: () => tf.zeros(shape) };
}) as (values: tf.Tensor2D) => tf.Tensor2D;

function figuresOf(
  loss: tf.Scalar,
  parts: WeightedTerms,
  policy: PolicyTerm,
  advantages: tf.Tensor1D,
  weights: tf.Tensor2D,
  options: ObjectiveOptions,
): tf.Tensor1D {
  const clipped = clippedTokens(policy.ratio, advantages, options);
  const absent = tf.zerosLike(weights);
  const maps = [
    parts.policy,
    parts.kl?.[1] ?? absent,
    parts.entropy[1],
    parts.entropyNegative?.[1] ?? absent,
    parts.reference?.[1] ?? absent,
    clipped.higher,
    clipped.lower,
    tf.neg(policy.logRatio),
  ];
  const means = tf.matMul(tf.reshape(tf.stack(maps), [maps.length, -1]), tf.reshape(weights, [-1, 1]));
  return tf.concat1d([tf.reshape(loss, [1]), tf.reshape(means, [-1])]);
}

function checkShapes(input: ObjectiveInput): void {
  const shape = input.mask.shape.join(",");
  for (const name of ["logProbs", "oldLogProbs", "negativeLogProbs", "referenceLogProbs"] as const) {
    const given = input[name]?.shape.join(",");
    if (given !== undefined && given !== shape) {
      throw new RangeError(`tapoObjective: ${name} has shape [${given}], the mask [${shape}]`);
    }
  }
  if (input.advantages.shape[0] !== input.mask.shape[0]) {
    throw new RangeError(
      `tapoObjective: advantages have shape [${input.advantages.shape[0]}], the mask [${shape}]; one per rollout is due`,
    );
  }
}
