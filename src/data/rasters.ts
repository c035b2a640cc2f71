import sharp from "sharp";
import type { RgbImage } from "../core/image";

export { encodePng } from "../core/png";

/** The picture as a small WebP file, its longer side at most `side`. */
export function encodeThumbnail({ width, height, data }: RgbImage, side: number): Promise<Buffer> {
  return sharp(data, { raw: { width, height, channels: 3 } })
    .resize({ width: side, height: side, fit: "inside", withoutEnlargement: true })
    .webp({ quality: 80 })
    .toBuffer();
}

/** Draws an SVG document as a PNG file, `scale` pixels for each of its own. */
export function rasterizeSvg(svg: string, scale = 2): Promise<Buffer> {
  // 72 dots an inch is one pixel a user unit.
  return sharp(Buffer.from(svg, "utf8"), { density: 72 * scale })
    .png({ compressionLevel: 9, palette: false })
    .toBuffer();
}

/** Draws an SVG document as a JPEG file on white, a pixel for each of its own: small, where it holds pictures. */
export function rasterizeSvgToJpeg(svg: string): Promise<Buffer> {
  return sharp(Buffer.from(svg, "utf8")).flatten({ background: "#fff" }).jpeg({ quality: 85 }).toBuffer();
}
