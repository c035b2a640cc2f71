import * as path from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { z } from "zod";
import { LabError } from "../../core/errors";
import { requireUsable } from "../../core/finite";
import { readJson, writeJson } from "../../core/files";
import { groupBy } from "../../core/groups";
import type { RgbImage } from "../../core/image";
import { runHere, type Replicable, type Runner, type Workers } from "../../workers/job";
import type { ReplicaKind } from "../../workers/protocol";
import { withSafetensors, writeSafetensors } from "../../core/safetensors";
import type { DualEncoder } from "../dualEncoder";
import { copyCompanions, ENCODER_SETTINGS, writeModelFolder } from "../qwen/checkpoint";
import { readQwenConfig, type QwenConfig } from "../qwen/config";
import { toHfConfig } from "../qwen/configWriter";
import { processImage } from "../qwen/imageProcessor";
import {
  disposeSequenceBatch,
  hiddenSequence,
  qwenNetwork,
  sequenceBatch,
  type QwenNetwork,
  type SequenceBatch,
} from "../qwen/network";
import { ropePositions } from "../qwen/positions";
import { disposeImageBatch, layoutImages, type ImageBatch } from "../qwen/sequences";
import { QwenTokenizer } from "../qwen/tokenizer";
import { imageEmbeddings } from "../qwen/vision";
import { initialValues, makeVariables, sizeOf, weightShapes } from "../qwen/weights";

const settingsSchema = z.strictObject({ width: z.int().min(1) });
/** SigLIP's starting point: t = 10, b = −10. */
const START = { logScale: Math.log(10), bias: -10 };
const BATCH = 64;
const NAME = "siglip-mini";

/** Texts laid out for the text tower, with the weight of each token in its text's mean. */
export interface TextBatch {
  readonly sequences: SequenceBatch;
  /** [B, T, 1] */
  readonly mask: tf.Tensor3D;
}

export function disposeTextBatch({ sequences, mask }: TextBatch): void {
  disposeSequenceBatch(sequences);
  mask.dispose();
}

/**
 * A SigLIP-style dual encoder of the mini-world: the vision tower of a mini Qwen, and its decoder as the text tower,
 * each meaned over its tokens and projected into one space of width W. It plays the part of the paper's SigLIP: closed
 * world baseline, text encoder of Eq. 5, image similarity for the hard negatives.
 */
export class MiniDualEncoder implements DualEncoder, Replicable {
  private readonly network: QwenNetwork;
  /** Who computes its gradients. */
  readonly runner: Runner<MiniDualEncoder>;

  constructor(
    readonly name: string,
    readonly config: QwenConfig,
    readonly width: number,
    readonly tokenizer: QwenTokenizer,
    /** The towers' weights under their published names, the projections, `logit_scale` and `logit_bias`. */
    readonly parameters: ReadonlyMap<string, tf.Variable>,
    private readonly folder: string,
    private readonly workers?: Workers,
  ) {
    this.network = qwenNetwork(config, parameters);
    this.runner = workers?.runner(this) ?? runHere(this);
  }

  get replica(): { readonly kind: string; readonly about: EncoderSizes } {
    return { kind: SIGLIP, about: { config: this.config, width: this.width, folder: this.folder } };
  }

  /** A fresh encoder. @param folder holds the tokenizer */
  static initialise(
    config: QwenConfig,
    width: number,
    folder: string,
    seed: number,
    deviation: number,
    workers?: Workers,
  ): MiniDualEncoder {
    const weights = [...encoderShapes(config, width)].map(([name, shape]) => ({
      name,
      shape,
      data: startValues(name, shape, seed, deviation),
    }));
    return new MiniDualEncoder(
      NAME,
      config,
      width,
      QwenTokenizer.load(folder),
      makeVariables(weights),
      folder,
      workers,
    );
  }

  /** Reads a folder that `save` wrote. */
  static load(folder: string): MiniDualEncoder {
    const config = readQwenConfig(folder);
    const file = path.join(folder, ENCODER_SETTINGS);
    const settings = settingsSchema.safeParse(readJson(file));
    if (!settings.success)
      throw new LabError("is not the settings of a dual encoder", "Build it again.", { subject: file });
    const { width } = settings.data;
    const tokenizer = QwenTokenizer.load(folder);
    const weightsFile = path.join(folder, "model.safetensors");
    const parameters = withSafetensors(weightsFile, (opened) =>
      makeVariables(
        [...encoderShapes(config, width)].map(([name, shape]) => {
          if (opened.tensors.get(name)?.shape.join() !== shape.join()) {
            throw new LabError(`has no ${name} of shape [${shape.join(", ")}]`, "Build it again.", {
              subject: weightsFile,
            });
          }
          return { name, shape, data: requireUsable(name, opened.readFloat32(name), weightsFile) };
        }),
      ),
    );
    return new MiniDualEncoder(NAME, config, width, tokenizer, parameters, folder);
  }

  /** Differentiable unit vectors of images. @returns [B, W] */
  imageVectors(images: ImageBatch, count: number): tf.Tensor2D {
    return tf.tidy(() => {
      const tokens = imageEmbeddings(images.pixels, images.plan, this.network.vision);
      const [all, depth] = tokens.shape;
      return this.project(tf.mean(tf.reshape(tokens, [count, all / count, depth]), 1), "image_projection.weight");
    });
  }

  /** Differentiable unit vectors of texts. @returns [B, W] */
  textVectors({ sequences, mask }: TextBatch): tf.Tensor2D {
    return tf.tidy(() => {
      const { hiddenSize, layers } = this.config.text;
      const hidden = hiddenSequence(this.network, sequences, layers);
      const states = tf.reshape(hidden, [sequences.sequences, sequences.length, hiddenSize]);
      return this.project(tf.sum(tf.mul(states, mask), 1), "text_projection.weight");
    });
  }

  /** Pictures of one size share their batches: those of another one have another number of tokens. */
  async encodeImages(images: readonly RgbImage[]): Promise<Float32Array[]> {
    const sizes = groupBy([...images.entries()], ([, { width, height }]) => `${width} × ${height}`);
    const out: Float32Array[] = [];
    for (const alike of sizes.values()) {
      const vectors = await this.encodeAlike(alike.map(([, image]) => image));
      alike.forEach(([i], j) => (out[i] = vectors[j] as Float32Array));
    }
    return out;
  }

  private encodeAlike(images: readonly RgbImage[]): Promise<Float32Array[]> {
    return inBatches(images, (part) => {
      const batch = this.layout(part);
      const vectors = this.imageVectors(batch, part.length);
      disposeImageBatch(batch);
      return vectors;
    });
  }

  async encodeTexts(texts: readonly string[]): Promise<Float32Array[]> {
    return inBatches(texts, (part) => {
      const batch = this.layoutTexts(part);
      const vectors = this.textVectors(batch);
      disposeTextBatch(batch);
      return vectors;
    });
  }

  /** The text tower's input. The caller frees it with `disposeTextBatch`. */
  layoutTexts(texts: readonly string[]): TextBatch {
    const { config } = this;
    const sequences = sequenceBatch(
      texts.map((text) => {
        const ids = this.tokenizer.encode(text);
        const { ids: positions, next } = ropePositions(ids, [], config);
        return { ids, images: [], positions, next, imageToken: config.imageTokenId };
      }),
      config,
    );
    const { length, padding } = sequences;
    const mask = new Float32Array(texts.length * length);
    padding.forEach((empty, row) => mask.fill(1 / (length - empty), row * length + empty, (row + 1) * length));
    return { sequences, mask: tf.tensor3d(mask, [texts.length, length, 1]) };
  }

  /** The tower's input. All images must be of one size. The caller frees it with `disposeImageBatch`. */
  layout(images: readonly RgbImage[]): ImageBatch {
    const batch = layoutImages(
      images.map((image, id) => ({ ...processImage(image), id })),
      this.config,
    );
    if (batch === undefined) throw new RangeError("MiniDualEncoder: a batch holds at least one image");
    return batch;
  }

  save(folder: string): Promise<void> {
    const fill = (temporary: string): void => {
      copyCompanions(this.folder, temporary);
      writeJson(path.join(temporary, "config.json"), toHfConfig(this.config));
      writeJson(path.join(temporary, ENCODER_SETTINGS), { width: this.width });
      writeSafetensors(
        path.join(temporary, "model.safetensors"),
        [...this.parameters].map(([name, v]) => ({
          name,
          shape: v.shape,
          data: () => requireUsable(name, v.dataSync<"float32">(), folder),
        })),
      );
    };
    return writeModelFolder(folder, fill, this.folder);
  }

  dispose(): void {
    this.workers?.forget(this);
    for (const variable of this.parameters.values()) variable.dispose();
  }

  private project(pooled: tf.Tensor, name: string): tf.Tensor2D {
    const vectors = tf.matMul(pooled, this.parameters.get(name) as tf.Tensor2D, false, true);
    return tf.div(vectors, tf.sqrt(tf.add(tf.sum(tf.square(vectors), 1, true), 1e-12)));
  }
}

interface EncoderSizes {
  readonly config: QwenConfig;
  readonly width: number;
  /** Holds the tokenizer. */
  readonly folder: string;
}

const SIGLIP = "siglip";

/** How a worker makes a dual encoder. */
export const encoderReplicas: ReplicaKind<EncoderSizes> = {
  kind: SIGLIP,
  make: ({ config, width, folder }) => {
    const blank = [...encoderShapes(config, width)].map(([name, shape]) => {
      return { name, shape, data: new Float32Array(sizeOf(shape)) };
    });
    return new MiniDualEncoder(NAME, config, width, QwenTokenizer.load(folder), makeVariables(blank), folder);
  },
};

function encoderShapes(config: QwenConfig, width: number): Map<string, readonly number[]> {
  return new Map<string, readonly number[]>([
    ...weightShapes(config),
    ["image_projection.weight", [width, config.vision.outHiddenSize]],
    ["text_projection.weight", [width, config.text.hiddenSize]],
    ["logit_scale", [1]],
    ["logit_bias", [1]],
  ]);
}

function startValues(name: string, shape: readonly number[], seed: number, deviation: number): Float32Array {
  if (name === "logit_scale") return Float32Array.of(START.logScale);
  if (name === "logit_bias") return Float32Array.of(START.bias);
  return initialValues(name, shape, seed, deviation);
}

async function inBatches<T>(
  items: readonly T[],
  vectors: (part: readonly T[]) => tf.Tensor2D,
): Promise<Float32Array[]> {
  const out: Float32Array[] = [];
  for (let from = 0; from < items.length; from += BATCH) {
    const part = items.slice(from, from + BATCH);
    const tensor = vectors(part);
    const data = await tensor.data<"float32">();
    tensor.dispose();
    const width = data.length / part.length;
    part.forEach((_, i) => out.push(data.slice(i * width, (i + 1) * width)));
  }
  return out;
}
