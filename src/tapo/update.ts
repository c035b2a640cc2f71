import * as tf from "@tensorflow/tfjs-core";
import { required } from "../core/errors";
import type { MicroBatch } from "../engine/train";
import type { Prompt, Scored, TrainableModel, VisionLanguageModel } from "../model/contract";
import { detach, OBJECTIVE_FIGURES, readFigures, tapoObjective } from "./objective";
import type { ObjectiveOptions, TapoOptions } from "./options";
import type { Rollout } from "./rollouts";
import { usesNegative, usesReference } from "./terms";

/** A rollout with its advantage and the log-probs that do not change during the update, one per token. */
export interface ScoredRollout {
  readonly rollout: Rollout;
  readonly advantage: number;
  /** log π_θold; absent when the policy has not moved since the rollout, so that π_old = π_θ. */
  readonly old: readonly number[] | undefined;
  /** log π under the negative image; absent when no term needs it as a constant. */
  readonly negative: readonly number[] | undefined;
  /** log π_ref; absent when the objective has no KL to it. */
  readonly reference: readonly number[] | undefined;
}

/** Scores rollouts under the images that the objective asks about, before any update. */
export async function prepareUpdate(
  model: TrainableModel,
  rollouts: readonly Rollout[],
  advantages: readonly number[] | Float32Array,
  options: TapoOptions,
  need: { readonly needsOld: boolean; readonly reference?: VisionLanguageModel | undefined },
): Promise<ScoredRollout[]> {
  const { objective } = options;
  const updated = scoredUnder(rollouts, (r) => updatePrompt(r, options));
  const old = need.needsOld ? await model.logProbs(updated) : undefined;
  const negative =
    usesNegative(objective) && !objective.negativeGradient
      ? await model.logProbs(scoredUnder(rollouts, negativePrompt))
      : undefined;
  const reference = usesReference(objective) ? await need.reference?.logProbs(updated) : undefined;
  return rollouts.map((rollout, i) => ({
    rollout,
    advantage: advantages[i] as number,
    old: old?.[i],
    negative: negative?.[i],
    reference: reference?.[i],
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
  const unit = rowsOfUnit(options.objective);
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
  const rollouts = chunk.map((s) => s.rollout);
  const { objective } = options;
  const batch = model.prepare(scoredUnder(rollouts, (r) => updatePrompt(r, options)));
  const live = objective.negativeGradient && usesNegative(objective);
  const negativeBatch = live ? model.prepare(scoredUnder(rollouts, negativePrompt)) : undefined;
  const loss = (): tf.Scalar => {
    const logProbs = model.completionLogProbs(batch);
    const output = tapoObjective(
      {
        logProbs,
        oldLogProbs: rowsOf(chunk, "old", batch.width) ?? detach(logProbs),
        negativeLogProbs:
          negativeBatch === undefined
            ? rowsOf(chunk, "negative", batch.width)
            : model.completionLogProbs(negativeBatch),
        referenceLogProbs: rowsOf(chunk, "reference", batch.width),
        advantages: tf.tensor1d(chunk.map((s) => s.advantage)),
        mask: batch.mask,
      },
      objective,
    );
    const read = readFigures(output.figures);
    for (const name of OBJECTIVE_FIGURES) {
      if (name !== "loss") figures[name] = (figures[name] ?? 0) + weight * read[name]; // the trainer adds up the loss
    }
    return tf.mul(output.loss, weight);
  };
  return {
    examples: [...new Set(rollouts.map(({ example }) => example))],
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

function negativePrompt({ negativePrompt: prompt }: Rollout): Prompt {
  return required(prompt, () => new RangeError("a rollout has no negative image, but the objective asks about it"));
}

function scoredUnder(rollouts: readonly Rollout[], of: (rollout: Rollout) => Prompt): Scored[] {
  return rollouts.map((rollout) => ({ prompt: of(rollout), tokenIds: rollout.completion.tokenIds }));
}

/** Rows that are averaged together before the mean over the update is taken; a chunk holds whole ones. */
function rowsOfUnit({ tokenMean, microBatch }: ObjectiveOptions): number {
  return tokenMean === "microBatch" ? microBatch : 1;
}

/** A chunk's part of the update, in the terms of `tokenWeights`: its tokens, or its units (a last one may be short). */
function weightOf(rollouts: readonly ScoredRollout[], { objective }: TapoOptions): number {
  if (objective.tokenMean !== "batch") return Math.ceil(rollouts.length / rowsOfUnit(objective));
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
