import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import type { RgbImage } from "../../src/core/image";
import { Random } from "../../src/core/random";
import type { Scored, TrainableModel } from "../../src/model/contract";
import type { QwenConfig } from "../../src/model/qwen/config";
import { QwenModel } from "../../src/model/qwen/model";
import { WORD_SPECIAL_TOKENS, writeWordTokenizer } from "../../src/model/qwen/tokenizerWords";
import type { RowShape } from "./flops";
import { BENCH_WORDS, benchConfig } from "./miniModel";
import { benchPrompt } from "./taskExamples";

export interface RandomModel {
  readonly model: TrainableModel;
  readonly config: QwenConfig;
}

/** Makes a random model of a size (seed 0), hands it to `use`, and removes it. */
export async function withRandomModel<T>(size: "mini" | "tiny", use: (random: RandomModel) => Promise<T>): Promise<T> {
  const tokenizer = fs.mkdtempSync(path.join(os.tmpdir(), "fine-r1-bench-"));
  try {
    const config = benchConfig(size, writeWordTokenizer(tokenizer, BENCH_WORDS));
    const model = QwenModel.initialise(config, 0, tokenizer);
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

/** A training batch in which no two rows share a prompt, an image or an answer, and the shape that all rows have. */
export function benchRows(
  rows: number,
  completionTokens: number,
  imageSide: number,
  { vision }: QwenConfig,
): { rows: Scored[]; shape: RowShape } {
  const random = new Random("bench rows");
  const first = WORD_SPECIAL_TOKENS.length;
  const grid = imageSide / vision.patchSize;
  const imageTokens = (grid / vision.spatialMergeSize) ** 2;
  return {
    rows: Array.from({ length: rows }, (_, row) => ({
      prompt: benchPrompt(
        Array.from({ length: QUESTION_WORDS }, () => random.pick(BENCH_WORDS)).join(" "),
        noisePicture(imageSide, `row ${row}`),
      ),
      tokenIds: Array.from({ length: completionTokens }, () => first + random.integer(BENCH_WORDS.length)),
    })),
    // The image between its two marks, the question, and the token that opens the answer.
    shape: {
      gridHeight: grid,
      gridWidth: grid,
      promptTokens: imageTokens + 2 + QUESTION_WORDS + 1,
      completionTokens,
    },
  };
}
