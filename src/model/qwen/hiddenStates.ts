import * as tf from "@tensorflow/tfjs-core";
import { LabError } from "../../core/errors";
import { breathe } from "../../core/progress";
import type { HiddenStateOptions } from "../contract";
import { cutByCost, PASS_BYTES, passBytes } from "./batches";
import { disposeSequenceBatch, hiddenSequences, sequenceBatch, type QwenNetwork } from "./network";
import type { TokenSequence } from "./sequences";

/**
 * One vector of the hidden width per prompt, or per prompt and layer: of its last token, or the mean over its image's or all its tokens.
 * @throws LabError when there is no such layer, or "imageMean" is asked of a prompt without an image
 */
export async function pooledHiddenStates(
  network: QwenNetwork,
  prompts: readonly TokenSequence[],
  options: HiddenStateOptions,
): Promise<Float32Array[]> {
  const layers = layersOf(network, options);
  if (options.pool === "imageMean" && prompts.some(({ images }) => images.length === 0)) {
    throw new LabError("a prompt without an image has no mean over it", 'Use "last" or "mean".', { subject: "pool" });
  }
  const order = prompts.map((_, index) => index).sort((a, b) => lengthOf(prompts, a) - lengthOf(prompts, b));
  const costOf = (run: readonly number[]): number =>
    passBytes(run.length, lengthOf(prompts, run.at(-1) ?? 0), 0, network.config);
  const out: Float32Array[] = [];
  for (const run of cutByCost(order, costOf, PASS_BYTES)) {
    const members = run.map((index) => prompts[index] as TokenSequence);
    const width = network.config.text.hiddenSize;
    const values = pooledStates(network, members, layers, options.pool);
    run.forEach((index, row) => {
      values.forEach((of, place) => (out[index * layers.length + place] = of.slice(row * width, (row + 1) * width)));
    });
    await breathe();
  }
  return out;
}

/** [S·D] per layer, of one pass, whose layout is freed even where the pass runs out of memory. */
function pooledStates(
  network: QwenNetwork,
  members: readonly TokenSequence[],
  layers: readonly number[],
  pool: HiddenStateOptions["pool"],
): Float32Array[] {
  const batch = sequenceBatch(members, network.config);
  try {
    return tf.tidy(() => {
      const weights = tf.tensor3d(poolingMatrix(members, batch.length, pool), [members.length, 1, batch.length]);
      return hiddenSequences(network, batch, layers).map((states) =>
        tf.matMul(weights, tf.reshape(states, [members.length, batch.length, -1])).dataSync<"float32">(),
      );
    });
  } finally {
    disposeSequenceBatch(batch);
  }
}

function lengthOf(prompts: readonly TokenSequence[], index: number): number {
  return prompts[index]?.ids.length ?? 0;
}

function layersOf(network: QwenNetwork, { layer }: HiddenStateOptions): number[] {
  const layers = network.language.layers.length;
  if (layer === "every") return Array.from({ length: layers + 1 }, (_, place) => place);
  if (layer === "last") return [layers];
  if (Number.isInteger(layer) && layer >= 0 && layer <= layers) return [layer];
  throw new LabError(`there is no layer ${layer}`, `Ask for one of 0 to ${layers}.`, { subject: "layer" });
}

/** Weights of the columns of each left-padded row, [S, n]; each row's sum is 1. */
function poolingMatrix(
  sequences: readonly TokenSequence[],
  columns: number,
  pool: HiddenStateOptions["pool"],
): Float32Array {
  const matrix = new Float32Array(sequences.length * columns);
  sequences.forEach(({ ids, imageToken }, row) => {
    const first = row * columns + columns - ids.length;
    const counts = ids.map((id, i) => pool === "mean" || (pool === "last" ? i === ids.length - 1 : id === imageToken));
    const total = counts.filter(Boolean).length;
    counts.forEach((counted, i) => (matrix[first + i] = counted ? 1 / total : 0));
  });
  return matrix;
}
