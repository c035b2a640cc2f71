import { required } from "../core/errors";
import type { Prompt, Scored, VisionLanguageModel } from "../model/contract";
import { answerOf } from "./judge";

/** A name and how probable the model finds it as its answer. */
export interface ScoredName {
  readonly name: string;
  readonly probability: number;
}

/** What a model says to one question, greedily. */
export interface Answered {
  readonly output: string;
  readonly answer: string | null;
  /**
   * The probability of exactly this answer after what the model wrote before it (its chain, where there is one), at
   * temperature 1; null without an answer.
   */
  readonly probability: number | null;
  /** The same for each option in place of the answer. They share 1 with every other text, so that they need not sum to it. */
  readonly options: readonly ScoredName[];
  readonly tokens: number;
  /** "length" when the output was cut. */
  readonly finish: "stop" | "length";
}

export interface AskOptions {
  /** Whether the prompt asks for reasoning before the answer. */
  readonly thinking: boolean;
  /** Names to be scored; those that the prompt offers. */
  readonly options?: readonly string[];
  readonly maxNewTokens: number;
}

/** Asks one question and scores the answer, and the options where there are some. */
export async function ask(model: VisionLanguageModel, prompt: Prompt, options: AskOptions): Promise<Answered> {
  const { maxNewTokens } = options;
  const made = await model.generate([prompt], { samples: 1, maxNewTokens, temperature: 0, topP: 1, seed: 0 });
  const { text, tokenIds, finish } = required(made[0]?.[0], () => new RangeError(`ask: ${model.name} gave no answer`));
  const answer = answerOf(text, options.thinking);
  const said = { output: text, answer, tokens: tokenIds.length, finish };
  if (answer === null || answer === "") return { ...said, probability: null, options: [] };
  const names = options.options ?? [];
  const [probability = null, ...others] = await answerProbabilities(model, prompt, text, answer, [answer, ...names]);
  return {
    ...said,
    probability,
    options: names.map((name, i) => ({ name, probability: others[i] ?? NaN })),
  };
}

/** P(name | prompt, everything before the answer), with each name written where the answer stands, to the very end. */
async function answerProbabilities(
  model: VisionLanguageModel,
  prompt: Prompt,
  output: string,
  answer: string,
  names: readonly string[],
): Promise<number[]> {
  const tag = "<answer>";
  const start = output.includes(tag) ? output.indexOf(tag) + tag.length : 0;
  const at = output.indexOf(answer, start);
  const before = (await model.encodeCompletion(output.slice(0, start))).slice(0, -1); // without the end token
  const items: Scored[] = [];
  for (const name of names) {
    const ending = output.slice(start, at) + name + output.slice(at + answer.length);
    items.push({ prompt, tokenIds: [...before, ...(await model.encodeCompletion(ending))] });
  }
  const logProbs = await model.logProbs(items);
  return logProbs.map((row) => Math.exp(row.slice(before.length).reduce((sum, value) => sum + value, 0)));
}
