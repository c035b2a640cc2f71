import * as tf from "@tensorflow/tfjs-core";
import { attentionPlan, type AttentionGeometry, type Span } from "../tensor/attentionPlan";
import type { EmbeddingPlan } from "../tensor/embedding";
import { disposeTensors } from "../tensor/nested";
import { rotaryTables, type HeadLayout, type RotaryTables } from "../tensor/rotary";
import type { QwenConfig } from "./config";
import type { ProcessedImage } from "./imageProcessor";
import { textAngles } from "./positions";
import { visionPlan, type VisionPlan } from "./visionPlan";

/** An image with the vision tower's input, known by identity. */
export interface PlacedImage extends ProcessedImage {
  /** Tells it from the other images that it is laid out with: those of one `ImageCache`, or of one call. */
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

/** The tokens of a pass, one behind the other; whoever puts one in learns its row. */
export class TokenList {
  readonly ids: number[] = [];
  /** 1 + the index of the image embedding that stands here; 0 for a token. */
  readonly imageRows: number[] = [];
  private readonly places: (readonly [number, number, number])[] = [];

  put(id: number, place: readonly [number, number, number], imageRow = 0): number {
    this.ids.push(id);
    this.imageRows.push(imageRow);
    return this.places.push(place) - 1;
  }

  /** Tokens [from, to) of a sequence. @returns their rows */
  putSequence(sequence: TokenSequence, images: ImageBatch | undefined, from = 0, to = sequence.ids.length): number[] {
    const imageRows = imageRowsOf(sequence, images);
    return Array.from({ length: to - from }, (_, i) =>
      this.put(sequence.ids[from + i] ?? 0, positionAt(sequence, from + i), imageRows[from + i]),
    );
  }

  /** [3, M] */
  positions(): Int32Array {
    const { places } = this;
    return Int32Array.from({ length: 3 * places.length }, (_, at) => {
      return places[at % places.length]?.[Math.floor(at / places.length)] ?? 0;
    });
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
  disposeTensors({ pixels, plan });
}

/** The rotary place of token i. */
export function positionAt({ positions, ids }: TokenSequence, i: number): readonly [number, number, number] {
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

/** What is embedded for each token of a list. */
export function embeddingPlan({ ids, imageRows }: TokenList, images: ImageBatch | undefined): EmbeddingPlan {
  const plan = { ids: tf.tensor1d(ids, "int32") };
  if (images === undefined) return plan;
  const rows = imageRows.map((row, at) => (row === 0 ? at : ids.length + row - 1));
  return { ...plan, rows: tf.tensor1d(rows, "int32") };
}

/** How the tokens of a list attend in the decoder, in groups of like length. Owned by the caller. */
export function decoderGeometry(
  tokens: TokenList,
  groups: readonly (readonly Span[])[],
  { text }: QwenConfig,
  rotary: RotaryTables,
  pastColumns = 0,
): AttentionGeometry {
  const plan = attentionPlan(groups, tokens.ids.length, headLayout(text), { causal: true, pastColumns });
  return { layout: headLayout(text), rotary, plan };
}

/** Rotary tables of a list of tokens. Owned by the caller. */
export function decoderRotary(tokens: TokenList, config: QwenConfig): RotaryTables {
  return rotaryTables(textAngles(tokens.positions(), config), headLayout(config.text));
}

function headLayout({ heads, kvHeads, headDim }: HeadLayout): HeadLayout {
  return { heads, kvHeads, headDim };
}
