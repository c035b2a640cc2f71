import { onGpu } from "../../core/backend";
import { LabError } from "../../core/errors";
import { freeMemory, gibibytes, gpuMemory, type FreeMemory } from "../../core/memory";
import { EVERYTHING, partOf, type TrainableParts } from "../parameters";
import { passBytes } from "./batches";
import type { QwenConfig, QwenVisionConfig } from "./config";
import { sizeOf, weightShapes } from "./weights";

/** Bytes that a model takes in float32, from its config alone. */
export interface MemoryNeed {
  readonly parameters: number;
  readonly weights: number;
  /** The most at a time while the weights are read, largest first: those that are there, and the next one a second time. */
  readonly loading: number;
  /** Beside the weights, to answer one question (`USUAL`). */
  readonly working: number;
  /** How many of the parameters learn. */
  readonly learning: number;
  /** Beside the weights, in tensors, to train those that learn, but for what a step's passes hold (`trainingBytes`). */
  readonly training: number;
  /**
   * The gradients added up over a step's micro-batches, in arrays of the host's memory. On a GPU's host there are twice as many, beside those
   * of the micro-batch that is being added; they are not asked for.
   */
  readonly arrays: number;
}

/** The question that `working` is about: a picture of 448 × 448 pixels, 256 tokens after the merger, among 512 tokens. */
const USUAL = { side: 448, tokens: 512 } as const;
/** Smaller models are loaded without a word. */
const LARGE = 2 ** 30;
/** The optimiser's buckets and pieces, in bytes: `FlatLayout`'s limit of 2²⁴ numbers. */
const BUCKET = 4 * 2 ** 24;

/** @param parts that learn where it is trained */
export function memoryNeed(config: QwenConfig, parts: TrainableParts = EVERYTHING): MemoryNeed {
  const shapes = weightShapes(config);
  const sizes = [...shapes.values()].map((shape) => 4 * sizeOf(shape)).sort((a, b) => b - a);
  let weights = 0;
  let loading = 0;
  for (const size of sizes) {
    weights += size;
    loading = Math.max(loading, weights + size);
  }
  const patches = (USUAL.side / config.vision.patchSize) ** 2;
  // the tower is done before the decoder begins
  const working = Math.max(towerBytes(patches, config.vision), passBytes(1, USUAL.tokens, 1, config));
  const learning = [...shapes].filter(([name]) => parts[partOf(name)]).map(([, shape]) => 4 * sizeOf(shape));
  const arrays = sum(learning);
  return {
    ...{ parameters: weights / 4, weights, loading, working },
    ...{ learning: arrays / 4, training: trainingBytes(learning), arrays },
  };
}

/**
 * Bytes of tensors that training holds beside the weights at its peak, an update, at most and as `tf.memory()` counts: gradients and AdamW's
 * two moments, and what becomes of one bucket (`engine/adamw.ts`). That is the bucket of the largest parameter, or a full one: its parameters
 * laid end to end (a lone one shares its memory), and they and the moments anew, 4 times its size; and 18 vectors of one of the pieces in
 * which it is computed, 4 of them what is cut out.
 * @param sizes of the parameters that learn, in bytes
 * @param limit of a bucket, unless one parameter is larger
 */
export function trainingBytes(sizes: readonly number[], limit = BUCKET): number {
  const weights = sum(sizes);
  const bucket = Math.max(...sizes, Math.min(weights, limit));
  return 3 * weights + 4 * bucket + 18 * Math.min(bucket, limit);
}

function sum(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total + size, 0);
}

/** Bytes of float32 that the tower holds at once for a picture, without gradients: in a block where every patch sees every other. */
export function towerBytes(patches: number, { embedDim, mlpWidth, heads }: QwenVisionConfig): number {
  return 4 * patches * (9 * embedDim + 4 * mlpWidth + 3 * heads * patches);
}

/**
 * Says what a large model will take, before it is loaded.
 * @param say where the sentence goes; nothing is said of models below 1 GiB
 * @param trained its parts that will be trained, if any
 * @throws LabError where that is more than is free
 */
export function requireRoom(
  name: string,
  config: QwenConfig,
  trained: TrainableParts | undefined,
  say: (sentence: string) => void,
): void {
  const need = memoryNeed(config, trained);
  if (need.weights < LARGE) return;
  const training = need.training + (onGpu() ? 0 : need.arrays);
  const billions = (count: number) => `${(count / 1e9).toFixed(2)} billion`;
  const what = trained
    ? `training ${billions(need.learning)} of them ${gibibytes(training)} more for gradients, moments and an update, and what a step's passes hold`
    : `a question with a picture of ${USUAL.side} × ${USUAL.side} pixels about ${gibibytes(need.working)} more`;
  const weights = `${billions(need.parameters)} weights take ${gibibytes(need.weights)} as float32; ${what}`;
  const free = freeHere();
  say(`${name}: ${weights}. ${shown(free)} are free.`);
  const least = Math.max(need.loading, need.weights + (trained ? training : need.working));
  if (least <= free.bytes) return;
  throw new LabError(`needs ${gibibytes(least)}, and ${shown(free)} are free: ${weights}`, REMEDY, { subject: name });
}

/** @throws LabError where a picture's patches would take more memory than is free: the bounds of published processors allow such ones */
export function requireRoomForPicture(patches: number, config: QwenConfig): void {
  const bytes = towerBytes(patches, config.vision);
  if (bytes < LARGE) return;
  const free = besideWeights(config);
  if (bytes <= free.bytes) return;
  throw new LabError(
    `a picture of ${patches} patches needs about ${gibibytes(bytes)}, and ${shown(free)} are free`,
    'Make it smaller, or lower "max_pixels" in the checkpoint\'s preprocessor_config.json.',
    { subject: "image" },
  );
}

/** Memory of what computes. */
function freeHere(): FreeMemory {
  return (onGpu() ? gpuMemory()?.free : undefined) ?? freeMemory();
}

/** The card as it was when a picture was first looked at. */
let card: ReturnType<typeof gpuMemory>;

/**
 * Memory for a picture, once the weights are there. Of a GPU it is all but the weights: what TensorFlow took from the card it keeps and
 * uses again, so that what is free there says little.
 */
function besideWeights(config: QwenConfig): FreeMemory {
  if (!onGpu()) return freeMemory();
  card ??= gpuMemory();
  return card === undefined ? freeMemory() : { ...card.all, bytes: card.all.bytes - memoryNeed(config).weights };
}

const REMEDY =
  "Close other programs, raise the container's limit, take a smaller checkpoint, or have a server run it. " +
  "Where more is free than can be seen, FINE_R1_MEMORY says how many GiB.";

function shown({ bytes, where }: FreeMemory): string {
  return `${gibibytes(bytes)} ${where}`;
}
