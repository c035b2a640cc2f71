import * as tf from "@tensorflow/tfjs-core";
import { Random } from "../../core/random";
import { SLOTS } from "../attributes";
import type { FreePicture, MiniWorld } from "../types";
import { ADAMW_DEFAULTS } from "../../engine/adamw";
import { oneCycle } from "../../engine/schedule";
import { train, type MicroBatch, type StepFigures } from "../../engine/train";
import type { QwenConfig } from "../../model/qwen/config";
import { processImage } from "../../model/qwen/imageProcessor";
import { disposeImageBatch, layoutImages, type ImageBatch } from "../../model/qwen/sequences";
import { imageEmbeddings, visionWeights, type VisionWeights } from "../../model/qwen/vision";
import { makeVariables, WeightReader } from "../../model/qwen/weights";
import type { TowerStage } from "./config";
import type { BaseRun } from "./curriculum";

/** Pictures set apart from training, to measure reading by; of a small pool an eighth. */
const HELD_OUT = 512;

interface Head {
  readonly weight: tf.Variable;
  readonly bias: tf.Variable;
}

/**
 * Teaches the vision tower, alone, to tell the five attributes of random pictures: one linear head an attribute on the
 * mean of the merged tokens. The heads are thrown away.
 * @param parameters the weights named `visual.…`, trained in place
 * @returns the figures of every step; the last ones hold the held-out accuracy of each attribute
 */
export async function teachTower(
  config: QwenConfig,
  parameters: ReadonlyMap<string, tf.Variable>,
  world: MiniWorld,
  stage: TowerStage,
  seed: number,
  run: BaseRun,
): Promise<StepFigures[]> {
  const weights = visionWeights(new WeightReader(parameters), config);
  const heads = newHeads(config, world, seed);
  const heldOut = Math.min(HELD_OUT, Math.floor(world.config.baseImages / 8));
  const pool = world.config.baseImages - heldOut;
  try {
    return await train(
      {
        parameters: new Map([...parameters, ...headParameters(heads)]),
        async next(step) {
          const random = new Random(seed).fork(`tower ${step}`);
          const pictures = Array.from({ length: stage.batchSize }, () => world.freePicture(random.integer(pool)));
          return { microBatches: [await microBatch(config, weights, heads, world, pictures)] };
        },
        async measure(step) {
          if ((step + 1) % 250 !== 0 && step + 1 !== stage.steps) return undefined;
          const held = Array.from({ length: heldOut }, (_, i) => world.freePicture(pool + i));
          return readingAccuracy(config, weights, heads, world, held);
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
    for (const head of heads) tf.dispose([head.weight, head.bias]);
  }
}

async function microBatch(
  config: QwenConfig,
  weights: VisionWeights,
  heads: readonly Head[],
  world: MiniWorld,
  pictures: readonly FreePicture[],
): Promise<MicroBatch> {
  const images = await layout(config, pictures);
  const labels = labelsOf(world, pictures);
  return {
    loss: () => {
      const scores = headScores(images, weights, heads, pictures.length);
      const losses = scores.map((score, i) => {
        const target = tf.oneHot(labels[i] as tf.Tensor1D, score.shape[1], 1, 0, "float32");
        return tf.div(tf.sum(tf.mul(tf.logSoftmax(score), target)), -pictures.length);
      });
      return tf.div<tf.Scalar>(tf.addN(losses), heads.length);
    },
    dispose: () => {
      disposeImageBatch(images);
      tf.dispose(labels);
    },
  };
}

/** Share of held-out pictures on which each head is right. */
async function readingAccuracy(
  config: QwenConfig,
  weights: VisionWeights,
  heads: readonly Head[],
  world: MiniWorld,
  pictures: readonly FreePicture[],
): Promise<Record<string, number>> {
  const images = await layout(config, pictures);
  const labels = labelsOf(world, pictures);
  const shares = tf.tidy(() =>
    headScores(images, weights, heads, pictures.length).map((score, i) =>
      tf.mean(tf.cast(tf.equal(tf.argMax(score, 1), labels[i] as tf.Tensor1D), "float32")),
    ),
  );
  const out = Object.fromEntries(SLOTS.map((slot, i) => [slot, shares[i]?.dataSync()[0] ?? NaN]));
  disposeImageBatch(images);
  tf.dispose([labels, shares]);
  return out;
}

/** One [B, values] score a head. */
function headScores(images: ImageBatch, weights: VisionWeights, heads: readonly Head[], count: number): tf.Tensor2D[] {
  const tokens = imageEmbeddings(images.pixels, images.plan, weights);
  const [all, width] = tokens.shape;
  const pooled = tf.mean<tf.Tensor2D>(tf.reshape(tokens, [count, all / count, width]), 1);
  return heads.map((head) => tf.add(tf.matMul(pooled, head.weight as tf.Tensor2D), head.bias));
}

/** The tower's input; not cached, since each picture of the large pool comes seldom. */
async function layout(config: QwenConfig, pictures: readonly FreePicture[]): Promise<ImageBatch> {
  const loaded = await Promise.all(pictures.map((picture) => picture.load()));
  const images = layoutImages(
    loaded.map((image, id) => ({ ...processImage(image), id })),
    config,
  );
  if (images === undefined) throw new RangeError("teachTower: a batch holds at least one picture");
  return images;
}

function labelsOf(world: MiniWorld, pictures: readonly FreePicture[]): tf.Tensor1D[] {
  return SLOTS.map((slot) => {
    const values: readonly string[] = world.config.attributes[slot];
    return tf.tensor1d(
      pictures.map((picture) => values.indexOf(picture.attributes[slot])),
      "int32",
    );
  });
}

function newHeads(config: QwenConfig, world: MiniWorld, seed: number): Head[] {
  return SLOTS.map((slot) => {
    const shape = [config.vision.outHiddenSize, world.config.attributes[slot].length];
    const random = new Random(seed).fork(`head ${slot}`);
    const data = Float32Array.from({ length: (shape[0] ?? 0) * (shape[1] ?? 0) }, () => random.normal(0, 0.02));
    const made = makeVariables([
      { name: "weight", shape, data },
      { name: "bias", shape: [shape[1] ?? 0], data: new Float32Array(shape[1] ?? 0) },
    ]);
    return { weight: made.get("weight") as tf.Variable, bias: made.get("bias") as tf.Variable };
  });
}

function headParameters(heads: readonly Head[]): [string, tf.Variable][] {
  return heads.flatMap((head, i): [string, tf.Variable][] => [
    [`head.${i}.weight`, head.weight],
    [`head.${i}.bias`, head.bias],
  ]);
}
