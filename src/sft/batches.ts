import { microBatch, type Loss, type MicroBatch } from "../engine/gradient";
import type { Scored, TrainableModel } from "../model/contract";
import { nextTokenLoss } from "./loss";

/** A scored item with a name for messages. */
export type NamedItem = Scored & { readonly id?: string };

/** Items, and the number of tokens that the sum over theirs is divided by: those of the whole step. */
interface TokenMeanData {
  readonly items: readonly Scored[];
  readonly tokens: number;
}

/** The part that some items have in a step's mean over tokens. */
export const tokenMeanLoss: Loss<TrainableModel, TokenMeanData> = {
  name: "token mean",
  prepare: (model, { items, tokens }) => {
    const batch = model.prepare(items);
    return {
      loss: () => nextTokenLoss(model.completionLogProbs(batch), batch.mask, tokens),
      dispose: () => {
        batch.dispose();
      },
    };
  },
};

/**
 * The micro-batches of one step whose loss is the mean over all tokens of `items`, times `weight`: the same loss and
 * gradient for any `size`, but for rounding. Items of like length go together, so that little is spent on padding.
 */
export function tokenMeanBatches(items: readonly NamedItem[], size: number, weight = 1): MicroBatch<TrainableModel>[] {
  const tokens = countTokens(items) / weight;
  const sorted = [...items].sort((a, b) => a.tokenIds.length - b.tokenIds.length);
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => {
    const part = sorted.slice(i * size, (i + 1) * size);
    const data = { items: part.map(({ prompt, tokenIds }) => ({ prompt, tokenIds })), tokens };
    return microBatch(
      tokenMeanLoss,
      data,
      part.flatMap(({ id }) => id ?? []),
    );
  });
}

/** Completion tokens of a batch, end tokens included. */
export function countTokens(items: readonly Scored[]): number {
  return items.reduce((total, item) => total + item.tokenIds.length, 0);
}
