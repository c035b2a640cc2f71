import * as tf from "@tensorflow/tfjs-core";
import type { AttentionGeometry } from "../tensor/projectHeads";
import type { EmbeddingPlan } from "../tensor/embedding";
import { rotaryTables } from "../tensor/rotary";
import type { QwenConfig } from "./config";
import type { ProcessedImage } from "./imageProcessor";
import { textAngles } from "./positions";
import { disposeVisionPlan, UNSEEN, visionPlan, type VisionPlan } from "./visionPlan";

/** An image with the vision tower's input, known by identity. */
export interface PlacedImage extends ProcessedImage {
  /** Unique in a process. */
  readonly id: number;
}

/** A prompt as the network takes it: n tokens, images as runs of image tokens, rotary positions. */
export interface TokenSequence {
  readonly ids: readonly number[];
  readonly images: readonly PlacedImage[];
  /** [3, n] */
  readonly positions: Int32Array;
  /** The rotary position of the token that follows. */
  readonly next: number;
  /** The id that stands for a piece of an image. */
  readonly imageToken: number;
}

/** A rectangle of tokens, [S, n], as flat host arrays; what is never put is padding. */
export class TokenTable {
  readonly ids: Int32Array;
  /** 1 + the index of the image embedding that stands here; 0 for a token. */
  readonly imageRows: Int32Array;
  /** [3, S·n] */
  readonly positions: Int32Array;

  constructor(
    readonly sequences: number,
    readonly length: number,
  ) {
    this.ids = new Int32Array(sequences * length);
    this.imageRows = new Int32Array(sequences * length);
    this.positions = new Int32Array(3 * sequences * length);
  }

  /** Puts a token; `column` counts from the left. */
  put(sequence: number, column: number, id: number, place: readonly [number, number, number], imageRow = 0): void {
    const at = sequence * this.length + column;
    this.ids[at] = id;
    this.imageRows[at] = imageRow;
    for (let axis = 0; axis < 3; axis++) this.positions[axis * this.ids.length + at] = place[axis] ?? 0;
  }
}

/** The images of a batch, each once, and the tower's work for them. Owned by whoever made it. */
export interface ImageBatch {
  /** [P, C·T·p²] */
  readonly pixels: tf.Tensor2D;
  readonly plan: VisionPlan;
  /** Image id → its first row among the embeddings. */
  readonly firstRow: ReadonlyMap<number, number>;
}

/** Collects the different images of some sequences; `undefined` without any. */
export function imageBatch(sequences: readonly TokenSequence[], config: QwenConfig): ImageBatch | undefined {
  return layoutImages(
    [...new Map(sequences.flatMap(({ images }) => images.map((image) => [image.id, image]))).values()],
    config,
  );
}

/** Lays out these images, in this order. */
export function layoutImages(images: readonly PlacedImage[], config: QwenConfig): ImageBatch | undefined {
  const [first] = images;
  if (first === undefined) return undefined;
  const [t, h, w] = first.gridThw;
  const width = first.pixelValues.length / (t * h * w);
  const values = new Float32Array(images.reduce((sum, { pixelValues }) => sum + pixelValues.length, 0));
  const firstRow = new Map<number, number>();
  let at = 0;
  let row = 0;
  for (const { id, pixelValues, tokens } of images) {
    values.set(pixelValues, at);
    at += pixelValues.length;
    firstRow.set(id, row);
    row += tokens;
  }
  const plan = visionPlan(
    images.map(({ gridThw }) => gridThw),
    config,
  );
  return { pixels: tf.tensor2d(values, [at / width, width]), plan, firstRow };
}

export function disposeImageBatch({ pixels, plan }: ImageBatch): void {
  pixels.dispose();
  disposeVisionPlan(plan);
}

/** Puts tokens [from, to) of a sequence so that the last one stands in the last column (left padding). */
export function putRightAligned(
  table: TokenTable,
  row: number,
  sequence: TokenSequence,
  images: ImageBatch | undefined,
  to = sequence.ids.length,
): void {
  const rows = imageRowsOf(sequence, images);
  const shift = table.length - to;
  for (let i = 0; i < to; i++) table.put(row, shift + i, sequence.ids[i] ?? 0, placeOf(sequence, i), rows[i]);
}

/** The rotary place of token i. */
export function placeOf({ positions, ids }: TokenSequence, i: number): readonly [number, number, number] {
  const n = ids.length;
  return [positions[i] ?? 0, positions[n + i] ?? 0, positions[2 * n + i] ?? 0];
}

/** 1 + the image embedding's row for each token that is an image's, 0 elsewhere. */
export function imageRowsOf({ ids, images, imageToken }: TokenSequence, batch: ImageBatch | undefined): Int32Array {
  const rows = new Int32Array(ids.length);
  if (batch === undefined || images.length === 0) return rows;
  const wanted = images.flatMap(({ id, tokens }) =>
    Array.from({ length: tokens }, (_, k) => (batch.firstRow.get(id) ?? 0) + k + 1),
  );
  let next = 0;
  for (let i = 0; i < ids.length; i++) if (ids[i] === imageToken) rows[i] = wanted[next++] ?? 0;
  return rows;
}

/** Embedding plan of several tables laid one behind the other. */
export function embeddingPlan(tables: readonly TokenTable[], images: ImageBatch | undefined): EmbeddingPlan {
  const total = tables.reduce((sum, { ids }) => sum + ids.length, 0);
  const ids = new Int32Array(total);
  const rows = new Int32Array(total);
  let at = 0;
  for (const table of tables) {
    ids.set(table.ids, at);
    table.imageRows.forEach((row, i) => (rows[at + i] = row === 0 ? at + i : total + row - 1));
    at += table.ids.length;
  }
  const plan = { ids: tf.tensor1d(ids, "int32") };
  return images === undefined ? plan : { ...plan, rows: tf.tensor1d(rows, "int32") };
}

/** Geometry of a table's tokens in the decoder. @param bias see `AttentionGeometry` */
export function decoderGeometry(table: TokenTable, bias: tf.Tensor4D, config: QwenConfig): AttentionGeometry {
  const { heads, kvHeads, headDim, rmsNormEps } = config.text;
  const layout = { heads, kvHeads, headDim };
  const rotary = rotaryTables(textAngles(table.positions, config), layout);
  return { ...layout, sequences: table.sequences, length: table.length, epsilon: rmsNormEps, rotary, bias };
}

export function disposeGeometry({ rotary, bias }: AttentionGeometry): void {
  tf.dispose([rotary.cos, rotary.sin, rotary.turn]);
  bias?.dispose();
}

/**
 * The mask of a block of n tokens behind `past` columns of context, as numbers to add: a token sees the context from its
 * row's first real column on, and the block up to itself.
 * @param firstSeen [S] the first column of each sequence that is not padding, counted from the context's start
 * @returns [S or 1, 1, n, past + n]
 */
export function causalBias(firstSeen: readonly number[], past: number, n: number): tf.Tensor4D {
  const width = past + n;
  return tf.tidy(() => {
    const causal = new Float32Array(n * width);
    for (let i = 0; i < n; i++) causal.fill(UNSEEN, i * width + past + i + 1, (i + 1) * width);
    const triangle = tf.tensor4d(causal, [1, 1, n, width]);
    if (firstSeen.every((first) => first === 0)) return triangle;
    const padding = new Float32Array(firstSeen.length * width);
    firstSeen.forEach((first, row) => padding.fill(UNSEEN, row * width, row * width + first));
    return tf.add(triangle, tf.tensor4d(padding, [firstSeen.length, 1, 1, width]));
  });
}
