import { z } from "zod";
import { LARGEST_SEED } from "../../core/random";
import { eachOf } from "../config";
import { type CurriculumSettings, TASKS, WEAK_USES, type WeakLabels } from "../curriculum/exercises";
import type { Mixture } from "../curriculum/mixture";

/** Exercises of one kind in every step, and what their mean loss counts. */
export interface CurriculumPart {
  readonly count: number;
  readonly weight: number;
  readonly mixture: Mixture;
}

/** A stage that teaches exercises: the text stage and the joint stage of the recipe. */
export interface CurriculumStage {
  readonly steps: number;
  readonly learningRate: number;
  /** Factor on the rate of the vision tower and merger; 0 leaves them frozen. */
  readonly towerRate: number;
  readonly schedule: "oneCycle" | "linear";
  readonly weightDecay: number;
  readonly microBatchSize: number;
  readonly parts: readonly CurriculumPart[];
  readonly settings: Omit<CurriculumSettings, "weakLabels">;
}

/** The first stage: the tower alone learns to tell the attributes of random pictures. */
export interface TowerStage {
  readonly steps: number;
  readonly batchSize: number;
  /** Pictures in a backward pass; the gradient is the same for any value, but for rounding. */
  readonly microBatchSize: number;
  readonly learningRate: number;
  readonly weightDecay: number;
}

/** The dual encoders that are made beside a base, each with its own loss: SigLIP's, pair by pair; CLIP's, over the rows and columns of a batch. */
export const ENCODERS = ["siglip", "clip"] as const;
export type EncoderName = (typeof ENCODERS)[number];

/** A dual encoder, trained on captions of random pictures and on the weak names. */
export interface DualEncoderStage {
  readonly steps: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  /** Width of the shared space. */
  readonly width: number;
  /** Layers of the text tower. */
  readonly textLayers: number;
}

/** Sizes of the mini model; the field names of the hub's config.json in our spelling. */
export interface MiniModelSizes {
  readonly kind: "qwen2_vl" | "qwen2_5_vl";
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly visionWidth: number;
  readonly visionDepth: number;
  readonly visionHeads: number;
  readonly visionMlp: number;
  readonly windowSize: number;
  readonly fullAttentionBlocks: readonly number[];
}

/** Everything that a base model is made from, besides its world. */
export interface BaseConfig {
  readonly seed: number;
  /** Standard deviation of the fresh matrices; small models start better from more than the hub's 0.02. */
  readonly deviation: number;
  readonly model: MiniModelSizes;
  readonly weakLabels: WeakLabels;
  readonly tower: TowerStage;
  readonly text: CurriculumStage;
  readonly joint: CurriculumStage;
  /** null: it is not made, since a smaller base's serves. */
  readonly encoders: Readonly<Record<EncoderName, DualEncoderStage | null>>;
}

const count = z.int().min(1);
const rate = z.number().positive();
const share = z.number().min(0).max(1);

const weakLabelsSchema: z.ZodType<WeakLabels> = z.strictObject({
  wrongRate: eachOf(WEAK_USES, share),
  siblingShare: share,
});

const mixtureSchema = z.strictObject(
  Object.fromEntries(TASKS.map((task) => [task, z.number().min(0).optional()])),
) as unknown as z.ZodType<Mixture>;

const curriculumSchema: z.ZodType<CurriculumStage> = z.strictObject({
  steps: count,
  learningRate: rate,
  towerRate: z.number().min(0),
  schedule: z.enum(["oneCycle", "linear"]),
  weightDecay: z.number().min(0),
  microBatchSize: count,
  parts: z.array(z.strictObject({ count, weight: rate, mixture: mixtureSchema })).min(1),
  settings: z.strictObject({ optionsRate: share, thinkingRate: share, wrongValueRate: share }),
});

const modelSchema: z.ZodType<MiniModelSizes> = z
  .strictObject({
    kind: z.enum(["qwen2_vl", "qwen2_5_vl"]),
    hiddenSize: count,
    intermediateSize: count,
    layers: count,
    heads: count,
    kvHeads: count,
    visionWidth: count,
    visionDepth: count,
    visionHeads: count,
    visionMlp: count,
    windowSize: count,
    fullAttentionBlocks: z.array(z.int().min(0)),
  })
  .superRefine((sizes, context) => {
    // What config.json could not say, or the readers of checkpoints would refuse, is refused before hours of training.
    const whole = (key: keyof MiniModelSizes, unit: keyof MiniModelSizes, why: string): void => {
      if (Number(sizes[key]) % Number(sizes[unit]) === 0) return;
      const message = `must be a multiple of ${unit}, ${String(sizes[unit])}, ${why}; found ${String(sizes[key])}`;
      context.addIssue({ code: "custom", path: [key], message });
    };
    whole("hiddenSize", "heads", "since each head has the same width");
    whole("heads", "kvHeads", "since each key serves the same number of heads");
    whole("visionWidth", "visionHeads", "since each head has the same width");
    if (sizes.kind === "qwen2_vl") whole("visionMlp", "visionWidth", "since Qwen2-VL states it as a whole mlp_ratio");
  });

export const baseConfigSchema: z.ZodType<BaseConfig> = z.strictObject({
  seed: z.int().min(0).max(LARGEST_SEED),
  deviation: rate,
  model: modelSchema,
  weakLabels: weakLabelsSchema,
  tower: z.strictObject({
    steps: count,
    batchSize: count,
    microBatchSize: count,
    learningRate: rate,
    weightDecay: z.number().min(0),
  }),
  text: curriculumSchema,
  joint: curriculumSchema,
  encoders: eachOf(
    ENCODERS,
    z
      .strictObject({
        steps: count,
        batchSize: count,
        learningRate: rate,
        weightDecay: z.number().min(0),
        width: count,
        textLayers: count,
      })
      .nullable(),
  ),
});
