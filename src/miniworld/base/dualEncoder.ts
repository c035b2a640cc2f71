import * as tf from "@tensorflow/tfjs-core";
import { Random } from "../../core/random";
import type { RgbImage } from "../../core/image";
import { describe } from "../attributes";
import type { WeakLabels } from "../curriculum/exercises";
import { weakLabel } from "../curriculum/weak";
import type { MiniWorld } from "../types";
import { ADAMW_DEFAULTS } from "../../engine/adamw";
import { oneCycle } from "../../engine/schedule";
import { microBatch, type Loss } from "../../engine/gradient";
import { train, type StepFigures } from "../../engine/train";
import { disposeImageBatch } from "../../model/qwen/sequences";
import { disposeTextBatch, type MiniDualEncoder } from "../../model/siglip/dualEncoder";
import { sigmoidLoss, softmaxLoss } from "../../model/siglip/loss";
import type { BaseConfig, DualEncoderStage, EncoderName } from "./config";
import type { BaseRun } from "./curriculum";

interface Pair {
  readonly text: string;
  load(): Promise<RgbImage>;
}

/** What a dual encoder is taught. */
export interface EncoderLesson extends Pick<BaseConfig, "weakLabels" | "seed"> {
  readonly name: EncoderName;
  readonly stage: DualEncoderStage;
}

/**
 * Trains a dual encoder in place: half of the pairs are pictures of random combinations with their description, half
 * are pictures of classes with the names found beside them, often wrong ones.
 */
export function teachDualEncoder(
  encoder: MiniDualEncoder,
  world: MiniWorld,
  { name, stage, weakLabels, seed }: EncoderLesson,
  run: BaseRun,
): Promise<StepFigures[]> {
  return train(
    {
      parameters: learning(encoder, name),
      runner: encoder.runner,
      async next(step) {
        const random = new Random(seed).fork(`${run.label} ${step}`);
        const pairs = Array.from({ length: stage.batchSize }, (_, i) =>
          i % 2 === 0 ? describedPair(world, random) : namedPair(world, weakLabels, random),
        );
        const images = await Promise.all(pairs.map((pair) => pair.load()));
        // one micro-batch: the loss compares each picture with every text
        return { microBatches: [microBatch(PAIR_LOSS[name], { images, texts: pairs.map(({ text }) => text) })] };
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
}

/** CLIP's loss knows no bias: it stays as it began. */
function learning({ parameters }: MiniDualEncoder, encoder: EncoderName): ReadonlyMap<string, tf.Variable> {
  return new Map([...parameters].filter(([name]) => encoder === "siglip" || name !== "logit_bias"));
}

function describedPair(world: MiniWorld, random: Random): Pair {
  const picture = world.freePicture(random.integer(world.config.baseImages));
  return { text: `${picture.domain} ${describe(picture.attributes)}`, load: () => picture.load() };
}

function namedPair(world: MiniWorld, labels: WeakLabels, random: Random): Pair {
  const subject = random.pick(world.subCategories);
  const picture = world.picture(subject, "weak", random.integer(world.config.weakImages));
  return {
    text: `${subject.superCategory} ${weakLabel(world, picture, labels, "encoder").name}`,
    load: () => picture.load(),
  };
}

interface PairData {
  readonly images: readonly RgbImage[];
  readonly texts: readonly string[];
}

type PairTerm = (...of: Parameters<typeof sigmoidLoss>) => tf.Scalar;

const pairLoss = (name: string, term: PairTerm): Loss<MiniDualEncoder, PairData> => ({
  name,
  prepare: (encoder, { images, texts }) => {
    const batch = encoder.layout(images);
    const textBatch = encoder.layoutTexts(texts);
    const match = tf.tensor2d(texts.map((a) => texts.map((b) => (a === b ? 1 : -1))));
    return {
      loss: () =>
        term(
          encoder.imageVectors(batch, images.length),
          encoder.textVectors(textBatch),
          match,
          encoder.parameters.get("logit_scale") as tf.Variable,
          encoder.parameters.get("logit_bias") as tf.Variable,
        ),
      dispose: () => {
        disposeImageBatch(batch);
        disposeTextBatch(textBatch);
        match.dispose();
      },
    };
  },
});

/** The losses of pictures and texts; equal texts match as well. */
export const PAIR_LOSS = {
  siglip: pairLoss("siglip pairs", sigmoidLoss),
  clip: pairLoss("clip pairs", softmaxLoss),
} satisfies Record<EncoderName, Loss<MiniDualEncoder, PairData>>;
