import type { RgbImage } from "../core/image";

/**
 * Two towers into one space, such as CLIP or SigLIP: an image and a text that belong together have a high cosine.
 * D: width of that space. Vectors need not be of unit length.
 */
export interface DualEncoder {
  readonly name: string;
  /** @returns one vector of width D per image, in order */
  encodeImages(images: readonly RgbImage[]): Promise<Float32Array[]>;
  /** @returns one vector of width D per text, in order */
  encodeTexts(texts: readonly string[]): Promise<Float32Array[]>;
  dispose(): void;
}
