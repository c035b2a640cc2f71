import { z } from "zod";
import { nonFiniteSchema } from "../sft/options";
import { DEFAULTS, type ObjectiveOptions, type TapoOptions } from "./options";

const weight = z.number().min(0);
const count = z.int().min(1);

const objectiveSchema = z.strictObject({
  clipLow: z.number().min(0).max(1),
  clipHigh: z.number().min(0),
  clipDual: z.number().min(1).nullable(),
  gamma: weight,
  klEstimator: z.enum(["paper", "released"]),
  negativeGradient: z.boolean(),
  eta1: weight,
  eta2: weight,
  referenceKl: weight,
  tokenMean: z.enum(["batch", "microBatch", "sequence"]),
  microBatch: count,
}) satisfies z.ZodType<ObjectiveOptions>;

const optionsSchema = z
  .strictObject({
    objective: objectiveSchema,
    n1: z.int().min(0),
    n2: z.int().min(0),
    updateCondition: z.enum(["anchor", "rolloutImage"]),
    dynamicSampling: z.boolean(),
    groupFilter: z.enum(["paper", "released"]),
    maxResample: z.int().min(0),
    whenExhausted: z.enum(["skip", "error"]),
    formatWeight: z.number().min(0).max(1),
    advantageEps: z.number().positive(),
    temperature: z.number().positive(),
    topP: z.number().gt(0).max(1),
    maxNewTokens: count,
    promptsPerRollout: count,
    promptsPerUpdate: count,
    epochs: z.number().positive(),
    learningRate: z.number().positive(),
    weightDecay: weight,
    maxGradNorm: z.number().positive(),
    nonFinite: nonFiniteSchema.optional(),
    stage2Options: z.enum(["none", "four"]),
    promptSet: z.enum(["paper", "released", "mini"]),
    seed: z.int().min(0),
  })
  .superRefine((o, context) => {
    const reject = (path: string, message: string) => {
      context.addIssue({ code: "custom", path: [path], message });
    };
    if (o.n1 + o.n2 < 2) reject("n1", "n1 + n2 is below 2, so a group has no spread: sample at least two answers");
    if (o.promptsPerRollout % o.promptsPerUpdate !== 0) {
      reject("promptsPerRollout", `must be a multiple of promptsPerUpdate (${o.promptsPerUpdate})`);
    }
  });

/** TapoOptions as a config states them: the keys that differ from `DEFAULTS`, anything else being an error. */
export const tapoOptionsSchema = z.preprocess(withDefaults, optionsSchema) as unknown as z.ZodType<TapoOptions>;

function withDefaults(value: unknown): unknown {
  if (!isGroup(value)) return value;
  const { objective = {} } = value;
  return {
    ...DEFAULTS,
    ...value,
    objective: isGroup(objective) ? { ...DEFAULTS.objective, ...objective } : objective,
  };
}

function isGroup(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
