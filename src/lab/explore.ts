import { z } from "zod";
import { parserOf } from "../config/stored";
import { namePairs, pairStates, separability, type NamePair, type Separability } from "../analysis/separability";
import type { BenchmarkItem, Triplet } from "../data/types";
import { evaluate } from "../eval/evaluate";
import type { EvaluationRecord } from "../eval/records";
import { QwenModel } from "../model/qwen/model";
import { openEncoder } from "./encoder";
import { testItems } from "./evaluation";
import type { Lab } from "./lab";
import { runStage } from "../store/stage";
import { tripletStage, type Checkpoint } from "./training";

/** The triplets that stage 2 trains on, mined with the profile's own encoder. */
export async function minedTriplets(lab: Lab): Promise<Triplet[]> {
  const encoder = await openEncoder(lab.profile.dualEncoder);
  try {
    return await tripletStage(lab, (images) => encoder.encodeImages(images), encoder.key);
  } finally {
    encoder.dispose();
  }
}

/** One question and what two checkpoints answer it, thinking, in the open world. */
export interface Contrast {
  readonly item: BenchmarkItem;
  readonly before: EvaluationRecord;
  readonly after: EvaluationRecord;
}

/** Asks two checkpoints about pictures of different unseen classes, at most `count`. Nothing is kept. */
export async function contrasts(lab: Lab, before: Checkpoint, after: Checkpoint, count = 24): Promise<Contrast[]> {
  const items = onePerClass(lab.world.test("unseen")).slice(0, count);
  const first = await answers(lab, before, items, "before");
  const second = await answers(lab, after, items, "after");
  return items.flatMap((item, i) => {
    const [a, b] = [first[i], second[i]];
    return a === undefined || b === undefined ? [] : [{ item, before: a, after: b }];
  });
}

/** H3 for one checkpoint: a test picture of every class, beside its name and beside a wrong one. */
export interface SeparabilityStage {
  readonly pairs: readonly NamePair[];
  readonly result: Separability;
}

const pairOf = z.tuple([z.number(), z.number()]);
const separabilitySchema: z.ZodType<Separability> = z.strictObject({
  points: z.array(pairOf),
  explained: pairOf,
  accuracy: z.strictObject({ value: z.number(), low: z.number(), high: z.number(), n: z.int().min(1) }),
});

/** Measures how far a checkpoint's last hidden states tell right picture–name pairs from wrong ones (H3, Fig. 4). */
export async function separabilityStage(lab: Lab, name: string, from: Checkpoint): Promise<SeparabilityStage> {
  const { seed, promptSet } = lab.profile;
  const pairs = namePairs(onePerClass(testItems(lab)), seed);
  const inputs = {
    from: from.key,
    world: lab.world.fingerprint,
    seed,
    promptSet,
    pairs: pairs.map((p) => [p.image.id, p.name]),
  };
  const stage = await runStage(lab, `separability-${name}`, inputs, {
    parse: parserOf(separabilitySchema),
    run: async () => {
      const model = await QwenModel.load(from.folder);
      try {
        const states = await pairStates(model, model.config.text.layers, promptSet, pairs);
        return separability(pairs, states, seed);
      } finally {
        model.dispose();
      }
    },
  });
  return { pairs, result: stage.result };
}

async function answers(
  lab: Lab,
  from: Checkpoint,
  items: readonly BenchmarkItem[],
  label: string,
): Promise<EvaluationRecord[]> {
  const { evaluation, promptSet } = lab.profile;
  const model = await QwenModel.load(from.folder);
  try {
    return await evaluate(model, items, {
      world: "open",
      thinking: true,
      promptSet,
      seed: evaluation.seed,
      maxNewTokens: evaluation.maxNewTokensThinking,
      batchSize: evaluation.batchSize,
      label,
      progress: lab.progress,
      ...(lab.signal === undefined ? {} : { signal: lab.signal }),
    });
  } finally {
    model.dispose();
  }
}

function onePerClass(items: readonly BenchmarkItem[]): BenchmarkItem[] {
  const known = new Set<string>();
  return items.filter(({ image }) => {
    if (known.has(image.subCategory.id)) return false;
    known.add(image.subCategory.id);
    return true;
  });
}
