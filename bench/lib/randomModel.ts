import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import type { RgbImage } from "../../src/core/image";
import { Random } from "../../src/core/random";
import type { Scored, TrainableModel } from "../../src/model/contract";
import type { QwenConfig } from "../../src/model/qwen/config";
import { QwenModel, type QwenOptions } from "../../src/model/qwen/model";
import { WORD_SPECIAL_TOKENS, writeWordTokenizer } from "../../src/model/qwen/tokenizerWords";
import type { BatchShape } from "./flops";
import { BENCH_WORDS, benchConfig, type BenchSize } from "./miniModel";
import { benchPrompt } from "./taskExamples";

export interface RandomModel {
  readonly model: TrainableModel;
  readonly config: QwenConfig;
}

export interface RandomModelOptions extends BenchSize, Pick<QwenOptions, "suppressTokens"> {
  /** Its words; 312 made-up ones by default. */
  readonly words?: readonly string[];
  /** It never samples the end token: every answer has as many tokens as are allowed. */
  readonly endless?: boolean;
}

/** Makes a random model (seed 0), hands it to `use`, and removes it. */
export async function withRandomModel<T>(
  { size, width, words = BENCH_WORDS, endless = false, ...options }: RandomModelOptions,
  use: (random: RandomModel) => Promise<T>,
): Promise<T> {
  const tokenizer = fs.mkdtempSync(path.join(os.tmpdir(), "fine-r1-bench-"));
  try {
    const config = benchConfig({ size, width }, writeWordTokenizer(tokenizer, words));
    const model = QwenModel.initialise(config, 0, tokenizer, {
      ...options,
      ...(endless ? { suppressTokens: config.eosTokenIds } : {}),
    });
    try {
      return await use({ model, config });
    } finally {
      model.dispose();
    }
  } finally {
    fs.rmSync(tokenizer, { recursive: true, force: true });
  }
}

/** A square picture of noise, the same for the same seed. */
export function noisePicture(side: number, seed: string): RgbImage {
  const random = new Random(seed);
  return { width: side, height: side, data: Uint8Array.from({ length: 3 * side * side }, () => random.integer(256)) };
}

const QUESTION_WORDS = 6;

/** The step of a random model (`StepPlan`): its pictures' side, the words of a question, and the rollouts of a group. */
export const RANDOM_STEP = { pictureSide: 84, questionWords: 4, rollouts: 10 } as const;

/** What a TAPO step's update has to compute: a group has two pictures, and half of its answers to each. */
export function tapoBatch(groups: number, completionTokens: number, config: QwenConfig): BatchShape {
  const { pictureSide, questionWords, rollouts } = RANDOM_STEP;
  return batchShape(pictureSide, questionWords, config, {
    prompts: 2 * groups,
    rowsPerPrompt: rollouts / 2,
    completionTokens,
  });
}

/** A prompt is the image between its two marks, the question, and the token that opens the answer. */
function batchShape(
  imageSide: number,
  questionWords: number,
  { vision }: QwenConfig,
  rest: Pick<BatchShape, "prompts" | "rowsPerPrompt" | "completionTokens">,
): BatchShape {
  const grid = imageSide / vision.patchSize;
  const promptTokens = (grid / vision.spatialMergeSize) ** 2 + 2 + questionWords + 1;
  return { gridHeight: grid, gridWidth: grid, promptTokens, ...rest };
}

/** A training batch: every prompt with a picture of its own and several answers, none like another. */
export function benchRows(
  prompts: number,
  rowsPerPrompt: number,
  completionTokens: number,
  imageSide: number,
  config: QwenConfig,
): { rows: Scored[]; shape: BatchShape } {
  const random = new Random("bench rows");
  const first = WORD_SPECIAL_TOKENS.length;
  const rows = Array.from({ length: prompts }, (_, at) => {
    const words = Array.from({ length: QUESTION_WORDS }, () => random.pick(BENCH_WORDS)).join(" ");
    const prompt = benchPrompt(words, noisePicture(imageSide, `prompt ${at}`));
    return Array.from({ length: rowsPerPrompt }, () => ({
      prompt,
      tokenIds: Array.from({ length: completionTokens }, () => first + random.integer(BENCH_WORDS.length)),
    }));
  }).flat();
  return { rows, shape: batchShape(imageSide, QUESTION_WORDS, config, { prompts, rowsPerPrompt, completionTokens }) };
}
