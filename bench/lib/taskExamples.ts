import type { RgbImage } from "../../src/core/image";
import type { LabelledImage, Triplet } from "../../src/data/types";
import type { Completion, Prompt, SamplingOptions, TrainableModel } from "../../src/model/contract";
import type { TapoExample } from "../../src/tapo/rollouts";

/** The answer that counts as right, whatever the image. */
const ANSWER = "odd";

/** A question with its three pictures; `picture` makes a new object a call, so that no step profits from an earlier one. */
export function benchExample(id: string, text: string, picture: (image: keyof Triplet) => RgbImage): TapoExample {
  const labelled = (image: keyof Triplet): LabelledImage => ({
    id: `${id}/${image}`,
    subCategory: { id: ANSWER, name: ANSWER, superCategory: "bench", seen: true },
    load: () => Promise.resolve(picture(image)),
  });
  return {
    id,
    triplet: { anchor: labelled("anchor"), positive: labelled("positive"), negative: labelled("negative") },
    answer: ANSWER,
    prompt: (image) => Promise.resolve(benchPrompt(text, picture(image))),
  };
}

export function benchPrompt(text: string, image: RgbImage): Prompt {
  return { messages: [{ role: "user", content: `<image>${text}` }], images: [image] };
}

export interface GenerateHooks {
  /** Called before sampling. */
  readonly before?: () => Promise<void>;
  /** Called with what was sampled. */
  readonly after?: (sampled: readonly (readonly Completion[])[]) => void;
}

/**
 * The model with a made-up judgement: a rollout answers right if its first token id is odd, as in bench/peer/trl_step.py.
 * A random model would otherwise never answer right, and every advantage would be 0.
 */
export function judgedByParity(model: TrainableModel, hooks: GenerateHooks = {}): TrainableModel {
  const generate = async (prompts: readonly Prompt[], options: SamplingOptions): Promise<Completion[][]> => {
    await hooks.before?.();
    const sampled = await model.generate(prompts, options);
    hooks.after?.(sampled);
    return sampled.map((group) => group.map((c) => ({ ...c, text: answerOf(c) })));
  };
  return new Proxy(model, {
    get: (target, key) => (key === "generate" ? generate : boundMember(target, key)),
  });
}

function answerOf(completion: Completion): string {
  const odd = (completion.tokenIds[0] ?? 0) % 2 === 1;
  return `<think></think><answer>${odd ? ANSWER : "even"}</answer>`;
}

function boundMember(target: TrainableModel, key: string | symbol): unknown {
  const value: unknown = Reflect.get(target, key, target);
  return typeof value === "function" ? (value.bind(target) as unknown) : value;
}
