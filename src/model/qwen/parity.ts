import * as path from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { z } from "zod";
import { LabError } from "../../core/errors";
import { readJson } from "../../core/files";
import { withSafetensors, type SafetensorsFile } from "../../core/safetensors";
import { tokenLogProbs } from "../tensor/tokenLogProbs";
import { publishedName, readCheckpointConfig, readWeights } from "./checkpoint";
import type { QwenConfig } from "./config";
import { embedImages, hiddenSequence, qwenNetwork, sequenceBatch, disposeSequenceBatch } from "./network";
import type { QwenNetwork, SequenceBatch } from "./network";
import { ropePositions, type Grid } from "./positions";
import type { TokenSequence } from "./sequences";
import { makeVariables, weightShapes } from "./weights";

/** One figure of a comparison with a reference: its largest error, and how large that may be. */
export interface ParityFigure {
  readonly figure: string;
  readonly error: number;
  readonly tolerance: number;
}

/** What is read of `expected.json` of a reference folder. */
const expectedSchema = z.object({ loss: z.number(), gradNorms: z.record(z.string(), z.number()) });
type ExpectedNumbers = z.infer<typeof expectedSchema>;

/** The inputs of a reference folder, one sequence per row. */
interface ReferenceInputs {
  readonly sequences: readonly TokenSequence[];
  /** [B, n − 1] 1 where token i + 1 counts in the loss */
  readonly lossMask: Int32Array;
}

/**
 * Compares this implementation with a reference folder in the format of `tests/reference/golden/qwen2_5_vl_tiny`:
 * `config.json`, `model.safetensors`, `expected.safetensors` and `expected.json`. Hidden states, logits and image
 * embeddings are relative to the largest magnitude, gradients to their norms; padding is left out, since nothing reads it.
 * @throws LabError when a file is missing or of another format
 */
export function modelParity(folder: string): ParityFigure[] {
  const config = readCheckpointConfig(folder);
  const expected = readExpected(path.join(folder, "expected.json"));
  const parameters = makeVariables(readWeights(folder, weightShapes(config)));
  try {
    return withSafetensors(path.join(folder, "expected.safetensors"), (file) => {
      const inputs = readInputs(file, config);
      const network = qwenNetwork(config, parameters);
      const batch = sequenceBatch(inputs.sequences, config);
      try {
        return [
          positionsFigure(file, inputs, batch),
          ...forwardFigures(file, network, batch),
          ...gradientFigures(file, expected, network, parameters, inputs, batch),
        ];
      } finally {
        disposeSequenceBatch(batch);
      }
    });
  } finally {
    tf.dispose([...parameters.values()]);
  }
}

function readExpected(file: string): ExpectedNumbers {
  const value = expectedSchema.safeParse(readJson(file));
  if (value.success) return value.data;
  throw new LabError(
    'lacks "loss" or "gradNorms"',
    "Give a folder in the format of tests/reference/golden/qwen2_5_vl_tiny.",
    { subject: file },
  );
}

function readInputs(file: SafetensorsFile, config: QwenConfig): ReferenceInputs {
  const ids = file.readInt32("input_ids");
  const mask = file.readInt32("attention_mask");
  const [rows = 0, n = 0] = file.tensors.get("input_ids")?.shape ?? [];
  const grids = file.readInt32("image_grid_thw");
  const pixels = file.readFloat32("pixel_values");
  const width = pixels.length / ((file.tensors.get("pixel_values")?.shape ?? [])[0] ?? 1);
  let image = 0;
  let patch = 0;
  const sequences = Array.from({ length: rows }, (_, row): TokenSequence => {
    const own = [...ids.subarray(row * n, (row + 1) * n)].filter((_id, i) => mask[row * n + i] === 1);
    const images = [];
    for (let left = own.filter((id) => id === config.imageTokenId).length; left > 0; image++) {
      const gridThw: Grid = [grids[3 * image] ?? 0, grids[3 * image + 1] ?? 0, grids[3 * image + 2] ?? 0];
      const patches = gridThw[0] * gridThw[1] * gridThw[2];
      const tokens = patches / config.vision.spatialMergeSize ** 2;
      if (tokens < 1)
        throw new LabError("lacks a grid for an image", "Make the reference anew.", { subject: file.path });
      images.push({
        id: image,
        gridThw,
        tokens,
        pixelValues: pixels.subarray(patch * width, (patch + patches) * width),
      });
      patch += patches;
      left -= tokens;
    }
    const positions = ropePositions(
      own,
      images.map(({ gridThw }) => gridThw),
      config,
    );
    return { ids: own, images, positions: positions.ids, next: positions.next, imageToken: config.imageTokenId };
  });
  return { sequences, lossMask: file.readInt32("loss_mask") };
}

/** Rotary positions must be equal: the number of those that differ. */
function positionsFigure(file: SafetensorsFile, { sequences }: ReferenceInputs, batch: SequenceBatch): ParityFigure {
  const reference = file.readInt32("position_ids");
  const { length: n, padding } = batch;
  let different = 0;
  sequences.forEach(({ positions, ids }, row) => {
    for (let axis = 0; axis < 3; axis++)
      for (let i = 0; i < ids.length; i++)
        if (
          positions[axis * ids.length + i] !== reference[(axis * sequences.length + row) * n + (padding[row] ?? 0) + i]
        )
          different++;
  });
  return { figure: "position ids that differ", error: different, tolerance: 0 };
}

function forwardFigures(file: SafetensorsFile, network: QwenNetwork, batch: SequenceBatch): ParityFigure[] {
  const layers = network.language.layers.length;
  const compare = (figure: string, name: string, make: () => tf.Tensor | undefined): ParityFigure[] => {
    if (!file.tensors.has(name)) return [];
    const reference = file.readFloat32(name);
    const values = tf.tidy(() => make()?.dataSync());
    if (values === undefined) return [];
    const rows = name === "image_embeds" ? undefined : batch;
    return [{ figure, error: relativeError(values, reference, rows), tolerance: 1e-4 }];
  };
  return [
    ...compare("image embeddings", "image_embeds", () => embedImages(network, batch.images)),
    ...Array.from({ length: layers }, (_, layer) =>
      compare(`hidden state ${layer}`, `hidden_state_${layer}`, () => hiddenSequence(network, batch, layer)),
    ).flat(),
    ...compare("last hidden state", "last_hidden_state", () => hiddenSequence(network, batch, layers)),
    ...compare("logits", "logits", () =>
      tf.matMul(hiddenSequence(network, batch, layers), network.language.head, false, true),
    ),
  ];
}

/** max |a − b| / max |b|, without the rows on padding. */
function relativeError(values: ArrayLike<number>, reference: Float32Array, batch: SequenceBatch | undefined): number {
  if (values.length !== reference.length) return Infinity;
  const width = batch === undefined ? 1 : reference.length / (batch.sequences * batch.length);
  let largest = 0;
  let error = 0;
  for (let i = 0; i < reference.length; i++) {
    const token = Math.floor(i / width);
    if (batch !== undefined && token % batch.length < (batch.padding[Math.floor(token / batch.length)] ?? 0)) continue;
    largest = Math.max(largest, Math.abs(reference[i] ?? 0));
    const distance = Math.abs((values[i] ?? 0) - (reference[i] ?? 0));
    error = Number.isNaN(distance) ? Infinity : Math.max(error, distance);
  }
  return error / largest;
}

function gradientFigures(
  file: SafetensorsFile,
  expected: ExpectedNumbers,
  network: QwenNetwork,
  parameters: ReadonlyMap<string, tf.Variable>,
  inputs: ReferenceInputs,
  batch: SequenceBatch,
): ParityFigure[] {
  const { value, grads } = tf.variableGrads(() => nextTokenLoss(network, inputs, batch), [...parameters.values()]);
  const loss = value.dataSync()[0] ?? NaN;
  const ofName = (name: string): Float32Array => {
    const variable = parameters.get(publishedName(name.replace(/^grad\./, "")));
    const gradient = variable === undefined ? undefined : grads[variable.name];
    if (gradient === undefined)
      throw new LabError(`has no weight for "${name}"`, "Check the folder.", { subject: file.path });
    return gradient.dataSync<"float32">();
  };
  const norms = Object.entries(expected.gradNorms).map(([name, norm]) => ({
    figure: `norm of ${name}`,
    error: Math.abs(Math.sqrt(ofName(name).reduce((sum, g) => sum + g * g, 0)) - norm) / norm,
    tolerance: 1e-3,
  }));
  const given = [...file.tensors.keys()]
    .filter((name) => name.startsWith("grad."))
    .map((name) => ({ figure: name, error: relativeDistance(ofName(name), file.readFloat32(name)), tolerance: 1e-3 }));
  value.dispose();
  tf.dispose(grads);
  return [{ figure: "loss", error: Math.abs(loss - expected.loss), tolerance: 1e-5 }, ...norms, ...given];
}

/** Masked mean negative log-likelihood of the next token. */
function nextTokenLoss(network: QwenNetwork, inputs: ReferenceInputs, batch: SequenceBatch): tf.Scalar {
  const { length: n, sequences: rows } = batch;
  const { vocabSize } = network.config.text;
  const next = new Int32Array(rows * n);
  const mask = new Float32Array(rows * n);
  inputs.sequences.forEach(({ ids }, row) => {
    for (let i = 0; i + 1 < n; i++) {
      next[row * n + i] = ids[i + 1 - (batch.padding[row] ?? 0)] ?? 0;
      mask[row * n + i] = inputs.lossMask[row * (n - 1) + i] ?? 0;
    }
  });
  const targets = {
    ids: tf.tensor1d(next, "int32"),
    flat: tf.tensor1d(
      next.map((id, at) => at * vocabSize + id),
      "int32",
    ),
  };
  const hidden = hiddenSequence(network, batch, network.language.layers.length);
  const logProbs = tokenLogProbs(hidden, network.language.head, targets);
  const weights = tf.tensor1d(mask);
  return tf.neg(tf.div<tf.Scalar>(tf.sum(tf.mul(logProbs, weights)), tf.sum(weights)));
}

/** ‖a − b‖ / ‖b‖ */
function relativeDistance(values: Float32Array, reference: Float32Array): number {
  if (values.length !== reference.length) return Infinity;
  let difference = 0;
  let norm = 0;
  for (let i = 0; i < values.length; i++) {
    difference += ((values[i] ?? 0) - (reference[i] ?? 0)) ** 2;
    norm += (reference[i] ?? 0) ** 2;
  }
  return Math.sqrt(difference / norm);
}
