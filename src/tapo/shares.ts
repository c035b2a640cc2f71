import { z } from "zod";
import { LabError } from "../core/errors";
import { silent } from "../core/progress";
import { FlatLayout } from "../engine/flat";
import { accumulate, type Sum } from "../engine/update";
import type { TrainableModel } from "../model/contract";
import { LANGUAGE_ONLY, selectParameters } from "../model/parameters";
import type { KlEstimator, ObjectiveOptions, TapoOptions } from "./options";
import { withMinedNegatives } from "./mining";
import { collectRollouts, type RolloutBatch, type TapoExample } from "./rollouts";
import { checkInputs, rolloutSeed, score, trainingOrder, type TapoRun } from "./train";
import { updateMicroBatches, type ScoredRollout } from "./update";

/**
 * How much each term of Eq. 4 has to say: the gradient of every term alone, on the rollouts of a training's first step, beside the
 * policy term's. A weight says little by itself: the two estimators of D_KL[π ‖ π_neg] differ by orders of magnitude in what the
 * same γ makes of them.
 */

/** A term of the objective, with the options that its gradient depends on, named as in `ObjectiveOptions`. */
export interface TermChoice {
  readonly term: "policy" | "entropy" | "klNegative" | "entropyNegative";
  readonly klEstimator?: KlEstimator | undefined;
  readonly negativeGradient?: boolean | undefined;
}

/** A gradient beside the policy term's. */
export interface Share {
  /** Its Euclidean norm over the policy gradient's. */
  readonly share: number;
  /** Cosine of the angle to the policy gradient, above 0 where both move the weights alike; null where one of them is 0. */
  readonly cosine: number | null;
}

/** A term's gradient beside the policy term's: at the weight that the objective gives it, and at weight 1. */
export interface TermShare extends TermChoice, Share {
  /** γ, η₁ or η₂; 1 for the policy. */
  readonly weight: number;
  /** The share at weight 1; shares are in proportion to the weight. */
  readonly perWeight: number;
  /** The term's mean over tokens, unweighted, as training logs it. */
  readonly value: number;
}

/** What the gradient of one update is made of. Plain JSON. */
export interface TermShares extends Omit<RolloutBatch, "rollouts"> {
  /** Rollouts that the gradients are about. */
  readonly rollouts: number;
  /** Norm of the policy term's gradient, before it is clipped. */
  readonly policyNorm: number;
  readonly terms: readonly TermShare[];
  /** The objective as the options have it, of all its terms. */
  readonly whole: Share;
}

const share = { share: z.number(), cosine: z.number().nullable() } satisfies z.ZodRawShape;
const count = z.int().min(0);
/** Reads shares again. */
export const termSharesSchema: z.ZodType<TermShares> = z.strictObject({
  rollouts: count,
  groups: count,
  sampledGroups: count,
  resamples: count,
  meanReward: z.number(),
  meanAccuracy: z.number(),
  meanLength: z.number(),
  policyNorm: z.number(),
  terms: z.array(
    z.strictObject({
      term: z.enum(["policy", "entropy", "klNegative", "entropyNegative"]),
      klEstimator: z.enum(["paper", "released"]).optional(),
      negativeGradient: z.boolean().optional(),
      weight: z.number(),
      perWeight: z.number(),
      value: z.number(),
      ...share,
    }),
  ),
  whole: z.strictObject(share) satisfies z.ZodType<Share>,
});

/**
 * Every term that can have a gradient. η₂·H[π_neg] has none where π_neg is a constant, and the KL to a reference has none at the
 * reference itself, where a training begins.
 */
export const TERM_CHOICES: readonly TermChoice[] = [
  { term: "policy" },
  { term: "entropy" },
  ...(["released", "paper"] as const).flatMap((klEstimator) =>
    [false, true].map((negativeGradient) => ({ term: "klNegative" as const, klEstimator, negativeGradient })),
  ),
  { term: "entropyNegative", negativeGradient: true },
];

/** How measurements call a term's gradient: "klNegative, released estimator, constant negative". */
export function termSetting({ term, klEstimator, negativeGradient }: TermChoice): string {
  const estimator = klEstimator === undefined ? [] : [`${klEstimator} estimator`];
  const negative = negativeGradient === undefined ? [] : [negativeGradient ? "live negative" : "constant negative"];
  return [term, ...estimator, ...negative].join(", ");
}

/** How they call that of all terms at their weights. */
export const WHOLE = "objective";

/** The weights of the terms that are added to the policy's. */
const WEIGHTS = { entropy: "eta1", klNegative: "gamma", entropyNegative: "eta2" } as const;
const NONE = { gamma: 0, eta1: 0, eta2: 0, referenceKl: 0 };

type SharesRun = Pick<TapoRun, "label" | "microBatchSize" | "train" | "progress" | "signal">;

/** Rollouts that gradients are asked about. */
interface Asked {
  readonly model: TrainableModel;
  readonly scored: readonly ScoredRollout[];
  readonly options: TapoOptions;
  readonly run: SharesRun;
}

/**
 * Each term's share of the gradient of stage 2's first update, had that one all rollouts of the first batch: on the questions and
 * answers that `tapo` would draw with these options, before any weight has moved. Gradients are those of the update itself, of
 * micro-batches added up in order: the same bits whoever computes them.
 * @throws LabError when no answer was better than another of its group, so that the policy has no gradient, or one is not finite
 */
export async function termShares(
  model: TrainableModel,
  examples: readonly TapoExample[],
  options: TapoOptions,
  run: SharesRun,
): Promise<TermShares> {
  const { objective, promptsPerRollout } = options;
  // one update a batch, so that π_old = π; and negatives, asked about or not
  const drawn = { ...options, promptsPerUpdate: promptsPerRollout, objective: aloneIn(objective, NEEDS_NEGATIVE) };
  checkInputs(examples, drawn, {});
  const order = trainingOrder(examples, options.seed);
  const seed = rolloutSeed(options, 0);
  const { rollouts, ...summary } = await collectRollouts(model, order.draw, drawn, seed, run.signal);
  const mined = await withMinedNegatives(model, rollouts, examples, drawn, seed);
  const asked = { model, scored: await score(model, mined, drawn, undefined), options, run };
  const bar = (run.progress ?? silent).start(run.label, TERM_CHOICES.length + 1);
  try {
    const own = await termGradient(asked, { term: "policy" });
    const policy = vectorsOf(own);
    const policyNorm = norm(policy);
    if (!(policyNorm > 0)) throw noPolicyGradient(summary);
    const terms: TermShare[] = [];
    for (const choice of TERM_CHOICES) {
      const sum = choice.term === "policy" ? own : await termGradient(asked, choice);
      const { share: perWeight, cosine } = shareOf(vectorsOf(sum), policy);
      const weight = weightOf(choice, objective);
      const value = sum.figures[choice.term === "policy" ? "policyLoss" : choice.term] ?? 0;
      terms.push({ ...choice, weight, perWeight, share: weight * perWeight, cosine, value });
      bar.update(terms.length);
    }
    const whole = shareOf(vectorsOf(await gradient(asked, asked.scored, { ...objective, referenceKl: 0 })), policy);
    bar.update(TERM_CHOICES.length + 1);
    return { ...summary, rollouts: rollouts.length, policyNorm, terms, whole };
  } finally {
    bar.finish();
  }
}

/** The weight at which a term's gradient is `share` times as long as the policy's; null for a term without a gradient. */
export function matchedWeight({ perWeight }: Pick<TermShare, "perWeight">, share = 1): number | null {
  return perWeight === 0 ? null : share / perWeight;
}

/**
 * The objective with γ as the size of its term: how long its gradient is beside the policy term's where the shares were measured, and so
 * the same for every kind of negative and both estimators. η₁ and η₂ stay weights.
 * @throws LabError where the term's gradient is none but rounding; RangeError for shares that do not tell of the estimator
 */
export function sizedGamma(objective: ObjectiveOptions, { terms }: Pick<TermShares, "terms">): ObjectiveOptions {
  const { klEstimator, negativeGradient, gamma } = objective;
  const own = terms.find(
    (term) =>
      term.term === "klNegative" && term.klEstimator === klEstimator && term.negativeGradient === negativeGradient,
  );
  if (own === undefined) throw new RangeError("sizedGamma: the shares do not tell of this estimator");
  if (own.perWeight > ROUNDING) return { ...objective, gamma: gamma / own.perWeight };
  throw new LabError(
    "the policy answers alike whether it is shown the anchor or the negative, so the KL between them has no gradient to give a size",
    "Take other negatives, or give the objective a weight (gamma) instead of a size.",
  );
}

/** A gradient shorter than this beside the policy's is rounding: single precision, over the tens of thousands of products in it. */
const ROUNDING = 1e-5;

/** The gradient of one term alone, at weight 1 or another: of the objective without any other, and without advantages. */
export function termGradient(asked: Asked, choice: TermChoice, weight = 1): Promise<Sum> {
  const objective = aloneIn(asked.options.objective, choice, weight);
  const silenced = asked.scored.map((rollout) => ({ ...rollout, advantage: 0 }));
  return gradient(asked, choice.term === "policy" ? asked.scored : silenced, objective);
}

const NEEDS_NEGATIVE: TermChoice = { term: "klNegative", negativeGradient: false };

function aloneIn(objective: ObjectiveOptions, { term, ...choice }: TermChoice, weight = 1): ObjectiveOptions {
  const { klEstimator = objective.klEstimator, negativeGradient = objective.negativeGradient } = choice;
  const own = term === "policy" ? {} : { [WEIGHTS[term]]: weight };
  return { ...objective, ...NONE, ...own, klEstimator, negativeGradient };
}

function weightOf({ term }: TermChoice, objective: ObjectiveOptions): number {
  return term === "policy" ? 1 : objective[WEIGHTS[term]];
}

async function gradient(
  { model, options, run }: Asked,
  scored: readonly ScoredRollout[],
  objective: ObjectiveOptions,
): Promise<Sum> {
  const layout = new FlatLayout(selectParameters(model.parameters, run.train ?? LANGUAGE_ONLY));
  const microBatches = updateMicroBatches(scored, { ...options, objective }, run.microBatchSize);
  const sum = await accumulate(microBatches, model.runner, layout, run.signal);
  if (!("fault" in sum)) return sum;
  throw new LabError(`a term's gradient cannot be told: ${sum.fault}`, "Look at the examples named.", {
    subject: run.label,
  });
}

/** One vector per bucket of the layout; none where there was no rollout. */
type Vectors = readonly Float32Array[];

function vectorsOf({ vectors = [] }: Sum): Vectors {
  return vectors;
}

function shareOf(vectors: Vectors, policy: Vectors): Share {
  const [own, other] = [norm(vectors), norm(policy)];
  return { share: own / other, cosine: own === 0 ? null : dot(vectors, policy) / (own * other) };
}

function norm(vectors: Vectors): number {
  return Math.sqrt(dot(vectors, vectors));
}

/** In double precision, in the order of the layout. */
function dot(a: Vectors, b: Vectors): number {
  return a.reduce((total, vector, bucket) => {
    const other = b[bucket] as Float32Array;
    let sum = 0;
    for (let i = 0; i < vector.length; i++) sum += (vector[i] as number) * (other[i] as number);
    return total + sum;
  }, 0);
}

function noPolicyGradient({ sampledGroups }: Pick<RolloutBatch, "sampledGroups">): LabError {
  return new LabError(
    `none of ${sampledGroups} questions got answers of which one was better than another, so the policy has no gradient to compare with`,
    "Start from a model that answers some of them right, or draw more questions (promptsPerRollout) or answers (n1, n2).",
  );
}
