import * as tf from "@tensorflow/tfjs-core";
import { required } from "../core/errors";
import { microBatch, type Loss, type MicroBatch } from "../engine/gradient";
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

/** A rollout as its loss sees it. */
interface UpdateRow extends Omit<ScoredRollout, "rollout"> {
  readonly prompt: Prompt;
  /** Where gradients flow through π_neg as well. */
  readonly negativePrompt: Prompt | undefined;
  readonly tokenIds: readonly number[];
}

interface UpdateData {
  readonly rows: readonly UpdateRow[];
  readonly objective: ObjectiveOptions;
  /** The rows' share of the update. */
  readonly weight: number;
}

/** The objective of some rollouts, times their share of the update, so that accumulated gradients are those of the whole. */
export const tapoLoss: Loss<TrainableModel, UpdateData> = {
  name: "TAPO",
  prepare: (model, { rows, objective, weight }) => {
    const { batch, negativeBatch } = prepareBoth(model, rows);
    const figures: Record<string, number> = {};
    const loss = (): tf.Scalar => {
      const logProbs = model.completionLogProbs(batch);
      const output = tapoObjective(
        {
          logProbs,
          oldLogProbs: rowsOf(rows, "old", batch.width) ?? detach(logProbs),
          negativeLogProbs:
            negativeBatch === undefined
              ? rowsOf(rows, "negative", batch.width)
              : model.completionLogProbs(negativeBatch),
          referenceLogProbs: rowsOf(rows, "reference", batch.width),
          advantages: tf.tensor1d(rows.map(({ advantage }) => advantage)),
          mask: batch.mask,
        },
        objective,
      );
      const read = readFigures(output.figures);
      for (const name of OBJECTIVE_FIGURES) if (name !== "loss") figures[name] = weight * read[name]; // the trainer adds up the loss
      return tf.mul(output.loss, weight);
    };
    return {
      loss,
      figures: () => figures,
      dispose: () => {
        batch.dispose();
        negativeBatch?.dispose();
      },
    };
  },
};

/** Lays rows out under their prompts and, where gradients flow there, under their negatives. Both are owned by the caller. */
function prepareBoth(model: TrainableModel, rows: readonly UpdateRow[]) {
  const batch = model.prepare(rows);
  const underNegative = rows.flatMap(({ negativePrompt: prompt, tokenIds }) => (prompt ? [{ prompt, tokenIds }] : []));
  try {
    return { batch, negativeBatch: underNegative.length === 0 ? undefined : model.prepare(underNegative) };
  } catch (error) {
    batch.dispose();
    throw error;
  }
}

/** The micro-batches of one update, of at most `size` rollouts where a unit of the mean is not larger. */
export function updateMicroBatches(
  rollouts: readonly ScoredRollout[],
  options: TapoOptions,
  size: number,
): MicroBatch<TrainableModel>[] {
  const unit = rowsOfUnit(options.objective);
  const rows = Math.max(unit, Math.floor(size / unit) * unit);
  const total = weightOf(rollouts, options);
  return Array.from({ length: Math.ceil(rollouts.length / rows) }, (_, i) => {
    const chunk = rollouts.slice(i * rows, (i + 1) * rows);
    const { objective } = options;
    const data = { rows: chunk.map((s) => rowOf(s, options)), objective, weight: weightOf(chunk, options) / total };
    return microBatch(tapoLoss, data, [...new Set(chunk.map(({ rollout }) => rollout.example))]);
  });
}

function rowOf({ rollout, ...scored }: ScoredRollout, options: TapoOptions): UpdateRow {
  const live = options.objective.negativeGradient && usesNegative(options.objective);
  return {
    ...scored,
    prompt: updatePrompt(rollout, options),
    negativePrompt: live ? negativePrompt(rollout) : undefined,
    tokenIds: rollout.completion.tokenIds,
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
  chunk: readonly UpdateRow[],
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
