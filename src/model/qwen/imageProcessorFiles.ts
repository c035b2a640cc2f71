import * as fs from "node:fs";
import * as path from "node:path";
import { readJson, writeJson } from "../../core/files";
import type { QwenKind } from "./config";
import { ConfigReader, type AsBuilt } from "./configReader";
import { QWEN_IMAGE_PROCESSOR, type ImageProcessorConfig } from "./imageProcessor";

const PREPROCESSOR = "preprocessor_config.json";
/** Where transformers 5 saves the image processor, under the key `image_processor`. */
const PROCESSOR = "processor_config.json";

/** Keys that change the pixels, with the only values that are built here. */
const AS_BUILT: AsBuilt = {
  do_resize: [true],
  do_rescale: [true],
  do_normalize: [true],
  do_center_crop: [false],
  do_pad: [false],
  resample: [3],
};
const SIZE_AS_BUILT: AsBuilt = { height: [], width: [], max_height: [], max_width: [] };
/** Blocks and frames larger than these are no picture's. */
const MOST = { patch_size: 256, merge_size: 16, temporal_patch_size: 16 } as const;
/** Normalised grey levels beyond this are a mistake in mean, deviation or factor. */
const LARGEST_LEVEL = 1e4;

/**
 * Reads the image processor of a checkpoint folder where transformers looks for it: `processor_config.json` where it
 * holds one, else `preprocessor_config.json`; `undefined` where neither is there.
 */
export function readImageProcessorConfig(folder: string): ImageProcessorConfig | undefined {
  const processor = path.join(folder, PROCESSOR);
  if (fs.existsSync(processor)) {
    const reader = ConfigReader.of(readJson(processor), processor);
    if (reader.has("image_processor")) return parse(reader.child("image_processor"));
  }
  const file = path.join(folder, PREPROCESSOR);
  return fs.existsSync(file) ? parseImageProcessorConfig(readJson(file), file) : undefined;
}

/**
 * Reads the settings of an image processor: bounds as `min_pixels`/`max_pixels` (published checkpoints), as
 * `size.shortest_edge`/`size.longest_edge` (newer saves) or as `size.min_pixels`/`size.max_pixels` (older ones), the first
 * of them first, as in the hub's class.
 * @throws LabError naming the key, when one is ill-typed or asks for another processing than Qwen's
 */
export function parseImageProcessorConfig(json: unknown, subject: string = PREPROCESSOR): ImageProcessorConfig {
  return parse(ConfigReader.of(json, subject));
}

function parse(root: ConfigReader): ImageProcessorConfig {
  const preset = QWEN_IMAGE_PROCESSOR;
  root.only(AS_BUILT);
  const type = root.text("image_processor_type", "Qwen2VLImageProcessor");
  root.require("image_processor_type", /^Qwen2(_5)?_?VLImageProcessor(Fast|Pil)?$/u.test(type), "is another processor");
  const { minPixels, maxPixels } = boundsOf(root);
  const three = (key: string, fallback: readonly number[]): readonly number[] => {
    const values = root.numbers(key, fallback);
    root.require(key, values.length === 3, "must hold three numbers");
    return values;
  };
  const count = (key: keyof typeof MOST, fallback: number): number => {
    const value = root.integer(key, 1, fallback);
    root.require(key, value <= MOST[key], `must be at most ${MOST[key]}`);
    return value;
  };
  const config = {
    minPixels,
    maxPixels,
    patchSize: count("patch_size", preset.patchSize),
    mergeSize: count("merge_size", preset.mergeSize),
    temporalPatchSize: count("temporal_patch_size", preset.temporalPatchSize),
    rescaleFactor: root.number("rescale_factor", preset.rescaleFactor),
    imageMean: three("image_mean", preset.imageMean),
    imageStd: three("image_std", preset.imageStd),
  };
  for (const grey of [0, 255]) {
    const levels = config.imageStd.map((std, c) => (grey * config.rescaleFactor - (config.imageMean[c] ?? 0)) / std);
    const usable = levels.every((level) => Math.abs(level) <= LARGEST_LEVEL); // false for NaN, too
    root.require("image_std", usable, `with image_mean and rescale_factor makes ${levels.join(", ")} of grey ${grey}`);
  }
  return config;
}

function boundsOf(root: ConfigReader): { readonly minPixels: number; readonly maxPixels: number } {
  const size = root.has("size") ? root.child("size") : root;
  if (size !== root) size.only(SIZE_AS_BUILT);
  const bound = (name: "min_pixels" | "max_pixels", edge: "shortest_edge" | "longest_edge", preset: number): number => {
    const holder = root.has(name) ? root : size;
    return holder.integer(holder.has(name) ? name : edge, 1, preset, "FINE_R1_MAX_PIXELS");
  };
  const minPixels = bound("min_pixels", "shortest_edge", QWEN_IMAGE_PROCESSOR.minPixels);
  const maxPixels = bound("max_pixels", "longest_edge", QWEN_IMAGE_PROCESSOR.maxPixels);
  root.require("max_pixels", maxPixels >= minPixels, `(${maxPixels}) must be at least min_pixels, ${minPixels}`);
  return { minPixels, maxPixels };
}

/** The hub's `preprocessor_config.json` of these settings, with the bounds under both of their names. */
export function toHfImageProcessor(
  config: ImageProcessorConfig,
  kind: QwenKind = "qwen2_5_vl",
): Record<string, unknown> {
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
    processor_class: kind === "qwen2_vl" ? "Qwen2VLProcessor" : "Qwen2_5_VLProcessor",
    resample: 3,
    rescale_factor: config.rescaleFactor,
    size: { longest_edge: config.maxPixels, shortest_edge: config.minPixels },
    temporal_patch_size: config.temporalPatchSize,
  };
}

/** Writes the settings into a folder: as `preprocessor_config.json`, and into a `processor_config.json` that holds some. */
export function writeImageProcessor(folder: string, config: ImageProcessorConfig, kind: QwenKind): void {
  const settings = toHfImageProcessor(config, kind);
  writeJson(path.join(folder, PREPROCESSOR), settings);
  const processor = path.join(folder, PROCESSOR);
  if (!fs.existsSync(processor)) return;
  const reader = ConfigReader.of(readJson(processor), processor);
  if (reader.has("image_processor")) writeJson(processor, reader.with("image_processor", settings));
}
