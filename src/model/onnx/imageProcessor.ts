import { z } from "zod";
import { parserOf } from "../../config/stored";
import { LabError, messageOf } from "../../core/errors";
import type { RgbImage } from "../../core/image";
import { resizeImage, type ResizeFilter } from "../qwen/imageProcessorResize";

/** How the hub's CLIPImageProcessor and SiglipImageProcessor make a picture into numbers. */
export interface EncoderImages {
  /** The sides; or, where a number, the shorter side, the other in proportion. */
  readonly size: number | Sides;
  readonly filter: ResizeFilter;
  /** The middle that is cut out after resizing; `undefined`: all of it. */
  readonly crop: Sides | undefined;
  readonly rescaleFactor: number;
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

interface Sides {
  readonly width: number;
  readonly height: number;
}

/** PIL's numbers of its filters; those of the published encoders. */
const FILTERS: Readonly<Record<number, ResizeFilter>> = { 2: "bilinear", 3: "bicubic" };

const side = z.int().min(1).max(4096);
const sides = z.object({ height: side, width: side });
const three = z.array(z.number()).length(3);
/** Keys that are not named here decide nothing of a picture's numbers. */
const schema = z.object({
  do_resize: z.literal(true).default(true),
  size: z.union([side, z.object({ shortest_edge: side }), sides]),
  resample: z.union([z.literal(2), z.literal(3)]).default(3),
  do_center_crop: z.boolean().nullish(),
  crop_size: z.union([side, sides]).nullish(),
  do_rescale: z.literal(true).default(true),
  rescale_factor: z
    .number()
    .positive()
    .default(1 / 255),
  do_normalize: z.literal(true).default(true),
  image_mean: three,
  image_std: z.array(z.number().positive()).length(3),
});

/** Reads `preprocessor_config.json`. @throws LabError naming the key that asks for what is not supported */
export function parseEncoderImages(json: unknown, subject: string): EncoderImages {
  const settings = parsed(json, subject);
  const { size, crop_size: crop, do_center_crop: cut } = settings;
  const square = (one: number | Sides): Sides => (typeof one === "number" ? { width: one, height: one } : one);
  const cropped = cut ?? (crop !== undefined && crop !== null);
  if (cropped && (crop === undefined || crop === null))
    throw new LabError("do_center_crop is true and crop_size is missing", REMEDY, { subject });
  return {
    size: typeof size === "number" ? size : "shortest_edge" in size ? size.shortest_edge : size,
    filter: FILTERS[settings.resample] ?? "bicubic",
    crop: cropped && crop !== undefined && crop !== null ? square(crop) : undefined,
    rescaleFactor: settings.rescale_factor,
    mean: settings.image_mean,
    deviation: settings.image_std,
  };
}

const REMEDY = "Take the preprocessor_config.json of a CLIP or SigLIP checkpoint as it is published.";

function parsed(json: unknown, subject: string): z.output<typeof schema> {
  try {
    return parserOf(schema)(json);
  } catch (error) {
    throw new LabError(messageOf(error), REMEDY, { subject, cause: error });
  }
}

/**
 * A batch of pictures as a vision tower takes it: resized as PIL does, the middle cut out, normalised.
 * @returns shape [B, 3, height, width], and these sides
 */
export function pixelsOf(images: readonly RgbImage[], how: EncoderImages): { data: Float32Array } & Sides {
  const levels = levelsOf(how);
  const prepared = images.map((image) => cutMiddle(resized(image, how), how.crop));
  const [{ width, height } = { width: 0, height: 0 }] = prepared;
  const area = width * height;
  const data = new Float32Array(images.length * 3 * area);
  prepared.forEach((image, i) => {
    if (image.width !== width || image.height !== height)
      throw new LabError("does not make all pictures of one size: it has neither both sides nor a crop", REMEDY, {
        subject: "preprocessor_config.json",
      });
    for (let channel = 0; channel < 3; channel++) {
      const start = (i * 3 + channel) * area;
      for (let at = 0; at < area; at++)
        data[start + at] = levels[channel * 256 + (image.data[at * 3 + channel] ?? 0)] ?? 0;
    }
  });
  return { data, width, height };
}

function resized(image: RgbImage, { size, filter }: EncoderImages): RgbImage {
  if (typeof size !== "number") return resizeImage(image, size.width, size.height, filter);
  const { width, height } = image;
  const long = Math.trunc((size * Math.max(width, height)) / Math.min(width, height));
  return width <= height ? resizeImage(image, size, long, filter) : resizeImage(image, long, size, filter);
}

/** The middle; what would lie outside of the picture is black, as there. */
function cutMiddle(image: RgbImage, crop: Sides | undefined): RgbImage {
  if (crop === undefined || (crop.width === image.width && crop.height === image.height)) return image;
  const { width, height } = crop;
  const left = Math.floor((image.width - width) / 2);
  const top = Math.floor((image.height - height) / 2);
  const data = new Uint8Array(width * height * 3);
  for (let y = Math.max(0, -top); y < Math.min(height, image.height - top); y++) {
    const from = Math.max(0, left);
    const to = Math.min(image.width, left + width);
    const row = (y + top) * image.width;
    data.set(image.data.subarray((row + from) * 3, (row + to) * 3), (y * width + from - left) * 3);
  }
  return { width, height, data };
}

/** The normalised value of each grey level. @returns [3, 256] */
function levelsOf({ rescaleFactor, mean, deviation }: EncoderImages): Float32Array {
  return Float32Array.from({ length: 768 }, (_, index) => {
    const channel = index >> 8;
    return ((index & 255) * rescaleFactor - (mean[channel] ?? 0)) / (deviation[channel] ?? 1);
  });
}
