import { check } from "../core/progress";
import { Random } from "../core/random";
import type { Completion, Prompt, VisionLanguageModel } from "../model/contract";
import type { Triplet } from "../data/types";
import { isInformative, nextMove } from "./dynamicSampling";
import type { TapoOptions } from "./options";
import { reward, type Reward } from "./rewards";

/** A question of stage 2 with its triplet: what one rollout group is made from. */
export interface TapoExample {
  readonly id: string;
  readonly triplet: Triplet;
  readonly answer: string;
  /** The question asked about one of the triplet's images. */
  prompt(image: keyof Triplet): Promise<Prompt>;
}

/** One sampled answer with everything the update needs. */
export interface Rollout {
  /** Index of its group within the batch. */
  readonly group: number;
  readonly source: "anchor" | "positive";
  /** The image that made it. */
  readonly rolloutPrompt: Prompt;
  readonly anchorPrompt: Prompt;
  readonly negativePrompt: Prompt;
  readonly completion: Completion;
  readonly reward: Reward;
}

export interface RolloutBatch {
  readonly rollouts: readonly Rollout[];
  readonly groups: number;
  /** Groups sampled, thrown away ones included. */
  readonly sampledGroups: number;
  /** Times new prompts had to be drawn. */
  readonly resamples: number;
  /** Means over all sampled rollouts, thrown away ones included: what the policy does, not what it is trained on. */
  readonly meanReward: number;
  readonly meanAccuracy: number;
  readonly meanLength: number;
}

/**
 * Samples `promptsPerRollout` groups of n₁ anchor and n₂ positive answers (Eq. 1). Groups whose answers are all right or
 * all wrong teach nothing and are replaced by fresh prompts, at most `maxResample` times (dynamic sampling, Eq. 4's
 * constraint); the batch may then hold fewer groups.
 * @param draw hands out the next `count` examples of the training order
 */
export async function collectRollouts(
  model: VisionLanguageModel,
  draw: (count: number) => readonly TapoExample[],
  options: TapoOptions,
  seed: number,
  signal?: AbortSignal,
): Promise<RolloutBatch> {
  const kept: Rollout[][] = [];
  const all: Rollout[] = [];
  let resamples = 0;
  let sampledGroups = 0;
  for (;;) {
    check(signal);
    const examples = draw(options.promptsPerRollout - kept.length);
    const groups = await sampleGroups(
      model,
      examples,
      options,
      new Random(seed).fork(`try ${resamples}`).uint32(),
      signal,
    );
    sampledGroups += groups.length;
    for (const group of groups) {
      all.push(...group);
      if (
        !options.dynamicSampling ||
        isInformative(
          group.map((r) => r.reward.accuracy),
          options.groupFilter,
        )
      )
        kept.push(group);
    }
    const move = nextMove({ informative: kept.length, wanted: options.promptsPerRollout, resamples }, options);
    if (move !== "resample") break;
    resamples += 1;
  }
  const mean = (f: (r: Rollout) => number) => all.reduce((total, r) => total + f(r), 0) / all.length;
  return {
    rollouts: kept.flatMap((group, index) => group.map((r) => ({ ...r, group: index }))),
    groups: kept.length,
    sampledGroups,
    resamples,
    meanReward: mean((r) => r.reward.overall),
    meanAccuracy: mean((r) => r.reward.accuracy),
    meanLength: mean((r) => r.completion.tokenIds.length),
  };
}

/** One group an example. All prompts are sampled in one call: blocks of gcd(n₁, n₂) samples share their prompt's cache. */
async function sampleGroups(
  model: VisionLanguageModel,
  examples: readonly TapoExample[],
  options: TapoOptions,
  seed: number,
  signal?: AbortSignal,
): Promise<Rollout[][]> {
  const { n1, n2 } = options;
  const block = gcd(n1, n2);
  const prompted = await Promise.all(
    examples.map(async (e) => ({
      e,
      anchor: await e.prompt("anchor"),
      positive: await e.prompt("positive"),
      negative: await e.prompt("negative"),
    })),
  );
  const blocks = prompted.flatMap((p) => [
    ...Array.from({ length: n1 / block }, () => ({ ...p, source: "anchor" as const })),
    ...Array.from({ length: n2 / block }, () => ({ ...p, source: "positive" as const })),
  ]);
  const completions = await model.generate(
    blocks.map((b) => b[b.source]),
    {
      samples: block,
      maxNewTokens: options.maxNewTokens,
      temperature: options.temperature,
      topP: options.topP,
      seed,
      ...(signal === undefined ? {} : { signal }),
    },
  );
  const rollouts = blocks.map((b, i) =>
    (completions[i] ?? []).map((completion) => ({
      group: 0,
      source: b.source,
      rolloutPrompt: b[b.source],
      anchorPrompt: b.anchor,
      negativePrompt: b.negative,
      completion,
      reward: reward(completion.text, b.e.answer, options.formatWeight),
    })),
  );
  const perGroup = (n1 + n2) / block;
  return examples.map((_, i) => rollouts.slice(i * perGroup, (i + 1) * perGroup).flat());
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}
