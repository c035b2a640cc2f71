import * as tf from "@tensorflow/tfjs-core";
import type { RgbImage } from "../../core/image";
import { Random } from "../../core/random";
import { ADAMW_DEFAULTS } from "../../engine/adamw";
import { microBatch, type Loss, type MicroBatch } from "../../engine/gradient";
import { oneCycle } from "../../engine/schedule";
import { train, type StepFigures } from "../../engine/train";
import type { QwenConfig } from "../../model/qwen/config";
import { processImage } from "../../model/qwen/imageProcessor";
import { disposeImageBatch, layoutImages, type ImageBatch } from "../../model/qwen/sequences";
import { imageEmbeddings, visionWeights, type VisionWeights } from "../../model/qwen/vision";
import { makeVariables, sizeOf, WeightReader, weightShapes } from "../../model/qwen/weights";
import { runHere, type Replicable, type Runner, type Workers } from "../../workers/job";
import type { ReplicaKind } from "../../workers/protocol";
import { SLOTS } from "../attributes";
import type { FreePicture, MiniWorld } from "../types";
import type { TowerStage } from "./config";
import type { BaseRun } from "./curriculum";

/** Pictures set apart from training, to measure reading by; of a small pool an eighth. */
const HELD_OUT = 512;

/** What a reader is made from, besides its weights. */
interface ReaderSizes {
  readonly config: QwenConfig;
  /** How many values each attribute has. */
  readonly values: readonly number[];
}

const READER = "tower reader";

/** A vision tower that reads attributes: one linear head for each, on the mean of the merged tokens. */
class TowerReader implements Replicable {
  readonly replica: { readonly kind: string; readonly about: ReaderSizes };
  private readonly weights: VisionWeights;

  /** @param parameters the weights named `visual.…`, and `head.<i>.weight` and `head.<i>.bias` */
  constructor(
    readonly about: ReaderSizes,
    readonly parameters: ReadonlyMap<string, tf.Variable>,
  ) {
    this.replica = { kind: READER, about };
    this.weights = visionWeights(new WeightReader(parameters), about.config);
  }

  /** One [B, values] score for each attribute. */
  scores(images: ImageBatch, count: number): tf.Tensor2D[] {
    const tokens = imageEmbeddings(images.pixels, images.plan, this.weights);
    const [all, width] = tokens.shape;
    const pooled = tf.mean<tf.Tensor2D>(tf.reshape(tokens, [count, all / count, width]), 1);
    return this.about.values.map((_, i) => {
      const part = (name: string): tf.Variable => this.parameters.get(`head.${i}.${name}`) as tf.Variable;
      return tf.add(tf.matMul(pooled, part("weight") as tf.Tensor2D), part("bias"));
    });
  }

  dispose(): void {
    tf.dispose([...this.parameters.values()]);
  }
}

/** How a worker makes a reader. */
export const towerReplicas: ReplicaKind<ReaderSizes> = {
  kind: READER,
  make: (about) => {
    const shapes = [...weightShapes(about.config)].filter(([name]) => name.startsWith("visual."));
    const all = [...shapes, ...headShapes(about)];
    return new TowerReader(
      about,
      makeVariables(all.map(([name, shape]) => ({ name, shape, data: new Float32Array(sizeOf(shape)) }))),
    );
  },
};

interface ReadingData {
  readonly images: readonly RgbImage[];
  /** Of each attribute, the value's number in each picture. */
  readonly labels: readonly (readonly number[])[];
  /** Pictures of the whole step. */
  readonly of: number;
}

/** Cross-entropy of the attributes, meaned over them and over the step's pictures. */
export const readingLoss: Loss<TowerReader, ReadingData> = {
  name: "reading attributes",
  prepare: (reader, { images, labels, of }) => {
    const batch = layout(reader.about.config, images);
    const targets = labels.map((values) => tf.tensor1d([...values], "int32"));
    return {
      loss: () => {
        const losses = reader.scores(batch, images.length).map((score, i) => {
          const target = tf.oneHot(targets[i] as tf.Tensor1D, score.shape[1], 1, 0, "float32");
          return tf.div(tf.sum(tf.mul(tf.logSoftmax(score), target)), -of);
        });
        return tf.div<tf.Scalar>(tf.addN(losses), losses.length);
      },
      dispose: () => {
        disposeImageBatch(batch);
        tf.dispose(targets);
      },
    };
  },
};

/**
 * Teaches the vision tower, alone, to tell the five attributes of random pictures. The heads are thrown away.
 * @param parameters the weights named `visual.…`, trained in place
 * @returns the figures of every step; the last ones hold the held-out accuracy of each attribute
 */
export async function teachTower(
  config: QwenConfig,
  parameters: ReadonlyMap<string, tf.Variable>,
  world: MiniWorld,
  stage: TowerStage,
  seed: number,
  run: BaseRun & { readonly workers?: Workers | undefined },
): Promise<StepFigures[]> {
  const sizes = { config, values: SLOTS.map((slot) => world.config.attributes[slot].length) };
  const heads = freshHeads(sizes, seed);
  const reader = new TowerReader(sizes, new Map([...parameters, ...heads]));
  const runner: Runner<TowerReader> = run.workers?.runner(reader) ?? runHere(reader);
  const heldOut = Math.min(HELD_OUT, Math.floor(world.config.baseImages / 8));
  const pool = world.config.baseImages - heldOut;
  try {
    return await train(
      {
        parameters: reader.parameters,
        runner,
        async next(step) {
          const random = new Random(seed).fork(`tower ${step}`);
          const pictures = Array.from({ length: stage.batchSize }, () => world.freePicture(random.integer(pool)));
          return { microBatches: await microBatches(world, pictures, stage.microBatchSize) };
        },
        async measure(step) {
          if ((step + 1) % 250 !== 0 && step + 1 !== stage.steps) return undefined;
          const held = Array.from({ length: heldOut }, (_, i) => world.freePicture(pool + i));
          return readingAccuracy(reader, world, held);
        },
      },
      {
        ...run,
        steps: stage.steps,
        schedule: oneCycle(stage.learningRate, stage.steps),
        optimizer: { ...ADAMW_DEFAULTS, weightDecay: stage.weightDecay },
        checkpointEvery: 250,
      },
    );
  } finally {
    run.workers?.forget(reader);
    tf.dispose([...heads.values()]);
  }
}

async function microBatches(
  world: MiniWorld,
  pictures: readonly FreePicture[],
  size: number,
): Promise<MicroBatch<TowerReader>[]> {
  const images = await Promise.all(pictures.map((picture) => picture.load()));
  const labels = labelsOf(world, pictures);
  return Array.from({ length: Math.ceil(pictures.length / size) }, (_, i) => {
    const [from, to] = [i * size, (i + 1) * size];
    const own = { images: images.slice(from, to), labels: labels.map((values) => values.slice(from, to)) };
    return microBatch(readingLoss, { ...own, of: pictures.length });
  });
}

/** Share of held-out pictures on which each head is right. */
async function readingAccuracy(
  reader: TowerReader,
  world: MiniWorld,
  pictures: readonly FreePicture[],
): Promise<Record<string, number>> {
  const batch = layout(reader.about.config, await Promise.all(pictures.map((picture) => picture.load())));
  const labels = labelsOf(world, pictures);
  const shares = tf.tidy(() =>
    reader
      .scores(batch, pictures.length)
      .map((score, i) =>
        tf.mean(tf.cast(tf.equal(tf.argMax(score, 1), tf.tensor1d(labels[i] ?? [], "int32")), "float32")),
      ),
  );
  const out = Object.fromEntries(SLOTS.map((slot, i) => [slot, shares[i]?.dataSync()[0] ?? NaN]));
  disposeImageBatch(batch);
  tf.dispose(shares);
  return out;
}

/** The tower's input; not cached, since each picture of the large pool comes seldom. */
function layout(config: QwenConfig, pictures: readonly RgbImage[]): ImageBatch {
  const images = layoutImages(
    pictures.map((image, id) => ({ ...processImage(image), id })),
    config,
  );
  if (images === undefined) throw new RangeError("teachTower: a batch holds at least one picture");
  return images;
}

/** Of each attribute, the number of each picture's value. */
function labelsOf(world: MiniWorld, pictures: readonly FreePicture[]): number[][] {
  return SLOTS.map((slot) => {
    const values: readonly string[] = world.config.attributes[slot];
    return pictures.map(({ attributes }) => values.indexOf(attributes[slot]));
  });
}

function headShapes({ config, values }: ReaderSizes): [string, readonly number[]][] {
  return values.flatMap((count, i): [string, readonly number[]][] => [
    [`head.${i}.weight`, [config.vision.outHiddenSize, count]],
    [`head.${i}.bias`, [count]],
  ]);
}

function freshHeads(sizes: ReaderSizes, seed: number): Map<string, tf.Variable> {
  return makeVariables(
    headShapes(sizes).map(([name, shape]) => {
      const random = new Random(seed).fork(`head ${SLOTS[Number(name.split(".")[1])] ?? ""}`);
      const draw = (): number => (shape.length === 1 ? 0 : random.normal(0, 0.02));
      return { name, shape, data: Float32Array.from({ length: sizeOf(shape) }, draw) };
    }),
  );
}
