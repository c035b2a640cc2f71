import type * as tf from "@tensorflow/tfjs-core";
import type { RgbImage } from "../core/image";
import type { Progress } from "../core/progress";
import type { Runner } from "../workers/job";
import type { Workers } from "../workers/job";
import type { TrainableParts } from "./parameters";

/** Marks in a turn's text where an image stands. */
export const IMAGE_MARKER = "<image>";

/** One turn of a conversation. `IMAGE_MARKER` in the text marks where the next image of the prompt stands. */
export interface ChatMessage {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

/** A conversation up to the answer that is asked for, with its images in order. */
export interface Prompt {
  readonly messages: readonly ChatMessage[];
  readonly images: readonly RgbImage[];
  /** What the answer begins with: it has been said, and the model goes on from there. A completion is what comes behind it. */
  readonly begun?: string;
}

export interface SamplingOptions {
  /** G: how many completions of each prompt. */
  readonly samples: number;
  readonly maxNewTokens: number;
  /** 0 is greedy decoding. */
  readonly temperature: number;
  /** Keep the smallest set of tokens whose probability reaches this; 1 keeps all. */
  readonly topP: number;
  /** The same seed gives the same text on every run. */
  readonly seed: number;
  readonly signal?: AbortSignal | undefined;
}

/** One sampled answer. */
export interface Completion {
  /** The sampled tokens, the end token included when there is one; none where a server does not tell them. */
  readonly tokenIds: readonly number[];
  /** How many tokens it has, of a server that tells that and not which ones. */
  readonly length?: number | undefined;
  /** The answer without special tokens. */
  readonly text: string;
  /**
   * log π(token) at temperature 1 over the whole vocabulary, one per token: what `logProbs` of the same tokens gives. None where a server
   * does not tell them.
   */
  readonly logProbs: readonly number[];
  /** "stop": the model ended; "length": it was cut at maxNewTokens. */
  readonly finish: "stop" | "length";
  /** Why a server gave no more of it, or nothing, in its own word, such as "content_filter"; absent where it gave all. */
  readonly withheld?: string | undefined;
}

/** A completion to be scored under a prompt (teacher forcing). */
export interface Scored {
  readonly prompt: Prompt;
  readonly tokenIds: readonly number[];
}

export interface HiddenStateOptions {
  /** 0 is the embedding layer's output, L or "last" the last block's output after the final norm; "every": all of them in one pass. */
  readonly layer: number | "last" | "every";
  /** The last token of the input; the mean over the image's tokens; or the mean over all tokens. */
  readonly pool: "last" | "imageMean" | "mean";
}

/** What a model that is asked over the network has cost so far, what was paid for by an earlier run of the same work included. */
export interface Usage {
  readonly requests: number;
  /** Requests that had to be sent again. */
  readonly retries: number;
  readonly promptTokens: number;
  readonly answerTokens: number;
  /** Answers that the server withheld or cut short by a rule of its own; absent where there are none. */
  readonly withheld?: number | undefined;
  /** The waiting times of all requests together; those that are under way at the same time count each. */
  readonly seconds: number;
}

/** What every engine offers: in-process Qwen, a scripted model, a served endpoint. Shapes: B prompts, G samples, T tokens. */
export interface VisionLanguageModel {
  readonly name: string;
  /** How many calls at a time it can do more of than one; 1 where absent. */
  readonly lanes?: number;
  /** @returns [B][G] completions, in the order of the prompts */
  generate(prompts: readonly Prompt[], options: SamplingOptions): Promise<Completion[][]>;
  /** Teacher-forced log π of each completion token. @returns [B][T_b] */
  logProbs(items: readonly Scored[]): Promise<number[][]>;
  /** @returns [B] vectors of the hidden width; for every layer [B·(L + 1)], those of a prompt one after the other */
  hiddenStates(prompts: readonly Prompt[], options: HiddenStateOptions): Promise<Float32Array[]>;
  /** Token ids of a completion text, with the end token, as `generate` would have produced them. */
  encodeCompletion(text: string): number[] | Promise<number[]>;
  /** The text of some tokens, without special ones. */
  decode(tokenIds: readonly number[]): string | Promise<string>;
  /** Absent where asking costs nothing but time. */
  usage?(): Usage;
  dispose(): void;
}

/** What can be asked of a model: answers, answers that go on from a given beginning, log-probs of given answers, hidden states after the last layer or after every one, gradients. */
export type Capability = (typeof CAPABILITIES)[number];
export const CAPABILITIES = ["generate", "goOn", "score", "hiddenStates", "everyLayer", "train"] as const;

/** What is asked of a tokenizer before a run. */
export interface Vocabulary {
  /** The id of a token, or `undefined` when the vocabulary lacks it. */
  tokenId(token: string): number | undefined;
  encode(text: string): readonly number[];
}

/** What a model may use besides its files. None of it decides a number. */
export interface Opening {
  /** Processes that share its work. */
  readonly workers?: Workers | undefined;
  /** Told how far the reading of a large one is. */
  readonly progress?: Progress | undefined;
  /** Those of its weights that will be trained, which takes more memory. */
  readonly trained?: TrainableParts | undefined;
  /** A file in which a server's answers are kept as they come, so that none is asked for twice when the work is taken up again. */
  readonly replies?: string | undefined;
  /** Its end ends the looking at a server that does not answer. */
  readonly signal?: AbortSignal | undefined;
}

/** What the place that a model is named by says of it. */
export interface Seen {
  /** Tells what it serves from anything else, wherever that is. */
  readonly fingerprint: string;
  readonly can: readonly Capability[];
  /** Why it cannot do the rest, in words. */
  readonly lacks: Readonly<Partial<Record<Capability, string>>>;
  /** Who serves it, such as "vLLM 0.32.0". */
  readonly by: string;
}

/** A way of running models: how one of them is named and opened, and what can be asked of it. A line of `ENGINES` (model/open). */
export interface Engine {
  /** Before the colon of a model's name, such as "scripted" in "scripted:answers.json". */
  readonly name: string;
  readonly can: readonly Capability[];
  /**
   * Asks what stands behind the colon what it is: only then is it known what that can do, and what its fingerprint is. Absent where the engine
   * and the files say all. @throws LabError when nobody answers there; the signal's reason
   */
  look?(where: string, signal?: AbortSignal): Promise<Seen>;
  /** What stands behind the colon: a path, which profiles give from the project's root, or a name. */
  readonly takes: "path" | "name";
  /** Opens what stands behind the colon. With "train" among the capabilities it is a `TrainableModel`. */
  open(where: string, how?: Opening): Promise<VisionLanguageModel>;
  /** The files that decide what it answers; none where its name says all. @throws LabError when one is missing */
  files(where: string): readonly string[];
  /** Its vocabulary, read without the weights; absent where it writes any text. */
  vocabulary?(where: string): Vocabulary;
}

/** Scored items laid out as tensors, ready for differentiable passes. Owned by whoever called `prepare`. */
export interface PreparedBatch {
  /** N rows. */
  readonly rows: number;
  /** T: width of the completion block, the longest completion of the batch. */
  readonly width: number;
  /** [N, T]: 1 where a completion token stands, 0 on the padding. */
  readonly mask: tf.Tensor2D;
  dispose(): void;
}

/** A model whose weights can be trained here. */
export interface TrainableModel extends VisionLanguageModel {
  /** Who computes its gradients: this process, or workers that hold copies of it. */
  readonly runner: Runner<TrainableModel>;
  encodeCompletion(text: string): number[];
  decode(tokenIds: readonly number[]): string;
  /** Every weight under its name on the hub (the names of model.safetensors). */
  readonly parameters: ReadonlyMap<string, tf.Variable>;
  /** Lays out a batch; images and prompts that occur several times are stored once. No tensors of the tape are made. */
  prepare(items: readonly Scored[]): PreparedBatch;
  /** Differentiable log π of the completion tokens under the current weights. @returns [N, T], 0 on the padding */
  completionLogProbs(batch: PreparedBatch): tf.Tensor2D;
  /** Writes config, weights and tokenizer in the layout of the hub. */
  save(folder: string): Promise<void>;
}
