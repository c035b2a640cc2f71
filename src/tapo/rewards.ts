import { firstAnswer, includesText, isWellFormed, tightenTags } from "../core/answer";

/** What a rollout earned, as the release logs it. */
export interface Reward {
  /** (1 − w)·accuracy + w·format. */
  readonly overall: number;
  /** 1 when the response is one `<think>` and one `<answer>` part and nothing else, else 0. */
  readonly format: number;
  /** 1 when the truth stands inside `<answer>`, upper and lower case alike, else 0. */
  readonly accuracy: number;
}

/**
 * r of Eq. 1 as the release computes it (`cls_thinking.py`): white space around `<`, `>` and `/` is removed first.
 * @param formatWeight w; 0.1 in the release
 */
export function reward(response: string, groundTruth: string, formatWeight = 0.1): Reward {
  const text = tightenTags(response);
  const format = isWellFormed(text) ? 1 : 0;
  const answer = firstAnswer(text);
  const accuracy = answer !== null && includesText(answer, groundTruth) ? 1 : 0;
  return { overall: (1 - formatWeight) * accuracy + formatWeight * format, format, accuracy };
}
