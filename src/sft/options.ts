import { z } from "zod";
import { LARGEST_SEED } from "../core/random";
import { NON_FINITE, type NonFinite } from "../engine/train";
import { trainablePartsSchema, type TrainableParts } from "../model/parameters";

/** Stage 1 (§4.2, Appendix C; the release's script in brackets). */
export interface SftOptions {
  /** [10] */
  readonly epochs: number;
  /** Examples per update [64]. */
  readonly batchSize: number;
  /** Examples in a backward pass; the gradient is the same for any value. */
  readonly microBatchSize: number;
  /** Peak of a cosine schedule [5e-6]. */
  readonly learningRate: number;
  /** [6] */
  readonly warmupSteps: number;
  /** [0.1] */
  readonly weightDecay: number;
  readonly maxGradNorm: number;
  /** An update whose loss or gradient is not finite: "stop" (where absent), or "skip" it and count it. */
  readonly nonFinite?: NonFinite | undefined;
  /** [language only] */
  readonly train: TrainableParts;
  readonly seed: number;
}

/** Optional and without a default, so that the key of a stage that says nothing is what it was. */
export const nonFiniteSchema: z.ZodType<NonFinite> = z.enum(NON_FINITE);

/** A schema for each option. */
export const sftFields = {
  epochs: z.int().min(1),
  batchSize: z.int().min(1),
  microBatchSize: z.int().min(1),
  learningRate: z.number().positive(),
  warmupSteps: z.int().min(0),
  weightDecay: z.number().min(0),
  maxGradNorm: z.number().positive(),
  nonFinite: nonFiniteSchema.optional(),
  train: trainablePartsSchema,
  seed: z.int().min(0).max(LARGEST_SEED),
} satisfies { [K in keyof SftOptions]-?: z.ZodType<SftOptions[K]> };
