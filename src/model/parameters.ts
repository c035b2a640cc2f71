import type * as tf from "@tensorflow/tfjs-core";
import { z } from "zod";

/** Which parts of a vision-language model learn. The release trains the language model only (LLaMA-Factory's default). */
export interface TrainableParts {
  readonly tower: boolean;
  readonly merger: boolean;
  readonly language: boolean;
  /** The token embeddings (and the head, which is the same matrix where it is tied). */
  readonly embeddings: boolean;
}

export const trainablePartsSchema: z.ZodType<TrainableParts> = z.strictObject({
  tower: z.boolean(),
  merger: z.boolean(),
  language: z.boolean(),
  embeddings: z.boolean(),
});

export const LANGUAGE_ONLY: TrainableParts = { tower: false, merger: false, language: true, embeddings: true };
export const EVERYTHING: TrainableParts = { tower: true, merger: true, language: true, embeddings: true };

/** The parameters of the chosen parts, in the order of the model. */
export function selectParameters(
  parameters: ReadonlyMap<string, tf.Variable>,
  parts: TrainableParts,
): Map<string, tf.Variable> {
  return new Map([...parameters].filter(([name]) => parts[partOf(name)]));
}

/** The part that a weight belongs to, by its name on the hub. */
export function partOf(name: string): keyof TrainableParts {
  if (name.startsWith("visual.merger.")) return "merger";
  if (name.startsWith("visual.")) return "tower";
  return name.includes("embed_tokens") || name.startsWith("lm_head") ? "embeddings" : "language";
}
