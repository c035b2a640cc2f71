import type { Completion, Prompt, SamplingOptions, Scored, VisionLanguageModel } from "../../src/model/contract";
import { ScriptedModel } from "../../src/model/scripted/scriptedModel";
import { DEFAULTS, type TapoOptions } from "../../src/tapo/options";
import type { TapoExample } from "../../src/tapo/rollouts";
import type { LabelledImage } from "../../src/data/types";
import { ask, picture } from "../sft/tinyPolicy";

export const answer = (word: string): string => `<think> one </think><answer> ${word} </answer>`;

/** The text of a prompt, by which the tests tell images apart: "<id> anchor", … */
export const textOf = (prompt: Prompt): string => prompt.messages[0]?.content ?? "";

/** A scripted model that notes what it is asked. */
export class Recorder extends ScriptedModel implements VisionLanguageModel {
  readonly generated: { texts: string[]; options: SamplingOptions }[] = [];
  readonly scored: string[][] = [];

  override generate(prompts: readonly Prompt[], options: SamplingOptions): Promise<Completion[][]> {
    this.generated.push({ texts: prompts.map(textOf), options });
    return super.generate(prompts, options);
  }

  override logProbs(items: readonly Scored[]): Promise<number[][]> {
    this.scored.push(items.map(({ prompt }) => textOf(prompt)));
    return super.logProbs(items);
  }
}

/** A question whose prompts say which image they show; `loaded` notes those that were asked for. */
export function example(id: string, loaded: string[] = []): TapoExample {
  const image = (which: string): LabelledImage => ({
    id: `${id}/${which}`,
    subCategory: { id: "tree/ash", name: "ash", superCategory: "tree", seen: true },
    load: () => Promise.resolve(picture(100, id)),
  });
  return {
    id,
    triplet: { anchor: image("anchor"), positive: image("positive"), negative: image("negative") },
    answer: "ash",
    prompt: (which) => {
      loaded.push(`${id} ${which}`);
      return Promise.resolve(ask(picture(100, id), `${id} ${which}`));
    },
  };
}

export type TapoChanges = Partial<Omit<TapoOptions, "objective">> & {
  readonly objective?: Partial<TapoOptions["objective"]>;
};

/** The defaults in small. */
export function tapoOptions({ objective = {}, ...changes }: TapoChanges = {}): TapoOptions {
  return {
    ...DEFAULTS,
    n1: 2,
    n2: 2,
    maxNewTokens: 60,
    promptsPerRollout: 3,
    promptsPerUpdate: 3,
    promptSet: "mini",
    seed: 1,
    ...changes,
    objective: { ...DEFAULTS.objective, ...objective },
  };
}
