import sharp from "sharp";
import type { RgbImage } from "./image";

/** The picture as a PNG file. */
export function encodePng(image: RgbImage): Promise<Buffer> {
  const { width, height, data } = image;
  return sharp(data, { raw: { width, height, channels: 3 } })
    .png({ compressionLevel: 9 })
    .toBuffer();
}
