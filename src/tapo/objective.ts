import * as tf from "@tensorflow/tfjs-core";
import { LabError } from "../core/errors";
import type { ObjectiveOptions } from "./options";
import {
  clippedTokens,
  policyTerm,
  TERMS,
  usesNegative,
  usesReference,
  type PolicyTerm,
  type Term,
  type TermData,
} from "./terms";
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

type TermName = keyof typeof TERMS;

/** What is logged of a step, by name. Terms are unweighted; absent terms are 0. */
export type ObjectiveFigures = Readonly<
  Record<"loss" | "policyLoss" | TermName | "clipFracHigher" | "clipFracLower" | "ppoKl", number>
>;

/** The figures' places in the tensor `figures`. */
export const OBJECTIVE_FIGURES: readonly (keyof ObjectiveFigures)[] = [
  "loss",
  "policyLoss",
  ...(Object.keys(TERMS) as TermName[]),
  "clipFracHigher",
  "clipFracLower",
  "ppoKl",
];

/** A type and not an interface, since only a type is a `tf.TensorContainer`: what `tf.tidy` returns. */
export type ObjectiveOutput = {
  /** −J_TAPO of Eq. 4, a scalar to be minimised. */
  readonly loss: tf.Scalar;
  /** The figures of `OBJECTIVE_FIGURES`, shape [F], one read for all; `tf.keep` it to have it outlive a tape. */
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
  const terms = termsOf(data, options);
  const loss = weightedSum(sumOf(policy.loss, terms), weights);
  return { loss, figures: figuresOf(loss, terms, policy, input.advantages, weights, options) };
}

/** The figures by name. Waits for the computation. */
export function readFigures(figures: tf.Tensor1D): ObjectiveFigures {
  const values = figures.dataSync();
  return Object.fromEntries(
    OBJECTIVE_FIGURES.map((name, i) => [name, values[i] ?? NaN]),
  ) as unknown as ObjectiveFigures;
}

interface WeightedTerm {
  readonly weight: number;
  /** Shape [N, T]; absent where the batch lacks what the term needs. */
  readonly values: tf.Tensor2D | undefined;
}

/** Every term that is added to the policy's, by name, in order. */
function termsOf(data: TermData, options: ObjectiveOptions): Readonly<Record<string, WeightedTerm>> {
  const entries = Object.entries<Term>(TERMS).map(([name, { weight, of }]): [string, WeightedTerm] => [
    name,
    { weight: weight(options), values: of(data, options) },
  ]);
  return Object.fromEntries(entries);
}

/** policy + Σ weight · term, shape [N, T]; terms of weight 0 take no part. */
function sumOf(policy: tf.Tensor2D, terms: Readonly<Record<string, WeightedTerm>>): tf.Tensor2D {
  return Object.values(terms).reduce<tf.Tensor2D>(
    (sum, { weight, values }) => (values === undefined || weight === 0 ? sum : tf.add(sum, tf.mul(values, weight))),
    policy,
  );
}

/** The inputs with 0 on masked-out tokens, and with the gradients cut that the options leave out. */
function withoutPadding(input: ObjectiveInput, options: ObjectiveOptions): TermData {
  const answer = tf.cast(input.mask, "bool");
  const zeros = tf.zerosLike(input.mask);
  const select = (values: tf.Tensor2D): tf.Tensor2D => tf.where(answer, values, zeros);
  const negative = needed(input.negativeLogProbs, usesNegative(options), "negative");
  const reference = needed(input.referenceLogProbs, usesReference(options), "reference");
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
  terms: Readonly<Record<string, WeightedTerm>>,
  policy: PolicyTerm,
  advantages: tf.Tensor1D,
  weights: tf.Tensor2D,
  options: ObjectiveOptions,
): tf.Tensor1D {
  const clipped = clippedTokens(policy.ratio, advantages, options);
  const absent = tf.zerosLike(weights);
  const maps: Partial<Record<keyof ObjectiveFigures, tf.Tensor2D>> = {
    policyLoss: policy.loss,
    clipFracHigher: clipped.higher,
    clipFracLower: clipped.lower,
    ppoKl: tf.neg(policy.logRatio),
  };
  const means = OBJECTIVE_FIGURES.filter((name) => name !== "loss");
  const stacked = tf.stack(means.map((name) => maps[name] ?? terms[name]?.values ?? absent));
  const values = tf.matMul(tf.reshape(stacked, [means.length, -1]), tf.reshape(weights, [-1, 1]));
  return tf.concat1d([tf.reshape(loss, [1]), tf.reshape(values, [-1])]);
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
