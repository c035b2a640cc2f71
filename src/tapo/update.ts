import * as tf from "@tensorflow/tfjs-core";
import type { MicroBatch } from "../engine/train";
import type { Prompt, Scored, TrainableModel, VisionLanguageModel } from "../model/contract";
import { detach, OBJECTIVE_FIGURES, readFigures, tapoObjective } from "./objective";
import type { TapoOptions } from "./options";
import type { Rollout } from "./rollouts";

/** A rollout with its advantage and the log-probs that do not change during the update, one a token. */
export interface ScoredRollout {
  readonly rollout: Rollout;
  readonly advantage: number;
  /** log π_θold; absent when the policy has not moved since the rollout, so that π_old = π_θ. */
  readonly old?: readonly number[];
  /** log π under the negative image; absent when no term needs it as a constant. */
  readonly negative?: readonly number[];
  readonly reference?: readonly number[];
}

/** Scores rollouts under the images that the objective asks about, before any update. */
export async function prepareUpdate(
  model: TrainableModel,
  rollouts: readonly Rollout[],
  advantages: readonly number[] | Float32Array,
  options: TapoOptions,
  need: { readonly needsOld: boolean; readonly reference?: VisionLanguageModel },
): Promise<ScoredRollout[]> {
  const { objective } = options;
  const under = (of: (r: Rollout) => Prompt): Scored[] =>
    rollouts.map((r) => ({ prompt: of(r), tokenIds: r.completion.tokenIds }));
  const usesNegative = objective.gamma !== 0 || objective.eta2 !== 0;
  const old = need.needsOld ? await model.logProbs(under((r) => updatePrompt(r, options))) : undefined;
  const negative =
    usesNegative && !objective.negativeGradient ? await model.logProbs(under((r) => r.negativePrompt)) : undefined;
  const reference =
    objective.referenceKl !== 0 ? await need.reference?.logProbs(under((r) => updatePrompt(r, options))) : undefined;
  return rollouts.map((rollout, i) => ({
    rollout,
    advantage: advantages[i] as number,
    ...optional("old", old?.[i]),
    ...optional("negative", negative?.[i]),
    ...optional("reference", reference?.[i]),
  }));
}

/**
 * The micro-batches of one update. Each loss is weighted by its share of the update, so that accumulated gradients are
 * those of the whole; the objective's figures are added to `figures` with the same weights.
 */
export function* updateMicroBatches(
  model: TrainableModel,
  rollouts: readonly ScoredRollout[],
  options: TapoOptions,
  size: number,
  figures: Record<string, number>,
): Generator<MicroBatch> {
  const unit = options.objective.tokenMean === "microBatch" ? options.objective.microBatch : 1;
  const rows = Math.max(unit, Math.floor(size / unit) * unit);
  const total = weightOf(rollouts, options);
  for (let i = 0; i < rollouts.length; i += rows) {
    const chunk = rollouts.slice(i, i + rows);
    yield microBatch(model, chunk, options, weightOf(chunk, options) / total, figures);
  }
}

function microBatch(
  model: TrainableModel,
  chunk: readonly ScoredRollout[],
  options: TapoOptions,
  weight: number,
  figures: Record<string, number>,
): MicroBatch {
  const scored = (of: (r: Rollout) => Prompt) =>
    chunk.map(({ rollout }) => ({ prompt: of(rollout), tokenIds: rollout.completion.tokenIds }));
  const batch = model.prepare(scored((r) => updatePrompt(r, options)));
  const { objective } = options;
  const live = objective.negativeGradient && (objective.gamma !== 0 || objective.eta2 !== 0);
  const negativeBatch = live ? model.prepare(scored((r) => r.negativePrompt)) : undefined;
  const loss = (): tf.Scalar => {
    const logProbs = model.completionLogProbs(batch);
    const old = rowsOf(chunk, "old", batch.width) ?? detach(logProbs);
    const negative =
      negativeBatch === undefined ? rowsOf(chunk, "negative", batch.width) : model.completionLogProbs(negativeBatch);
    const reference = rowsOf(chunk, "reference", batch.width);
    const output = tapoObjective(
      {
        logProbs,
        oldLogProbs: old,
        advantages: tf.tensor1d(chunk.map((s) => s.advantage)),
        mask: batch.mask,
        ...optional("negativeLogProbs", negative),
        ...optional("referenceLogProbs", reference),
      },
      objective,
    );
    const read = readFigures(output.figures);
    for (const name of OBJECTIVE_FIGURES)
      if (name !== "loss") figures[name] = (figures[name] ?? 0) + weight * read[name];
    return output.loss.mul(weight);
  };
  return {
    loss,
    dispose: () => {
      batch.dispose();
      negativeBatch?.dispose();
    },
  };
}

/** Which image a rollout is updated under (§4.3, last paragraph of Intra-class Augmentation). */
function updatePrompt(rollout: Rollout, options: TapoOptions): Prompt {
  return options.updateCondition === "anchor" ? rollout.anchorPrompt : rollout.rolloutPrompt;
}

/** A micro-batch's part of the update: its tokens, or its rows where the mean is taken row by row. */
function weightOf(rollouts: readonly ScoredRollout[], options: TapoOptions): number {
  if (options.objective.tokenMean !== "batch") return rollouts.length;
  return rollouts.reduce((total, { rollout }) => total + rollout.completion.tokenIds.length, 0);
}

/** One field as [N, T], right-padded with 0; `undefined` where the rollouts do not have it. */
function rowsOf(
  chunk: readonly ScoredRollout[],
  field: "old" | "negative" | "reference",
  width: number,
): tf.Tensor2D | undefined {
  if (chunk[0]?.[field] === undefined) return undefined;
  const data = new Float32Array(chunk.length * width);
  chunk.forEach((row, i) => {
    data.set(row[field] ?? [], i * width);
  });
  return tf.tensor2d(data, [chunk.length, width]);
}

function optional<K extends string, V>(key: K, value: V | undefined): Partial<Record<K, V>> {
  return value === undefined ? {} : ({ [key]: value } as Record<K, V>);
}
