import { z } from "zod";
import { openTrainable } from "../../model/open";
import { termShares, type Share, type TermShares } from "../../tapo/shares";
import { defineStage } from "../stage";
import { readTriplets } from "./data";
import { checkpointFolder, rlExamples, rlInputsSchema, type RlInputs } from "./training";

const share = { share: z.number(), cosine: z.number().nullable() } satisfies z.ZodRawShape;
const count = z.int().min(0);
const sharesSchema: z.ZodType<TermShares> = z.strictObject({
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
 * Each term's share of the gradient in the first update of a training by reinforcement learning: it takes that training's inputs, and
 * trains nothing.
 */
export const sharesStage = defineStage<RlInputs, TermShares>({
  kind: "shares",
  version: 1,
  inputs: rlInputsSchema,
  result: sharesSchema,
  asks: { from: ["train"] },
  run: async ({ from, dataset, triplets, thinking, microBatchSize, train, ...options }, bench) => {
    const data = await bench.dataset(dataset);
    const examples = rlExamples(data, readTriplets(data, bench.place(triplets)), { ...options, thinking });
    const model = await openTrainable(checkpointFolder(bench, from), bench.context);
    try {
      const { progress, signal } = bench.context;
      const run = { label: bench.label, microBatchSize, train, progress, signal };
      return await termShares(model, examples, options, run);
    } finally {
      model.dispose();
    }
  },
});
