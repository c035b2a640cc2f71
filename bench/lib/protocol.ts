import { z } from "zod";

/** The JSON lines between a bench and its sides: the programs that take turns. A side answers a line to each command. */

/** What a side is told: one training step, one round of sampling, or to end. */
export type Command =
  | { readonly command: "step" }
  | { readonly command: "generate"; readonly pictures: number; readonly round: number }
  | { readonly command: "stop" };

export const readySchema = z.object({
  /** Name and versions. */
  ready: z.string(),
  /** 0 where the side does not say. */
  parameters: z.int().min(0),
  /** log π of the task's probe, token by token, under its first prompt: sides that hold the same weights agree on it. */
  probe: z.array(z.number()),
});
/** A side's first line. */
export type Ready = z.infer<typeof readySchema>;

export const PARTS = ["total", "generation", "scoring", "update"] as const;
export type Part = (typeof PARTS)[number];

export const stepSchema = z.object({
  total: z.number(),
  generation: z.number(),
  scoring: z.number(),
  update: z.number(),
  /** Sampled tokens, to show that all sides made as many. */
  tokens: z.number(),
  /** Of the step; our own sides that do the same step have it to the bit, whatever the number of workers. */
  loss: z.number().optional(),
});
/** The answer to "step". Times in seconds; `total` is the sum of the three parts. */
export type StepReport = z.infer<typeof stepSchema>;

export const generationSchema = z.object({ seconds: z.number(), tokens: z.number() });
/** The answer to "generate". */
export type GenerationReport = z.infer<typeof generationSchema>;

export const taskSchema = z.object({
  newTokens: z.int().min(1),
  /** Rollouts of a prompt. */
  rollouts: z.int().min(1),
  imageSide: z.int().min(1),
  /** Never sampled, on any side; the stop token is among them, so every rollout is `newTokens` long. */
  suppressedTokens: z.array(z.int().min(0)),
  probe: z.array(z.int().min(0)),
  parameters: z.int().min(0),
  /** Images are raw RGB bytes in base64. */
  prompts: z.array(z.object({ text: z.string(), anchor: z.string(), positive: z.string(), negative: z.string() })),
});
/** task.json beside a model, written by bench/peer/make_model.py. */
export type BenchTask = z.infer<typeof taskSchema>;

export const generationTaskSchema = z.object({
  text: z.string(),
  imageSide: z.int().min(1),
  /** Answers to a picture. */
  samples: z.int().min(1),
  /** Tokens of every answer, the end token being ignored. */
  newTokens: z.int().min(1),
  probe: z.array(z.int().min(0)),
});
/** What the sides of bench/generation sample. */
export type GenerationTask = z.infer<typeof generationTaskSchema>;
