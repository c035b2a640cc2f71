import * as tf from "@tensorflow/tfjs-core";
import * as z from "zod";
import { loadBackend } from "../../core/backend";
import { groupAdvantages } from "../../tapo/advantages";
import { readFigures, tapoObjective, type ObjectiveFigures, type ObjectiveInput } from "../../tapo/objective";
import { TAPO, type ObjectiveOptions } from "../../tapo/options";
import { negativeKl, policyTerm } from "../../tapo/terms";
import { tokenWeights, weightedSum } from "../../tapo/tokenMean";
import { largestError, malformed, matrix, ParityCollector, readReference, type ParityRow } from "./rows";

const VALUE = 1e-5;
const GRADIENT = 1e-4;

const expectedSchema = z.strictObject({
  advantages: matrix,
  policyLoss: z.number(),
  klNegative: z.number(),
  entropy: z.number(),
  entropyNegative: z.number(),
  total: z.number(),
  clipFracHigher: z.number(),
  clipFracLower: z.number(),
  ppoKl: z.number(),
  gradTotal: matrix,
  gradPolicy: matrix,
  gradKl: matrix,
});

const caseSchema = z.strictObject({
  group: z.array(z.union([z.number(), z.string()])).min(2),
  responseMask: matrix,
  rewards: z.array(z.number()),
  accuracy: z.array(z.number()).optional(),
  oldLogProbs: matrix,
  logProbs: matrix,
  negativeLogProbs: matrix,
  hyper: z.strictObject({
    clipLow: z.number().min(0).max(1),
    clipHigh: z.number().min(0),
    clipDual: z.number().positive().nullable(),
    gamma: z.number(),
    eta1: z.number(),
    eta2: z.number(),
    advantageEps: z.number().min(0),
  }),
  expected: expectedSchema,
});
type Case = z.infer<typeof caseSchema>;

const fileSchema = z.strictObject({ note: z.unknown().optional(), cases: z.array(caseSchema).min(1) });

/** Our name of each figure, and the name under which the file holds it. */
const FIGURES: readonly (readonly [keyof ObjectiveFigures, keyof Case["expected"]])[] = [
  ["policyLoss", "policyLoss"],
  ["klNegative", "klNegative"],
  ["entropy", "entropy"],
  ["entropyNegative", "entropyNegative"],
  ["loss", "total"],
  ["clipFracHigher", "clipFracHigher"],
  ["clipFracLower", "clipFracLower"],
  ["ppoKl", "ppoKl"],
];

/**
 * Compares advantages, every term of the objective, the logged figures and the gradients with a file in the format of
 * `golden/tapo_objective.json`: values within 1e-5, gradients within 1e-4 (absolute; relative above 1).
 * @throws LabError naming the file when it is not of that shape
 */
export async function parityObjective(file: string): Promise<ParityRow[]> {
  const { cases } = readReference(file, fileSchema);
  cases.forEach((one, i) => {
    checkSizes(one, i, file);
  });
  await loadBackend();
  const rows = new ParityCollector();
  for (const one of cases)
    tf.tidy(() => {
      compare(one, rows);
    });
  return rows.finish();
}

function compare(one: Case, rows: ParityCollector): void {
  const { clipLow, clipHigh, clipDual, gamma, eta1, eta2, advantageEps } = one.hyper;
  const options: ObjectiveOptions = { ...TAPO, clipLow, clipHigh, clipDual, gamma, eta1, eta2 };
  const { expected } = one;
  const advantages = groupAdvantages(one.rewards, one.group, advantageEps);
  const spread = one.responseMask.map((row, i) => row.map((m) => m * (advantages[i] ?? NaN)));
  rows.add("advantages", largestError(spread.flat(), expected.advantages.flat()), VALUE);
  const input = tensorsOf(one, advantages);
  const figures = readFigures(tapoObjective(input, { ...options }).figures);
  for (const [ours, theirs] of FIGURES) {
    rows.add(theirs, largestError([figures[ours]], [expected[theirs] as number]), VALUE);
  }
  const gradients = gradientsOf(input, options);
  for (const name of ["gradTotal", "gradPolicy", "gradKl"] as const) {
    rows.add(name, largestError(gradients[name].dataSync(), expected[name].flat()), GRADIENT);
  }
}

function tensorsOf(one: Case, advantages: Float32Array): ObjectiveInput & { negativeLogProbs: tf.Tensor2D } {
  return {
    logProbs: tf.tensor2d(one.logProbs),
    oldLogProbs: tf.tensor2d(one.oldLogProbs),
    negativeLogProbs: tf.tensor2d(one.negativeLogProbs),
    advantages: tf.tensor1d(advantages),
    mask: tf.tensor2d(one.responseMask),
  };
}

/** d total / d log π, d policy loss / d log π and d KL / d log π, shape [N, T] each. */
function gradientsOf(
  input: ReturnType<typeof tensorsOf>,
  options: ObjectiveOptions,
): Record<"gradTotal" | "gradPolicy" | "gradKl", tf.Tensor> {
  const weights = tokenWeights(input.mask, options.tokenMean, options.microBatch);
  const gradient = (loss: (logProbs: tf.Tensor2D) => tf.Scalar): tf.Tensor =>
    tf.grad((x) => loss(x as tf.Tensor2D))(input.logProbs);
  return {
    gradTotal: gradient((x) => tapoObjective({ ...input, logProbs: x }, options).loss),
    gradPolicy: gradient((x) => weightedSum(policyTerm(x, input.oldLogProbs, input.advantages, options).loss, weights)),
    gradKl: gradient((x) => weightedSum(negativeKl(x, input.negativeLogProbs, options.klEstimator), weights)),
  };
}

function checkSizes(one: Case, index: number, file: string): void {
  const rows = one.responseMask.length;
  const width = one.responseMask[0]?.length;
  const matrices = {
    oldLogProbs: one.oldLogProbs,
    logProbs: one.logProbs,
    negativeLogProbs: one.negativeLogProbs,
    "expected.advantages": one.expected.advantages,
    "expected.gradTotal": one.expected.gradTotal,
    "expected.gradPolicy": one.expected.gradPolicy,
    "expected.gradKl": one.expected.gradKl,
  };
  for (const [name, values] of Object.entries(matrices)) {
    if (values.length !== rows || values[0]?.length !== width) {
      throw malformed(file, `cases.${index}.${name}: not of the shape of responseMask`);
    }
  }
  if (one.rewards.length !== rows || one.group.length !== rows) {
    throw malformed(file, `cases.${index}: rewards and group need one entry per row of responseMask`);
  }
}
