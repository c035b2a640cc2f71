import * as fs from "node:fs";
import sharp, { type Sharp, type SharpOptions } from "sharp";
import { LabError, messageOf } from "../core/errors";
import { requireFile } from "../core/files";
import type { RgbImage } from "../core/image";
import { limit, requireWithin } from "../core/limits";

export interface ImageReading {
  /**
   * "raw" (the default): the numbers in the file, as PIL's `convert("RGB")` gives them to the models of the hub; a colour
   * profile is passed over, CMYK is converted by PIL's own rule. "managed": colours by the file's profile, as a viewer
   * shows them.
   */
  readonly colours?: "raw" | "managed";
}

/**
 * Reads a picture file (PNG, JPEG, WebP, TIFF, GIF, …) as 8-bit RGB: turned as its EXIF orientation says, transparency
 * laid on white.
 * @throws LabError naming the file when it is missing, truncated, no picture, or larger than the bound on pixels
 */
export async function readImage(file: string, reading: ImageReading = {}): Promise<RgbImage> {
  if (!fs.existsSync(file)) {
    throw new LabError("there is no such image", "Check the path; run the download again if a dataset is incomplete.", {
      subject: file,
    });
  }
  requireFile(file);
  return decode(file, file, reading);
}

/** The same for a picture in memory; `subject` names it in an error. */
export function decodeImage(bytes: Uint8Array, subject: string, reading: ImageReading = {}): Promise<RgbImage> {
  return decode(bytes, subject, reading);
}

/** What a picture file says of itself before any pixel is made. */
export interface ImageHeader {
  readonly width: number;
  readonly height: number;
  /** Such as "jpeg"; "svg" for a drawing, which `readImage` refuses. */
  readonly format: string;
}

/** @throws LabError naming the file when it is missing or its header is that of no picture */
export async function readHeader(file: string): Promise<ImageHeader> {
  try {
    const { width, height, format } = await sharp(file, READING).metadata();
    return { width, height, format };
  } catch (error) {
    throw undecodable(file, error);
  }
}

/** Pixels of one grey channel, row by row. */
export interface GreyImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/**
 * Reads a picture, a file's bytes or pixels, as a small grey one, turned as `readImage` turns it and stretched to the size given. A JPEG is
 * shrunk while it is decoded, which is faster than in full size; all of it is read all the same, so that one which was cut short is an error.
 * @throws LabError as `readImage`
 */
export async function greyOf(
  source: Uint8Array | RgbImage,
  subject: string,
  { width, height }: Pick<GreyImage, "width" | "height">,
): Promise<GreyImage> {
  try {
    const small = (await openBytes(source, subject)).resize(width, height, { fit: "fill", kernel: "linear" });
    const { data, info } = await small.raw({ depth: "uchar" }).toBuffer({ resolveWithObject: true });
    return { width, height, data: info.channels < 3 ? every(data, info.channels) : lightness(data, info.channels) };
  } catch (error) {
    throw error instanceof LabError ? error : undecodable(subject, error);
  }
}

/** Of a JPEG, which has no alpha and is no drawing, the header is not read apart: that takes as long as a fifth of the rest. */
async function openBytes(source: Uint8Array | RgbImage, subject: string): Promise<Sharp> {
  if ("data" in source) {
    const { width, height, data } = source;
    return sharp(data, { raw: { width, height, channels: 3 } });
  }
  const isJpeg = source[0] === 0xff && source[1] === 0xd8;
  if (isJpeg) return sharp(source, { ...READING, limitInputPixels: limit("FINE_R1_MAX_PIXELS") });
  return (await openPicture(source, subject, READING)).flatten({ background: "#ffffff" });
}

/** The first of each `channels` numbers. */
function every(data: Uint8Array, channels: number): Uint8Array {
  return channels === 1 ? data : data.filter((_, i) => i % channels === 0);
}

/** ITU-R BT.601's luma of each pixel, rounded down. */
function lightness(data: Uint8Array, channels: number): Uint8Array {
  const out = new Uint8Array(data.length / channels);
  for (let i = 0, from = 0; i < out.length; i++, from += channels) {
    out[i] = (299 * (data[from] ?? 0) + 587 * (data[from + 1] ?? 0) + 114 * (data[from + 2] ?? 0)) / 1000;
  }
  return out;
}

/** Work on many pictures at a time: one thread for each of them, in place of several for one, is faster. */
export async function singleThreaded<T>(work: () => Promise<T>): Promise<T> {
  const threads = sharp.concurrency();
  sharp.concurrency(1);
  try {
    return await work();
  } finally {
    sharp.concurrency(threads);
  }
}

/**
 * A truncated file is an error; a mere warning of the decoder (common in the real datasets' JPEGs) is not. The size is
 * checked here, not by the decoder, by the header and before any pixel is made.
 */
const READING: SharpOptions = { failOn: "error", autoOrient: true, limitInputPixels: false };

async function decode(source: string | Uint8Array, subject: string, { colours }: ImageReading): Promise<RgbImage> {
  try {
    const picture = await openPicture(source, subject, { ...READING, ignoreIcc: colours !== "managed" });
    const { space } = await picture.metadata();
    return await (space === "cmyk" && colours !== "managed" ? readInks(picture) : readRgb(picture));
  } catch (error) {
    if (error instanceof LabError) throw error;
    throw undecodable(subject, error);
  }
}

/** @throws LabError for a drawing, and a picture beyond the bound on pixels */
async function openPicture(source: string | Uint8Array, subject: string, options: SharpOptions): Promise<Sharp> {
  const picture = sharp(source, options);
  const { width, height, format } = await picture.metadata();
  const what = `the picture has ${width} × ${height} = ${width * height} pixels`;
  requireWithin("FINE_R1_MAX_PIXELS", width * height, what, subject);
  if (format !== "svg") return picture;
  // its program of filters takes any time, at any size; PIL reads none either
  throw new LabError("is a drawing (SVG), not a picture of pixels", "Save it as PNG.", { subject });
}

function undecodable(subject: string, error: unknown): LabError {
  return new LabError(`the image cannot be read (${messageOf(error)})`, "Replace or remove the file.", {
    subject,
    cause: error,
  });
}

async function readRgb(picture: Sharp): Promise<RgbImage> {
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
}

/** CMYK as PIL converts it: light = (255 − K) − C · (255 − K) / 255, rounded. */
async function readInks(picture: Sharp): Promise<RgbImage> {
  const { data, info } = await picture
    .pipelineColourspace("cmyk")
    .toColourspace("cmyk")
    .raw({ depth: "uchar" })
    .toBuffer({ resolveWithObject: true });
  const out = new Uint8Array(info.width * info.height * 3);
  for (let pixel = 0; pixel < info.width * info.height; pixel++) {
    const from = pixel * info.channels;
    const light = 255 - (data[from + 3] ?? 0);
    for (let ink = 0; ink < 3; ink++) {
      const product = (data[from + ink] ?? 0) * light + 128;
      out[pixel * 3 + ink] = light - (((product >> 8) + product) >> 8);
    }
  }
  return { width: info.width, height: info.height, data: out };
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
