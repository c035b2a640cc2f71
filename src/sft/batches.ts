import type { MicroBatch } from "../engine/train";
import type { Scored, TrainableModel } from "../model/contract";
import { nextTokenLoss } from "./loss";

/** A scored item with a name for messages. */
export type NamedItem = Scored & { readonly id?: string };

/**
 * The micro-batches of one step whose loss is the mean over all tokens of `items`, times `weight`: the same loss and
 * gradient for any `size`. Items of like length go together, so that little is spent on padding.
 */
export function* tokenMeanBatches(
  model: TrainableModel,
  items: readonly NamedItem[],
  size: number,
  weight = 1,
): Generator<MicroBatch> {
  const tokens = countTokens(items) / weight;
  const sorted = [...items].sort((a, b) => a.tokenIds.length - b.tokenIds.length);
  for (let i = 0; i < sorted.length; i += size) {
    const part = sorted.slice(i, i + size);
    const batch = model.prepare(part);
    yield {
      examples: part.flatMap(({ id }) => id ?? []),
      loss: () => nextTokenLoss(model.completionLogProbs(batch), batch.mask, tokens),
      dispose: () => {
        batch.dispose();
      },
    };
  }
}

/** Completion tokens of a batch, end tokens included. */
export function countTokens(items: readonly Scored[]): number {
  return items.reduce((total, item) => total + item.tokenIds.length, 0);
}
