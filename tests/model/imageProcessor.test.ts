import * as path from "node:path";
import * as fc from "fast-check";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { withSafetensors } from "../../src/core/safetensors";
import { readJson } from "../../src/core/files";
import type { RgbImage } from "../../src/core/image";
import { LabError } from "../../src/core/errors";
import { fitImage, processImage, QWEN_IMAGE_PROCESSOR, smartResize } from "../../src/model/qwen/imageProcessor";
import { parseImageProcessorConfig, toHfImageProcessor } from "../../src/model/qwen/imageProcessorFiles";

const golden = path.resolve(__dirname, "../reference/golden/image_processor");

interface Case {
  file: string;
  width: number;
  height: number;
  minPixels: number;
  maxPixels: number;
  gridThw: number[];
}
const { cases } = readJson(path.join(golden, "cases.json")) as { cases: Case[] };

async function decode(file: string): Promise<RgbImage> {
  const { data, info } = await sharp(file)
    .removeAlpha()
    .toColourspace("srgb")
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, data };
}

describe("parity with the hub's image processor", () => {
  it.each(cases.map((item, index) => ({ ...item, index })))("$file $width × $height", async (item) => {
    const image = await decode(path.join(golden, item.file));
    expect([image.width, image.height]).toEqual([item.width, item.height]);
    const result = processImage(image, {
      ...QWEN_IMAGE_PROCESSOR,
      minPixels: item.minPixels,
      maxPixels: item.maxPixels,
    });
    const expected = withSafetensors(path.join(golden, "expected.safetensors"), (file) =>
      file.readFloat32(`pixel_values${item.index}`),
    );
    expect(result.gridThw).toEqual(item.gridThw);
    expect(result.tokens).toBe(item.gridThw.reduce((a, b) => a * b) / 4);
    expect(result.pixelValues.length).toBe(expected.length);
    let worst = 0;
    let equal = 0;
    const area = 14 * 14 * 2;
    expected.forEach((value, i) => {
      const channel = Math.floor(i / area) % 3;
      const grey = (x: number): number =>
        Math.round((x * QWEN_IMAGE_PROCESSOR.imageStd[channel]! + QWEN_IMAGE_PROCESSOR.imageMean[channel]!) * 255);
      worst = Math.max(worst, Math.abs(value - result.pixelValues[i]!));
      if (grey(value) === grey(result.pixelValues[i]!)) equal++;
    });
    // The fixed-point arithmetic is PIL's own, so every grey level is the same and only float rounding is left.
    expect(equal).toBe(expected.length);
    expect(worst).toBeLessThan(1e-5);
  });
});

describe("fitImage", () => {
  const blank = (width: number, height: number) => ({
    width,
    height,
    data: new Uint8Array(width * height * 3).fill(9),
  });
  const size = ({ width, height }: { width: number; height: number }) => [width, height];

  it("brings a picture within a smaller area, to a size that the processor leaves alone", () => {
    // √(600 · 300 / 84²) = 5.05: 118.8 × 59.4, cut to multiples of 28
    expect(size(fitImage(blank(600, 300), QWEN_IMAGE_PROCESSOR, 84 ** 2))).toEqual([112, 56]);
    // 79 × 39 within 56², cut to 56 × 28; half the processor's least area, so √2 times as long, rounded up: 84 × 56
    const small = fitImage(blank(600, 300), QWEN_IMAGE_PROCESSOR, 56 ** 2);
    expect(size(small)).toEqual([84, 56]);
    expect(processImage(small).gridThw).toEqual([1, 4, 6]);
    expect(size(fitImage(blank(84, 56), QWEN_IMAGE_PROCESSOR, 84 ** 2))).toEqual([84, 56]);
  });

  it("is the processor's own resizing without a bound", () => {
    expect(size(fitImage(blank(70, 98), QWEN_IMAGE_PROCESSOR))).toEqual([56, 112]);
  });
});

describe("smartResize", () => {
  it("rounds half to even, as Python does", () => {
    // 70 / 28 = 2.5 → 2 and 98 / 28 = 3.5 → 4; the area 56 × 112 lies within the bounds.
    expect(smartResize({ width: 70, height: 98 }, QWEN_IMAGE_PROCESSOR)).toEqual({ width: 56, height: 112 });
  });

  it("gives multiples of the factor within the bounds, for any image", () => {
    fc.assert(
      fc.property(fc.integer({ min: 8, max: 3000 }), fc.integer({ min: 8, max: 3000 }), (width, height) => {
        fc.pre(Math.max(width, height) / Math.min(width, height) <= 20);
        const size = smartResize({ width, height }, QWEN_IMAGE_PROCESSOR);
        expect(size.width % 28).toBe(0);
        expect(size.height % 28).toBe(0);
        expect(size.width * size.height).toBeGreaterThanOrEqual(QWEN_IMAGE_PROCESSOR.minPixels);
        expect(size.width * size.height).toBeLessThanOrEqual(QWEN_IMAGE_PROCESSOR.maxPixels);
      }),
    );
  });
});

describe("processImage", () => {
  it("keeps a flat image flat and normalises it", () => {
    const image = { width: 90, height: 61, data: new Uint8Array(90 * 61 * 3).fill(128) };
    const { pixelValues } = processImage(image);
    // (128 / 255 − mean) / std of the first channel, over its 2 × 14 × 14 values.
    const red = (128 / 255 - 0.48145466) / 0.26862954;
    expect(pixelValues.subarray(0, 392).every((value) => Math.abs(value - red) < 1e-6)).toBe(true);
  });

  it("repeats the frame and visits merge blocks before rows", () => {
    // 56 × 56 pixels, 4 × 4 patches; the red channel of each patch holds its own number in reading order.
    const data = Uint8Array.from({ length: 56 * 56 * 3 }, (_, i) => {
      const pixel = Math.floor(i / 3);
      return i % 3 === 0 ? Math.floor(Math.floor(pixel / 56) / 14) * 4 + Math.floor((pixel % 56) / 14) : 0;
    });
    const { pixelValues } = processImage({ width: 56, height: 56, data });
    const number = (i: number): number => Math.abs(Math.round((pixelValues[i]! * 0.26862954 + 0.48145466) * 255));
    const order = Array.from({ length: 16 }, (_, patch) => number(patch * 1176));
    expect(order).toEqual([0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15]);
    expect(Array.from({ length: 16 }, (_, patch) => number(patch * 1176 + 196))).toEqual(order);
  });

  it("refuses damaged and extreme images", () => {
    expect(() => processImage({ width: 10, height: 10, data: new Uint8Array(299) })).toThrow(LabError);
    expect(() => processImage({ width: 3000, height: 10, data: new Uint8Array(90000) })).toThrow(/200 times/);
  });
});

describe("preprocessor_config.json", () => {
  it("reads both names of the bounds, min_pixels first", () => {
    const size = { shortest_edge: 784, longest_edge: 15680 };
    expect(parseImageProcessorConfig({ size })).toMatchObject({ minPixels: 784, maxPixels: 15680 });
    expect(parseImageProcessorConfig({ size, min_pixels: 3136 })).toMatchObject({ minPixels: 3136, maxPixels: 15680 });
    expect(parseImageProcessorConfig({})).toEqual(QWEN_IMAGE_PROCESSOR);
  });

  it("round-trips, and names what it cannot do", () => {
    const config = { ...QWEN_IMAGE_PROCESSOR, maxPixels: 7056, patchSize: 7 };
    expect(parseImageProcessorConfig(toHfImageProcessor(config))).toEqual(config);
    expect(() => parseImageProcessorConfig({ resample: 2 })).toThrow(/"resample" must be 3/);
    expect(() => parseImageProcessorConfig({ do_normalize: false })).toThrow(/do_normalize/);
    expect(() => parseImageProcessorConfig({ image_mean: [0.5] })).toThrow(/three numbers/);
  });
});
