import { LabError } from "../../core/errors";
import type { RgbImage } from "../../core/image";
import { resizeBicubic, type ResizeOrder } from "./imageProcessorResize";
import { cutPatches, type PatchLayout } from "./patches";

/** The settings of the hub's Qwen2VLImageProcessor. */
export interface ImageProcessorConfig extends PatchLayout {
  /** Bounds of width × height after resizing. */
  readonly minPixels: number;
  readonly maxPixels: number;
  /** Which Pillow's order of the two passes is followed; "pillow12", that of the published checkpoints, when absent. */
  readonly resizeOrder?: ResizeOrder | undefined;
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

/**
 * Resizes, normalises and cuts an image as the hub's Qwen2-VL image processor does with PIL.
 * @throws LabError when the image is empty, damaged, or more than 200 times as long as wide
 */
export function processImage(image: RgbImage, config: ImageProcessorConfig = QWEN_IMAGE_PROCESSOR): ProcessedImage {
  if (image.data.length !== image.width * image.height * 3 || image.data.length === 0) {
    throw imageError(`an image of ${image.width} × ${image.height} pixels holds ${image.data.length} bytes`);
  }
  const { width, height } = smartResize(image, config);
  const resized = resizeBicubic(image, width, height, config.resizeOrder);
  const gridHeight = height / config.patchSize;
  const gridWidth = width / config.patchSize;
  return {
    pixelValues: cutPatches(resized, config),
    gridThw: [1, gridHeight, gridWidth],
    tokens: (gridHeight * gridWidth) / config.mergeSize ** 2,
  };
}

/**
 * A picture of any size as `processImage` would resize it, but within an area of `maxPixels` where that is less: for small
 * models, which know small pictures only. What comes out is not resized again.
 */
export function fitImage(image: RgbImage, config: ImageProcessorConfig, maxPixels = config.maxPixels): RgbImage {
  const bound = Math.min(config.maxPixels, Math.max(config.minPixels, maxPixels));
  // a long picture within the bound may be too small for the processor, which would make it larger again
  const { width, height } = smartResize(smartResize(image, { ...config, maxPixels: bound }), config);
  return resizeBicubic(image, width, height, config.resizeOrder);
}

/** @throws LabError for a picture that no Qwen processor takes: one more than 200 times as long as wide */
export function requireProportions(
  { width, height }: { readonly width: number; readonly height: number },
  subject = "image",
): void {
  if (Math.max(width, height) <= 200 * Math.min(width, height)) return;
  throw imageError(`a picture of ${width} × ${height} pixels is more than 200 times as long as wide`, subject);
}

/**
 * The size an image is resized to: sides that are multiples of patchSize · mergeSize, an area within the bounds, the
 * aspect ratio kept as closely as that allows (`smart_resize` of the hub, rounding half to even as Python does).
 */
export function smartResize(
  { width, height }: { readonly width: number; readonly height: number },
  config: Pick<ImageProcessorConfig, "patchSize" | "mergeSize" | "minPixels" | "maxPixels">,
): { readonly width: number; readonly height: number } {
  requireProportions({ width, height });
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

function imageError(reason: string, subject = "image"): LabError {
  return new LabError(reason, "Check the image file, or leave this image out.", { subject });
}
