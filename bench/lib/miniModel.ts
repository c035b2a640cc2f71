import * as path from "node:path";
import { loadConfig } from "../../src/config/load";
import { miniConfig } from "../../src/miniworld/base/architecture";
import { baseConfigSchema, type MiniModelSizes } from "../../src/miniworld/base/config";
import type { QwenConfig } from "../../src/model/qwen/config";
import { ROOT } from "./options";

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

/** The mini model of configs/base/mini.yaml, or a tiny one. */
export function benchConfig(size: "mini" | "tiny", vocabSize: number): QwenConfig {
  const mini = path.join(ROOT, "configs", "base", "mini.yaml");
  return miniConfig(size === "tiny" ? TINY : loadConfig(mini, baseConfigSchema).model, vocabSize);
}
