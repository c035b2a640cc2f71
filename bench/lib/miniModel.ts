import { loadConfig } from "../../src/config/load";
import { configFile } from "../../src/config/names";
import { miniConfig } from "../../src/miniworld/base/architecture";
import { baseConfigSchema, type MiniModelSizes } from "../../src/miniworld/base/config";
import type { QwenConfig } from "../../src/model/qwen/config";

/** The words of the bench's tokenizer, one token each: with the special tokens 320, about as many as the mini world has. */
export const BENCH_WORDS: readonly string[] = Array.from({ length: 312 }, (_, i) => `w${i}`);

/** The smallest model that still has every kind of layer. */
const TINY: MiniModelSizes = {
  kind: "qwen2_5_vl",
  hiddenSize: 32,
  intermediateSize: 48,
  layers: 1,
  heads: 1,
  kvHeads: 1,
  visionWidth: 32,
  visionDepth: 2,
  visionHeads: 1,
  visionMlp: 48,
  windowSize: 28,
  fullAttentionBlocks: [1],
};

/** The mini model by default. */
export interface BenchSize {
  readonly size?: "mini" | "tiny" | undefined;
  /** Of its language model; a multiple of 64. Heads have 32 channels, as in the mini model, and two share a key. */
  readonly width?: number | undefined;
}

/** The longest context of the bench's models: prompts of some 30 tokens and answers of 512. */
const CONTEXT = 1024;

/** The mini model of configs/base/mini.yaml, of another width where that is asked for, or a tiny one. */
export function benchConfig({ size = "mini", width }: BenchSize, vocabSize: number): QwenConfig {
  const mini = loadConfig(configFile("base", "mini"), baseConfigSchema).model;
  const sizes = size === "tiny" ? TINY : width === undefined ? mini : widened(mini, width);
  const config = miniConfig(sizes, vocabSize);
  return { ...config, text: { ...config.text, maxPositionEmbeddings: CONTEXT } };
}

function widened(mini: MiniModelSizes, width: number): MiniModelSizes {
  const heads = width / 32;
  const intermediateSize = (width / mini.hiddenSize) * mini.intermediateSize;
  return { ...mini, hiddenSize: width, intermediateSize, heads, kvHeads: heads / 2 };
}
