import { required } from "../core/errors";
import { Random } from "../core/random";
import type { Prompt, Scored, VisionLanguageModel } from "../model/contract";
import type { TapoOptions } from "./options";
import type { Rollout, TapoExample } from "./rollouts";
import { usesNegative } from "./terms";

/**
 * Online mining, an alternative to the paper's choice of negatives: §4.3 takes the most similar class, found once, before the training; here an encoder
 * finds it, which does not know what the policy takes for what. With this option the policy mines for itself, before every update of a batch of rollouts. Of K pictures of other
 * classes, the negative of a group is the one under which the policy would most readily have given the very answer that it gave to
 * the anchor, the group's first right one: where log π(o | q, x_neg) is largest, and so g of Eq. 2 smallest. The answer is kept as
 * it was sampled, chain and all. It costs K scored answers per group, beside n₁ + n₂ sampled ones.
 *
 * The K pictures are drawn by the seed, the batch and the example, and the rest follows from the policy: training goes on after a
 * kill with the negatives that it would have had.
 */

/**
 * The rollouts with negatives that the policy itself has mined; as they are where `rivals` is absent or no term looks at negatives.
 * @param seed of the batch
 */
export async function withMinedNegatives(
  model: Pick<VisionLanguageModel, "logProbs">,
  rollouts: readonly Rollout[],
  examples: readonly TapoExample[],
  options: TapoOptions,
  seed: number,
): Promise<readonly Rollout[]> {
  const { rivals: count } = options;
  if (count === undefined || !usesNegative(options.objective) || rollouts.length === 0) return rollouts;
  const byId = new Map(examples.map((example) => [example.id, example]));
  const groups = [...new Set(rollouts.map(({ group }) => group))];
  const asked = await Promise.all(
    groups.map(async (group) => {
      const answer = answerOf(rollouts.filter((rollout) => rollout.group === group));
      const example = required(byId.get(answer.example), () => new RangeError(`no example ${answer.example}`));
      const rivals = required(example.rivals, () => new RangeError(`${example.id} has no rivals to mine among`));
      const prompts = await rivals(count, new Random(seed).fork(`rivals of ${example.id}`));
      return prompts.map((prompt): Scored => ({ prompt, tokenIds: answer.completion.tokenIds }));
    }),
  );
  const scores = (await model.logProbs(asked.flat())).map((row) => row.reduce((sum, value) => sum + value, 0));
  const negatives = new Map<number, Prompt>();
  let from = 0;
  asked.forEach((items, i) => {
    const own = scores.slice(from, (from += items.length));
    const best = items[own.indexOf(Math.max(...own))];
    negatives.set(groups[i] as number, required(best, () => new RangeError("a group has no rivals")).prompt);
  });
  return rollouts.map((rollout) => ({ ...rollout, negativePrompt: negatives.get(rollout.group) }));
}

/** The answer that a group's rivals are judged by: its first right one, or the first where none is right. */
function answerOf(group: readonly Rollout[]): Rollout {
  const found = group.find(({ reward }) => reward.accuracy === 1) ?? group[0];
  return required(found, () => new RangeError("a group has no rollouts"));
}
