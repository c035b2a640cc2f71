import { LabError } from "../../core/errors";
import { breathe, check } from "../../core/progress";
import { hashText, Random } from "../../core/random";
import type { RgbImage } from "../../core/image";
import type { Completion, HiddenStateOptions, Prompt, SamplingOptions, Scored, VisionLanguageModel } from "../contract";
import { keepNucleus } from "../qwen/sampling";
import { answerProbabilities, type Script } from "./script";
import { decodeText, encodeText, END_TOKEN } from "./textCode";

/** Width of the vectors that stand for hidden states, and the number of layers they are told apart by. */
const WIDTH = 16;
const LAYERS = 2;
/** log π of a token that no scripted answer has at its place. */
const UNSCRIPTED = -20;

/**
 * A model whose answers come from a script: a distribution over whole answers for each prompt, sampled with seeds,
 * temperature and top-p as a real model's. The log-probability of an answer is spread evenly over its tokens. Hidden
 * states are vectors that depend on what they should depend on: the text, the images, the layer.
 */
export class ScriptedModel implements VisionLanguageModel {
  constructor(
    private readonly script: Script,
    readonly name = "scripted",
  ) {}

  async generate(prompts: readonly Prompt[], options: SamplingOptions): Promise<Completion[][]> {
    await breathe();
    check(options.signal);
    return prompts.map((prompt, b) => {
      const answers = this.script(prompt);
      const probabilities = answerProbabilities(answers);
      return Array.from({ length: options.samples }, (_, g) => {
        const chosen = choose(probabilities, options, new Random(options.seed).fork(b).fork(g));
        return completion(answers[chosen]?.text ?? "", probabilities[chosen] ?? 0, options.maxNewTokens);
      });
    });
  }

  async logProbs(items: readonly Scored[]): Promise<number[][]> {
    await breathe();
    return items.map(({ prompt, tokenIds }) => {
      const answers = this.script(prompt);
      const probabilities = answerProbabilities(answers);
      const scripted = answers.map(({ text }, index) => tokensOf(text, probabilities[index] ?? 0));
      const longest = scripted
        .map((candidate) => ({ ...candidate, agree: agreement(candidate.tokenIds, tokenIds) }))
        .reduce((best, other) => (other.agree > best.agree ? other : best));
      return tokenIds.map((_, t) => (t < longest.agree ? longest.logProb : UNSCRIPTED));
    });
  }

  async hiddenStates(prompts: readonly Prompt[], options: HiddenStateOptions): Promise<Float32Array[]> {
    await breathe();
    const { pool } = options;
    const layers = layersOf(options);
    return prompts.flatMap(({ messages, images }) => {
      if (pool === "imageMean" && images.length === 0) {
        throw new LabError("a prompt without an image has no mean over it", 'Use "last" or "mean".', {
          subject: "pool",
        });
      }
      const seen = images.map(imageKey).join();
      const read = messages.map(({ role, content }) => `${role}: ${content}`).join("\n");
      return layers.map((layer) => {
        const random = new Random(`${layer}/${pool === "imageMean" ? seen : `${seen}/${pool}/${read}`}`);
        return Float32Array.from({ length: WIDTH }, () => random.normal());
      });
    });
  }

  encodeCompletion(text: string): number[] {
    return [...encodeText(text), END_TOKEN];
  }

  decode(tokenIds: readonly number[]): string {
    return decodeText(tokenIds);
  }

  /** There is nothing to free. */
  dispose(): void {
    return undefined;
  }
}

function layersOf({ layer }: HiddenStateOptions): number[] {
  if (layer === "every") return Array.from({ length: LAYERS + 1 }, (_, place) => place);
  if (layer === "last") return [LAYERS];
  if (Number.isInteger(layer) && layer >= 0 && layer <= LAYERS) return [layer];
  throw new LabError(`there is no layer ${layer}`, `Ask for one of 0 to ${LAYERS}.`, { subject: "layer" });
}

function choose(probabilities: readonly number[], options: SamplingOptions, random: Random): number {
  const top = Math.max(...probabilities);
  if (options.temperature === 0) return probabilities.indexOf(top);
  const weights = Float64Array.from(probabilities, (p) => (p / top) ** (1 / options.temperature));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let left = random.uniform() * (options.topP < 1 ? keepNucleus(weights, total, options.topP) : total);
  const found = weights.findIndex((weight) => (left -= weight) < 0);
  return found < 0 ? probabilities.indexOf(top) : found;
}

function tokensOf(text: string, probability: number): { tokenIds: number[]; logProb: number } {
  const tokenIds = [...encodeText(text), END_TOKEN];
  return { tokenIds, logProb: Math.log(probability) / tokenIds.length };
}

function completion(answer: string, probability: number, maxNewTokens: number): Completion {
  const { tokenIds, logProb } = tokensOf(answer, probability);
  const kept = tokenIds.slice(0, maxNewTokens);
  return {
    tokenIds: kept,
    text: decodeText(kept),
    logProbs: kept.map(() => logProb),
    finish: kept.length < tokenIds.length ? "length" : "stop",
  };
}

/** How many tokens agree from the start. */
function agreement(a: readonly number[], b: readonly number[]): number {
  let t = 0;
  while (t < a.length && t < b.length && a[t] === b[t]) t++;
  return t;
}

function imageKey({ width, height, data }: RgbImage): string {
  return `${width}x${height}:${hashText(Buffer.from(data).toString("latin1"))}`;
}
