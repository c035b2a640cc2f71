import { isExactName } from "../core/answer";
import { required } from "../core/errors";
import { Random } from "../core/random";
import type { RgbImage } from "../core/image";
import type { Completion, Prompt, VisionLanguageModel } from "../model/contract";
import { buildPrompt, type PromptSet } from "../data/prompts";
import type { BenchmarkItem } from "../data/types";
import {
  answerOf,
  chosenPosition,
  hasForm,
  isClosedCorrect,
  isTextIncluded,
  openPrediction,
  relativeSimilarity,
  releasedSuperCategory,
} from "./judge";
import type { EvaluationRecord, RunSettings } from "./records";
import { runItems, type RunOptions } from "./run";
import type { TextSimilarity } from "./similarity";

/** What is asked, and how answers are judged. Numbers in brackets refer to docs/paper-index.md. */
export interface EvaluationOptions extends RunOptions {
  /** "closed": four options are shown; "open": none. */
  readonly world: "closed" | "open";
  /** Ask for reasoning before the answer, or for the answer alone. */
  readonly thinking: boolean;
  readonly promptSet: PromptSet;
  /** Distinguishes the weights in the records' settings; the model's name alone may stand for several checkpoints. */
  readonly checkpoint?: string;
  /** "shuffled" by the seed and the item's id, or as released with the right option first [17]. Default "shuffled". */
  readonly optionOrder?: "shuffled" | "released";
  /** ĉ of Eq. 5: the dataset's, or found in the image's id as in the release [15]. Default "dataset". */
  readonly superCategory?: "dataset" | "released";
  /** Sim of Eq. 5; without it the open world is judged by text inclusion only. */
  readonly similarity?: TextSimilarity;
  /** Orders options, and samples where the temperature is not 0. Default 42, as in the release. */
  readonly seed?: number;
  /** Default 0: greedy, as in the release. */
  readonly temperature?: number;
  readonly topP?: number;
  /** Default 2048, as in the release. */
  readonly maxNewTokens?: number;
  /** Default 16. */
  readonly batchSize?: number;
}

/**
 * Evaluates a model on a benchmark.
 * @returns one record an item, in the order of the items
 */
export function evaluate(
  model: VisionLanguageModel,
  items: readonly BenchmarkItem[],
  options: EvaluationOptions,
): Promise<EvaluationRecord[]> {
  const settings = settingsOf(model, options);
  const label = options.label ?? `${model.name}, ${options.world} world`;
  return runItems(
    items,
    options.batchSize ?? 16,
    settings,
    (batch, index) => answerBatch(model, batch, index, options),
    {
      ...options,
      label,
    },
  );
}

async function answerBatch(
  model: VisionLanguageModel,
  batch: readonly BenchmarkItem[],
  index: number,
  options: EvaluationOptions,
): Promise<EvaluationRecord[]> {
  const shown = batch.map((item) => (options.world === "closed" ? shownOptions(item, options) : null));
  const images = await Promise.all(batch.map((item) => item.image.load()));
  const prompts = batch.map((item, i) => promptOf(item, shown[i] ?? null, images[i] as RgbImage, options));
  const completions = await model.generate(prompts, {
    samples: 1,
    maxNewTokens: options.maxNewTokens ?? 2048,
    temperature: options.temperature ?? 0,
    topP: options.topP ?? 1,
    seed: new Random(options.seed ?? 42).fork(`batch ${index}`).uint32(),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  const judged = batch.map((item, i) => {
    const completion = required(
      completions[i]?.[0],
      () => new RangeError(`evaluation: ${model.name} gave ${completions.length} answers to ${batch.length} prompts`),
    );
    return judge(item, shown[i] ?? null, completion, options);
  });
  return withSimilarity(judged, batch, options);
}

/** The options in the order in which they are shown; the release lists the right one first and shows them so. */
export function shownOptions(
  item: BenchmarkItem,
  options: Pick<EvaluationOptions, "optionOrder" | "seed">,
): readonly string[] {
  if (options.optionOrder === "released") return item.options;
  return new Random(options.seed ?? 42).fork(`options of ${item.id}`).shuffle(item.options);
}

function promptOf(
  item: BenchmarkItem,
  shown: readonly string[] | null,
  image: RgbImage,
  options: EvaluationOptions,
): Prompt {
  return buildPrompt(options.promptSet, {
    question: item.question,
    superCategory: item.image.subCategory.superCategory,
    ...(shown === null ? {} : { options: shown }),
    image,
    thinking: options.thinking,
  });
}

function judge(
  item: BenchmarkItem,
  shown: readonly string[] | null,
  completion: Completion,
  options: EvaluationOptions,
): EvaluationRecord {
  const output = completion.text;
  const answer = answerOf(output, options.thinking);
  const correct =
    shown === null
      ? isTextIncluded(openPrediction(answer, output), item.groundTruth, dropsCarYear(item, options))
      : isClosedCorrect(answer, item.groundTruth);
  return {
    id: item.id,
    domain: item.image.subCategory.superCategory,
    seen: item.image.subCategory.seen,
    truth: item.groundTruth,
    options: shown === null ? null : [...shown],
    output,
    answer,
    wellFormed: hasForm(output, options.thinking),
    correct,
    exact: isExactName(answer, item.groundTruth),
    position: shown === null ? null : chosenPosition(answer, shown),
    similarity: null,
    tokens: completion.tokenIds.length,
    finish: completion.finish,
  };
}

function dropsCarYear(item: BenchmarkItem, options: EvaluationOptions): boolean {
  return options.superCategory === "released" && releasedSuperCategory(item.image.id) === "car";
}

/** Adds SS_relative (Eq. 5) to open-world records. */
async function withSimilarity(
  records: readonly EvaluationRecord[],
  batch: readonly BenchmarkItem[],
  options: EvaluationOptions,
): Promise<EvaluationRecord[]> {
  const { similarity } = options;
  if (options.world === "closed" || similarity === undefined) return [...records];
  const standards = batch.map((item) =>
    options.superCategory === "released" ? releasedSuperCategory(item.image.id) : item.image.subCategory.superCategory,
  );
  const predicted = records.map((r): [string, string] => [openPrediction(r.answer, r.output), r.truth]);
  const standard = records.map((r, i): [string, string] => [standards[i] as string, r.truth]);
  const scores = await similarity.score([...predicted, ...standard]);
  return records.map((record, i) => ({
    ...record,
    similarity: relativeSimilarity(scores[i] as number, scores[records.length + i] as number),
  }));
}

/** Everything that the numbers depend on, for the head of the records. */
function settingsOf(model: VisionLanguageModel, options: EvaluationOptions): RunSettings {
  return {
    model: model.name,
    checkpoint: options.checkpoint ?? null,
    world: options.world,
    thinking: options.thinking,
    promptSet: options.promptSet,
    optionOrder: options.optionOrder ?? "shuffled",
    superCategory: options.superCategory ?? "dataset",
    similarity: options.similarity?.name ?? null,
    seed: options.seed ?? 42,
    temperature: options.temperature ?? 0,
    topP: options.topP ?? 1,
    maxNewTokens: options.maxNewTokens ?? 2048,
  };
}
