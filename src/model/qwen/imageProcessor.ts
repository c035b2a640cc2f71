import * as path from "node:path";
import { LabError } from "../../core/errors";
import { readJson } from "../../core/files";
import type { RgbImage } from "../../core/image";
import { ConfigReader } from "./configReader";
import { resizeBicubic } from "./imageProcessorResize";
import { cutPatches, type PatchLayout } from "./patches";

/** The settings of `preprocessor_config.json`. */
export interface ImageProcessorConfig extends PatchLayout {
  /** Bounds of width × height after resizing. */
  readonly minPixels: number;
  readonly maxPixels: number;
}

/** An image as the vision tower takes it. */
export interface ProcessedImage {
  /** [P, C · temporalPatchSize · patchSize²], normalised */
  readonly pixelValues: Float32Array;
  /** Patches in time, height and width; P is their product. */
  readonly gridThw: readonly [number, number, number];
  /** Patches after the merger: how many image tokens stand in the prompt. */
  readonly tokens: number;
}

/** The defaults of the hub's Qwen2VLImageProcessor; mean and deviation are CLIP's. */
export const QWEN_IMAGE_PROCESSOR: ImageProcessorConfig = {
  minPixels: 56 * 56,
  maxPixels: 28 * 28 * 1280,
  patchSize: 14,
  mergeSize: 2,
  temporalPatchSize: 2,
  rescaleFactor: 1 / 255,
  imageMean: [0.48145466, 0.4578275, 0.40821073],
  imageStd: [0.26862954, 0.26130258, 0.27577711],
};

/** Reads `preprocessor_config.json` of a checkpoint folder. */
export function readImageProcessorConfig(folder: string): ImageProcessorConfig {
  const file = path.join(folder, "preprocessor_config.json");
  return parseImageProcessorConfig(readJson(file), file);
}

/**
 * Reads a `preprocessor_config.json`: bounds as `min_pixels`/`max_pixels` (published checkpoints) or as
 * `size.shortest_edge`/`size.longest_edge` (newer saves), the former first as in the hub's class.
 * @throws LabError naming the key, when one is ill-typed or asks for another processing than Qwen's
 */
export function parseImageProcessorConfig(json: unknown, subject = "preprocessor_config.json"): ImageProcessorConfig {
  const root = ConfigReader.of(json, subject);
  const preset = QWEN_IMAGE_PROCESSOR;
  for (const key of ["do_resize", "do_rescale", "do_normalize"]) {
    root.require(key, root.boolean(key, true), "must be true: images without it are not supported");
  }
  root.require("resample", root.integer("resample", 0, 3) === 3, "must be 3, bicubic");
  const size = root.has("size") ? root.child("size") : root;
  const minPixels = root.integer("min_pixels", 1, size.integer("shortest_edge", 1, preset.minPixels));
  const maxPixels = root.integer("max_pixels", 1, size.integer("longest_edge", 1, preset.maxPixels));
  root.require("max_pixels", maxPixels >= minPixels, `must be at least min_pixels, ${minPixels}`);
  const three = (key: string, fallback: readonly number[]): readonly number[] => {
    const values = root.numbers(key, fallback);
    root.require(key, values.length === 3, "must hold three numbers");
    return values;
  };
  return {
    minPixels,
    maxPixels,
    patchSize: root.integer("patch_size", 1, preset.patchSize),
    mergeSize: root.integer("merge_size", 1, preset.mergeSize),
    temporalPatchSize: root.integer("temporal_patch_size", 1, preset.temporalPatchSize),
    rescaleFactor: root.number("rescale_factor", preset.rescaleFactor),
    imageMean: three("image_mean", preset.imageMean),
    imageStd: three("image_std", preset.imageStd),
  };
}

/** The hub's `preprocessor_config.json` of these settings, with the bounds under both of their names. */
export function toHfImageProcessor(config: ImageProcessorConfig): Record<string, unknown> {
  return {
    do_convert_rgb: true,
    do_normalize: true,
    do_rescale: true,
    do_resize: true,
    image_mean: [...config.imageMean],
    image_processor_type: "Qwen2VLImageProcessor",
    image_std: [...config.imageStd],
    max_pixels: config.maxPixels,
    merge_size: config.mergeSize,
    min_pixels: config.minPixels,
    patch_size: config.patchSize,
    processor_class: "Qwen2_5_VLProcessor",
    resample: 3,
    rescale_factor: config.rescaleFactor,
    size: { longest_edge: config.maxPixels, shortest_edge: config.minPixels },
    temporal_patch_size: config.temporalPatchSize,
  };
}

/**
 * Resizes, normalises and cuts an image as the hub's Qwen2-VL image processor does with PIL.
 * @throws LabError when the image is empty, damaged, or more than 200 times as long as wide
 */
export function processImage(image: RgbImage, config: ImageProcessorConfig = QWEN_IMAGE_PROCESSOR): ProcessedImage {
  if (image.data.length !== image.width * image.height * 3 || image.data.length === 0) {
    throw imageError(`an image of ${image.width} × ${image.height} pixels holds ${image.data.length} bytes`);
  }
  const { width, height } = smartResize(image, config);
  const resized = resizeBicubic(image, width, height);
  const gridHeight = height / config.patchSize;
  const gridWidth = width / config.patchSize;
  return {
    pixelValues: cutPatches(resized, config),
    gridThw: [1, gridHeight, gridWidth],
    tokens: (gridHeight * gridWidth) / config.mergeSize ** 2,
  };
}

/**
 * The size an image is resized to: sides that are multiples of patchSize · mergeSize, an area within the bounds, the
 * aspect ratio kept as closely as that allows (`smart_resize` of the hub, rounding half to even as Python does).
 */
export function smartResize(
  { width, height }: { readonly width: number; readonly height: number },
  config: Pick<ImageProcessorConfig, "patchSize" | "mergeSize" | "minPixels" | "maxPixels">,
): { readonly width: number; readonly height: number } {
  if (Math.max(width, height) / Math.min(width, height) > 200) {
    throw imageError(`an image of ${width} × ${height} pixels is more than 200 times as long as wide`);
  }
  const factor = config.patchSize * config.mergeSize;
  const rounded = { width: roundHalfEven(width / factor) * factor, height: roundHalfEven(height / factor) * factor };
  if (rounded.width * rounded.height > config.maxPixels) {
    const shrink = Math.sqrt((height * width) / config.maxPixels);
    const side = (length: number): number => Math.max(factor, Math.floor(length / shrink / factor) * factor);
    return { width: side(width), height: side(height) };
  }
  if (rounded.width * rounded.height < config.minPixels) {
    const grow = Math.sqrt(config.minPixels / (height * width));
    const side = (length: number): number => Math.ceil((length * grow) / factor) * factor;
    return { width: side(width), height: side(height) };
  }
  return rounded;
}

/** Python's `round`: ties go to the even neighbour. */
function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

function imageError(reason: string): LabError {
  return new LabError(reason, "Check the image file, or leave this image out.", { subject: "image" });
}
