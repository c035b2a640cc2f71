import { createHash } from "node:crypto";
import type { RgbImage } from "../../core/image";
import { processImage, type ImageProcessorConfig } from "./imageProcessor";
import type { PlacedImage } from "./sequences";

/** Processed images kept: those used last, up to this much memory. Little: to process a small picture again costs next to nothing. */
const BUDGET_BYTES = 32 * 2 ** 20;

/**
 * Processes images for the tower, each once while it stays among those used last. Images of equal pixels are one image: what
 * comes from another process is a new object every time.
 */
export class ImageCache {
  private readonly contents = new WeakMap<RgbImage, string>();
  private readonly placed = new Map<string, PlacedImage>();
  private bytes = 0;
  private made = 0;

  constructor(
    private readonly config: ImageProcessorConfig,
    private readonly budget = BUDGET_BYTES,
  ) {}

  /** @throws LabError when the image is damaged or of an impossible shape */
  get(image: RgbImage): PlacedImage {
    const content = this.contentOf(image);
    const known = this.placed.get(content);
    const placed = known ?? { ...processImage(image, this.config), id: this.made++ };
    if (known !== undefined) this.placed.delete(content);
    else this.bytes += placed.pixelValues.byteLength;
    this.placed.set(content, placed); // the map's order is that of last use
    for (const [oldest, { pixelValues }] of this.placed) {
      if (this.bytes <= this.budget || oldest === content) break;
      this.placed.delete(oldest);
      this.bytes -= pixelValues.byteLength;
    }
    return placed;
  }

  private contentOf(image: RgbImage): string {
    const known = this.contents.get(image);
    if (known !== undefined) return known;
    const { width, height, data } = image;
    const content = `${width} × ${height} ${createHash("sha256").update(data).digest("base64")}`;
    this.contents.set(image, content);
    return content;
  }
}
