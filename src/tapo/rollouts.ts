import { check } from "../core/progress";
import { Random } from "../core/random";
import type { Completion, Prompt, VisionLanguageModel } from "../model/contract";
import type { Triplet } from "../data/types";
import { isInformative, nextMove } from "./dynamicSampling";
import type { TapoOptions } from "./options";
import { reward, type Reward } from "./rewards";
import { usesNegative } from "./terms";

/** A question of stage 2 with its triplet: what one rollout group is made from. */
export interface TapoExample {
  readonly id: string;
  readonly triplet: Triplet;
  readonly answer: string;
  /** The question asked about one of the triplet's images. */
  prompt(image: keyof Triplet): Promise<Prompt>;
  /**
   * The same question about pictures of other classes that could be taken for the anchor's, a class each: `count` of them, or as many as
   * there are. Needed where the policy mines its negatives (`mining.ts`).
   */
  readonly rivals?: (count: number, random: Random) => Promise<Prompt[]>;
}

/** One sampled answer with everything the update needs. */
export interface Rollout {
  /** Index of its group within the batch. */
  readonly group: number;
  /** The example's id. */
  readonly example: string;
  readonly source: "anchor" | "positive";
  /** The image that made it. */
  readonly rolloutPrompt: Prompt;
  readonly anchorPrompt: Prompt;
  /** Absent when no term of the objective looks at it, or when the policy is to mine it. */
  readonly negativePrompt: Prompt | undefined;
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
  let sampled: Totals = { groups: 0, rollouts: 0, reward: 0, accuracy: 0, length: 0 };
  const wanted = options.promptsPerRollout;
  for (let resamples = 0; ; resamples++) {
    check(signal);
    const fresh = new Random(seed).fork(`try ${resamples}`).uint32();
    const groups = await sampleGroups(model, draw(wanted - kept.length), options, fresh, signal);
    sampled = groups.reduce(addGroup, sampled);
    kept.push(...groups.filter((group) => teaches(group, options)));
    if (nextMove({ informative: kept.length, wanted, resamples }, options) !== "resample") {
      return { ...summary(kept, sampled), resamples };
    }
  }
}

function teaches(group: readonly Rollout[], { dynamicSampling, groupFilter }: TapoOptions): boolean {
  const accuracies = group.map(({ reward: { accuracy } }) => accuracy);
  return !dynamicSampling || isInformative(accuracies, groupFilter);
}

/** Sums over everything sampled so far: all that stays of groups thrown away, whose prompts hold decoded pictures. */
interface Totals {
  readonly groups: number;
  readonly rollouts: number;
  readonly reward: number;
  readonly accuracy: number;
  readonly length: number;
}

/** Adds one rollout after the other, in the order of sampling: the order decides the means' last digits. */
function addGroup(totals: Totals, group: readonly Rollout[]): Totals {
  const add = (from: number, of: (r: Rollout) => number) => group.reduce((total, r) => total + of(r), from);
  return {
    groups: totals.groups + 1,
    rollouts: totals.rollouts + group.length,
    reward: add(totals.reward, (r) => r.reward.overall),
    accuracy: add(totals.accuracy, (r) => r.reward.accuracy),
    length: add(totals.length, (r) => r.completion.tokenIds.length),
  };
}

function summary(kept: readonly Rollout[][], sampled: Totals): Omit<RolloutBatch, "resamples"> {
  return {
    rollouts: kept.flatMap((rollouts, group) => rollouts.map((r) => ({ ...r, group }))),
    groups: kept.length,
    sampledGroups: sampled.groups,
    meanReward: sampled.reward / sampled.rollouts,
    meanAccuracy: sampled.accuracy / sampled.rollouts,
    meanLength: sampled.length / sampled.rollouts,
  };
}

/** One group per example. All prompts are sampled in one call: blocks of gcd(n₁, n₂) samples share their prompt's cache. */
async function sampleGroups(
  model: VisionLanguageModel,
  examples: readonly TapoExample[],
  options: TapoOptions,
  seed: number,
  signal?: AbortSignal,
): Promise<Rollout[][]> {
  const { n1, n2, maxNewTokens, temperature, topP } = options;
  const samples = gcd(n1, n2);
  const blocks = (await Promise.all(examples.map((example) => blocksOf(example, options, samples)))).flat();
  const completions = await model.generate(
    blocks.map((block) => block.rolloutPrompt),
    { samples, maxNewTokens, temperature, topP, seed, signal },
  );
  const rollouts = blocks.map(({ answer, ...block }, i) =>
    (completions[i] ?? []).map((completion) => ({
      ...block,
      group: 0, // numbered when the batch is complete
      completion,
      reward: reward(completion.text, answer, options.formatWeight),
    })),
  );
  const perGroup = (n1 + n2) / samples;
  return examples.map((_, i) => rollouts.slice(i * perGroup, (i + 1) * perGroup).flat());
}

/** What the rollouts of one block have in common. */
type Block = Pick<Rollout, "example" | "source" | "rolloutPrompt" | "anchorPrompt" | "negativePrompt"> & {
  readonly answer: string;
};

/** The blocks of one group, anchor first. Images that play no part are not loaded. */
async function blocksOf(example: TapoExample, options: TapoOptions, samples: number): Promise<Block[]> {
  const { n1, n2, objective, rivals } = options;
  const anchorPrompt = await example.prompt("anchor");
  const positivePrompt = n2 > 0 ? await example.prompt("positive") : anchorPrompt;
  const negativePrompt = usesNegative(objective) && rivals === undefined ? await example.prompt("negative") : undefined;
  const block = (source: Rollout["source"], rolloutPrompt: Prompt): Block => ({
    example: example.id,
    source,
    rolloutPrompt,
    anchorPrompt,
    negativePrompt,
    answer: example.answer,
  });
  return [
    ...Array.from({ length: n1 / samples }, () => block("anchor", anchorPrompt)),
    ...Array.from({ length: n2 / samples }, () => block("positive", positivePrompt)),
  ];
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}
