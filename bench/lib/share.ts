import { z } from "zod";

const spreadSchema = z.object({ median: z.number(), low: z.number(), high: z.number() });
const rate = z.number().positive();

export const shareSchema = z.object({
  rows: z.int(),
  /** GFLOP/s of the square product, of the whole gradient, of a forward pass alone. */
  matmulRate: rate,
  trainRate: rate,
  forwardRate: rate,
  stepFlops: rate,
  /** Seconds of a gradient. */
  step: spreadSchema,
  /** trainRate ÷ matmulRate. */
  share: rate,
  forwardShare: rate,
  peakMib: rate,
  /** Calls and milliseconds of a gradient, the longest first; measured over gradients of their own. */
  operations: z.array(z.object({ name: z.string(), calls: z.number(), ms: z.number() })),
});
/** What share of the machine's product rate a micro-batch's gradient reaches (bench/ours/share.ts). */
export type Share = z.infer<typeof shareSchema>;
