import { z } from "zod";
import { LARGEST_SEED } from "../core/random";
import { PROMPT_SETS } from "../data/prompts";
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
  entropies: z.enum(["lowered", "raised"]).optional(),
  referenceKl: weight,
  tokenMean: z.enum(["batch", "microBatch", "sequence"]),
  microBatch: count,
}) satisfies z.ZodType<ObjectiveOptions>;

const fields = {
  objective: objectiveSchema,
  n1: z.int().min(0),
  n2: z.int().min(0),
  updateCondition: z.enum(["anchor", "rolloutImage"]),
  rivals: count.optional(),
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
  promptSet: z.enum(PROMPT_SETS),
  seed: z.int().min(0).max(LARGEST_SEED),
} satisfies { [K in keyof TapoOptions]-?: z.ZodType<TapoOptions[K]> };

/**
 * TapoOptions as a config states them, beside keys of another's: those that differ from `DEFAULTS`, anything else being an
 * error.
 * @param others schemas of the other keys
 * @param without options that are set elsewhere, and are no keys here
 */
export function tapoOptionsWith<F extends z.ZodRawShape, O extends keyof TapoOptions = never>(
  others: F,
  without: readonly O[] = [],
) {
  const omit = (all: object): object =>
    Object.fromEntries(Object.entries(all).filter(([key]) => !without.some((other) => other === key)));
  const shape = { ...omit(fields), ...others } as z.ZodRawShape;
  const schema = z.preprocess(
    (given) => omitting(omit, withDefaults(given), given),
    z.strictObject(shape).superRefine(checkTogether),
  );
  return schema as unknown as z.ZodType<Omit<TapoOptions, O> & z.output<z.ZodObject<F>>>;
}

/** Leaves out the defaults of keys that are none here; what was given stays, to be refused. */
function omitting(omit: (all: object) => object, filled: unknown, given: unknown): unknown {
  return isGroup(filled) && isGroup(given) ? { ...omit(filled), ...given, objective: filled["objective"] } : filled;
}

/** What no single option tells. */
function checkTogether(given: unknown, context: z.RefinementCtx): void {
  const reject = (path: string, message: string): void => {
    context.addIssue({ code: "custom", path: [path], message });
  };
  const { n1, n2, promptsPerRollout, promptsPerUpdate } = sizes.parse(given);
  if (n1 + n2 < 2) reject("n1", "n1 + n2 is below 2, so a group has no spread: sample at least two answers");
  if (promptsPerRollout % promptsPerUpdate !== 0) {
    reject("promptsPerRollout", `must be a multiple of promptsPerUpdate (${promptsPerUpdate})`);
  }
}

const sizes = z.object({ n1: z.number(), n2: z.number(), promptsPerRollout: z.number(), promptsPerUpdate: z.number() });

function withDefaults(value: unknown): unknown {
  if (!isGroup(value)) return value;
  const { objective = {} } = value;
  return {
    ...DEFAULTS,
    ...value,
    objective: isGroup(objective) ? withoutUsual({ ...DEFAULTS.objective, ...objective }) : objective,
  };
}

/** Entropies are lowered unless it is said otherwise; said or not, it is the same objective and has the same key. */
function withoutUsual({ entropies, ...objective }: Record<string, unknown>): Record<string, unknown> {
  return entropies === undefined || entropies === "lowered" ? objective : { ...objective, entropies };
}

function isGroup(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
