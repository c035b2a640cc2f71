import { openTrainable } from "../../model/open";
import { termShares, termSharesSchema, type TermShares } from "../../tapo/shares";
import { defineStage } from "../stage";
import { readTriplets } from "./data";
import { checkpointFolder, rlExamples, rlInputsSchema, type RlInputs } from "./training";

/**
 * Each term's share of the gradient in the first update of a training by reinforcement learning: it takes that training's inputs, and
 * trains nothing.
 */
export const sharesStage = defineStage<RlInputs, TermShares>({
  kind: "shares",
  version: 1,
  inputs: rlInputsSchema,
  result: termSharesSchema,
  asks: () => ({ from: ["train"] }),
  run: async ({ from, dataset, triplets, thinking, microBatchSize, train, ...options }, bench) => {
    const data = await bench.dataset(dataset);
    const examples = rlExamples(data, readTriplets(data, bench.place(triplets)), { ...options, thinking });
    const model = await openTrainable(checkpointFolder(bench, from), train, bench.context);
    try {
      const { progress, signal } = bench.context;
      const run = { label: bench.label, microBatchSize, train, progress, signal };
      return await termShares(model, examples, options, run);
    } finally {
      model.dispose();
    }
  },
});
