import type { RgbImage } from "../../core/image";
import { processImage, type ImageProcessorConfig } from "./imageProcessor";
import type { PlacedImage } from "./sequences";

/** Processed images kept: those used last, up to this much memory. */
const BUDGET_BYTES = 256 * 2 ** 20;

/** Processes images for the tower, each object once while it stays among those used last. */
export class ImageCache {
  private readonly placed = new Map<RgbImage, PlacedImage>();
  private bytes = 0;
  private made = 0;

  constructor(
    private readonly config: ImageProcessorConfig,
    private readonly budget = BUDGET_BYTES,
  ) {}

  /** @throws LabError when the image is damaged or of an impossible shape */
  get(image: RgbImage): PlacedImage {
    const known = this.placed.get(image);
    const placed = known ?? { ...processImage(image, this.config), id: this.made++ };
    if (known !== undefined) this.placed.delete(image);
    else this.bytes += placed.pixelValues.byteLength;
    this.placed.set(image, placed); // the map's order is that of last use
    for (const [oldest, { pixelValues }] of this.placed) {
      if (this.bytes <= this.budget || oldest === image) break;
      this.placed.delete(oldest);
      this.bytes -= pixelValues.byteLength;
    }
    return placed;
  }
}
