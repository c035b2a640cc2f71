import type { LabelledImage } from "../data/types";
import type { Prompt, VisionLanguageModel } from "../model/contract";
import type { Teacher } from "../data/teacher";

export interface ModelTeacherOptions {
  readonly temperature: number;
  readonly topP: number;
  /** Longest description and longest chain, in tokens. */
  readonly descriptionTokens: number;
  readonly chainTokens: number;
  readonly signal?: AbortSignal | undefined;
}

export const DEFAULT_MODEL_TEACHER_OPTIONS: ModelTeacherOptions = {
  temperature: 1,
  topP: 0.99,
  descriptionTokens: 256,
  chainTokens: 2048,
};

/** What each description is led to ("each emphasizing different visual attributes", §4.2). */
export const EMPHASES = [
  "its overall shape and proportions",
  "its colours and where they stand",
  "its patterns, markings and textures",
  "its parts and their form",
  "what tells it from similar ones",
] as const;

/**
 * The wording of one description. Short attributes between commas, so that the same feature is worded alike in several
 * descriptions and can be counted. The paper does not give its wording.
 */
function descriptionPrompt(superCategory: string, emphasis: string): string {
  return (
    `Describe the ${superCategory} in this image, above all ${emphasis}. Answer with one line of short visual ` +
    `attributes separated by commas, each a part and its look, such as "red crown, striped wings". Do not name its kind.`
  );
}

/**
 * A teacher that asks a vision-language model: in-process, or served (the paper's is Qwen2.5-VL-32B). The model stays the
 * caller's, who disposes it.
 */
export function modelTeacher(
  model: VisionLanguageModel,
  options: ModelTeacherOptions = DEFAULT_MODEL_TEACHER_OPTIONS,
): Teacher {
  const { temperature, topP, descriptionTokens, chainTokens, signal } = options;
  const sample = async (
    prompts: readonly Prompt[],
    samples: number,
    maxNewTokens: number,
    seed: number,
  ): Promise<string[][]> => {
    const shared = { samples, maxNewTokens, temperature, topP, seed };
    const answers = await model.generate(prompts, signal === undefined ? shared : { ...shared, signal });
    return answers.map((group) => group.map(({ text }) => text.trim()));
  };
  return {
    name: model.name,
    lanes: model.usage === undefined ? 1 : model.lanes, // one in process is as busy with one image as with several
    async describe(image, count, seed) {
      const emphases = EMPHASES.slice(0, count);
      const prompts = await Promise.all(
        emphases.map((emphasis) => ask(image, descriptionPrompt(image.subCategory.superCategory, emphasis))),
      );
      const groups = await sample(prompts, Math.ceil(count / emphases.length), descriptionTokens, seed);
      // Round by round, so that the first `count` cover as many emphases as there are.
      return (groups[0] ?? []).flatMap((_, round) => groups.map((group) => group[round] ?? "")).slice(0, count);
    },
    async reason(image, prompt, count, seed) {
      const groups = await sample([await ask(image, prompt)], count, chainTokens, seed);
      return groups[0] ?? [];
    },
  };
}

async function ask(image: LabelledImage, text: string): Promise<Prompt> {
  return { messages: [{ role: "user", content: `<image>${text}` }], images: [await image.load()] };
}
