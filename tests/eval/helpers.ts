import type { RgbImage } from "../../src/core/image";
import type { BenchmarkItem, SubCategory } from "../../src/data/types";
import type { Answer } from "../../src/eval/answers";
import type { MetricContext } from "../../src/eval/metrics";
import type { TextEncoder } from "../../src/eval/similarity";
import type { Completion, Prompt, SamplingOptions, VisionLanguageModel } from "../../src/model/contract";

const NAMES = ["least auklet", "crested auklet", "parakeet auklet", "rhinoceros auklet"];

/** `count` closed-world items over two domains, the truth first as in the release; every second class is unseen. */
export function someItems(count: number): BenchmarkItem[] {
  return Array.from({ length: count }, (_, i) => {
    const name = NAMES[i % 4]!;
    const options = [name, ...NAMES.filter((other) => other !== name)];
    const superCategory = i % 3 === 0 ? "car" : "bird";
    const subCategory: SubCategory = { id: `${superCategory}/${name}`, name, superCategory, seen: i % 2 === 0 };
    const image: RgbImage = { width: 1, height: 1, data: Uint8Array.of(i, 0, 0) };
    return {
      id: `item ${i}`,
      image: { id: `birds/${i}.jpg`, subCategory, load: () => Promise.resolve(image) },
      question: "What bird is this?",
      options,
      groundTruth: name,
    };
  });
}

/** A model that answers by a rule and keeps the prompts it was asked. */
export interface RuleModel extends VisionLanguageModel {
  readonly asked: Prompt[][];
}

/** @param rule from the text of the prompt to the output; may throw */
export function ruleModel(rule: (text: string, prompt: Prompt) => string): RuleModel {
  const asked: Prompt[][] = [];
  const complete = (prompt: Prompt): Completion => {
    const text = rule(prompt.messages[0]!.content, prompt);
    return { tokenIds: [1, 2], text, logProbs: [0, 0], finish: "stop" };
  };
  return {
    name: "rule",
    asked,
    generate: (prompts: readonly Prompt[], options: SamplingOptions) => {
      asked.push([...prompts]);
      return Promise.resolve(prompts.map((prompt) => Array.from({ length: options.samples }, () => complete(prompt))));
    },
    logProbs: () => Promise.resolve([]),
    hiddenStates: () => Promise.resolve([]),
    encodeCompletion: () => [],
    decode: () => "",
    dispose: () => undefined,
  };
}

/** An answer with the given fields; the rest says that a seen bird was asked about in the open world, and nothing was said. */
export function answer(fields: Partial<Answer>): Answer {
  return {
    id: "x",
    image: "x.png",
    domain: "bird",
    seen: true,
    truth: "least auklet",
    options: null,
    output: "",
    tokens: 1,
    finish: "stop",
    ...fields,
  };
}

/** What metrics know of a direct answer to a dataset without classes. */
export const DIRECT: MetricContext = { thinking: false, classes: [] };

/** A class of a super-category. */
export function subCategory(superCategory: string, name: string, seen: boolean): SubCategory {
  return { id: `${superCategory}/${name}`, name, superCategory, seen };
}

/** Texts as counts of their 26 letters: a text encoder that needs no weights. */
export const letters: TextEncoder = (texts) =>
  Promise.resolve(
    texts.map((t) => Float32Array.from({ length: 26 }, (_, k) => t.split(String.fromCharCode(97 + k)).length - 1)),
  );
