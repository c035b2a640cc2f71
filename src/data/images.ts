import * as fs from "node:fs";
import sharp, { type Sharp, type SharpOptions } from "sharp";
import { LabError, messageOf } from "../core/errors";
import type { RgbImage } from "../core/image";

/**
 * Reads a picture file (PNG, JPEG, WebP, TIFF, GIF, …) as 8-bit RGB: turned as its EXIF orientation says, transparency
 * laid on white, grey and CMYK converted to sRGB.
 * @throws LabError naming the file when it is missing, truncated or no picture
 */
export async function readImage(file: string): Promise<RgbImage> {
  if (!fs.existsSync(file)) {
    throw new LabError("there is no such image", "Check the path; run the download again if a dataset is incomplete.", {
      subject: file,
    });
  }
  return decode(sharp(file, READING), file);
}

/** The same for a picture in memory; `subject` names it in an error. */
export function decodeImage(bytes: Uint8Array, subject: string): Promise<RgbImage> {
  return decode(sharp(bytes, READING), subject);
}

/** A truncated file is an error; a mere warning of the decoder (common in the real datasets' JPEGs) is not. */
const READING: SharpOptions = { failOn: "error", autoOrient: true };

async function decode(picture: Sharp, subject: string): Promise<RgbImage> {
  try {
    const { data, info } = await picture
      .flatten({ background: "#ffffff" })
      .toColourspace("srgb")
      .removeAlpha()
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true });
    return {
      width: info.width,
      height: info.height,
      data: info.channels === 3 ? bytesOf(data) : spread(data, info.channels),
    };
  } catch (error) {
    throw new LabError(`the image cannot be read (${messageOf(error)})`, "Replace or remove the file.", {
      subject,
      cause: error,
    });
  }
}

function bytesOf(data: Buffer): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** Grey as three equal channels. */
function spread(data: Buffer, channels: number): Uint8Array {
  const pixels = data.length / channels;
  const out = new Uint8Array(pixels * 3);
  for (let i = 0; i < pixels; i++) out.fill(data[i * channels] ?? 0, i * 3, i * 3 + 3);
  return out;
}
