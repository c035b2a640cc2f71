import { z } from "zod";
import { namePairs, pairStates, separability, type NamePair, type Separability } from "../../analysis/separability";
import type { Dataset } from "../../data/dataset";
import { PROMPT_SETS, type PromptSet } from "../../data/prompts";
import type { BenchmarkItem } from "../../data/types";
import { openModel } from "../../model/open";
import { defineStage, givenSchema, refSchema, type Given, type Ref } from "../stage";
import { testItems } from "./asking";
import { checkpointFolder } from "./training";

/** H3 for one model: a test picture of every class, beside its name and beside a wrong one. */
export interface SeparabilityInputs {
  readonly model: Ref;
  readonly dataset: Given;
  readonly promptSet: PromptSet;
  readonly seed: number;
}

const pair = z.tuple([z.number(), z.number()]);
const separabilitySchema: z.ZodType<Separability> = z.strictObject({
  points: z.array(pair),
  explained: pair,
  accuracy: z.strictObject({ value: z.number(), low: z.number(), high: z.number(), n: z.int().min(1) }),
  fisher: z.number().min(0),
  silhouette: z.number().min(-1).max(1),
});

/** Measures how far a model's last hidden states tell right picture–name pairs from wrong ones (H3, Fig. 4). */
export const separabilityStage = defineStage<SeparabilityInputs, Separability>({
  kind: "separability",
  version: 4,
  inputs: z.strictObject({
    model: refSchema,
    dataset: givenSchema,
    promptSet: z.enum(PROMPT_SETS),
    seed: z.int().min(0),
  }),
  result: separabilitySchema,
  asks: { model: ["hiddenStates"] },
  run: async ({ model: ref, dataset, promptSet, seed }, bench) => {
    const pairs = pairsOf(await bench.dataset(dataset), seed);
    const model = await openModel(checkpointFolder(bench, ref), ["hiddenStates"], bench.context);
    try {
      return separability(pairs, await pairStates(model, promptSet, pairs), seed);
    } finally {
      model.dispose();
    }
  },
});

/** The pairs that a separability stage looks at. */
export function pairsOf(dataset: Dataset, seed: number): NamePair[] {
  return namePairs(dataset.subCategories, onePerClass(testItems(dataset)), seed);
}

/** The first item of every class. */
export function onePerClass(items: readonly BenchmarkItem[]): BenchmarkItem[] {
  const known = new Set<string>();
  return items.filter(({ image }) => {
    if (known.has(image.subCategory.id)) return false;
    known.add(image.subCategory.id);
    return true;
  });
}
