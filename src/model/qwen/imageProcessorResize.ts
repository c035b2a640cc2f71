import type { RgbImage } from "../../core/image";

/** PIL's fixed-point precision for 8-bit pictures (Resample.c: 32 − 8 − 2 bits). */
const PRECISION_BITS = 22;
const ROUNDING = 2 ** (PRECISION_BITS - 1);

/** A kernel of PIL's, and its half width. */
interface Filter {
  readonly support: number;
  readonly at: (distance: number) => number;
}

const FILTERS = {
  /** Keys' cubic kernel with a = −0.5. */
  bicubic: { support: 2, at: cubic },
  bilinear: { support: 1, at: (distance) => Math.max(0, 1 - Math.abs(distance)) },
} as const satisfies Readonly<Record<string, Filter>>;
export type ResizeFilter = keyof typeof FILTERS;

/** The weights of one axis: for each output position, where its inputs begin and their fixed-point weights. */
interface AxisWeights {
  readonly first: Int32Array;
  readonly count: Int32Array;
  /** [output, width] */
  readonly weights: Int32Array;
  readonly width: number;
}

/**
 * Which Pillow's order of the two passes is followed. "pillow12": the horizontal pass, then the vertical one, in all
 * versions up to 12, with which the published checkpoints were trained and evaluated. "pillow13": the vertical one first
 * where the height loses more than twice what the width loses, to save work. They differ by up to three grey levels.
 */
export const RESIZE_ORDERS = ["pillow12", "pillow13"] as const;
export type ResizeOrder = (typeof RESIZE_ORDERS)[number];

/** Resizes as PIL's `Image.resize(…, BICUBIC)` does (`resizeImage`). */
export function resizeBicubic(image: RgbImage, width: number, height: number, order?: ResizeOrder): RgbImage {
  return resizeImage(image, width, height, "bicubic", order);
}

/**
 * Resizes as PIL's `Image.resize` does, to the bit: antialiased (the kernel widens when shrinking), one axis after the
 * other, each pass rounded to 8 bits with 22-bit fixed-point weights.
 */
export function resizeImage(
  image: RgbImage,
  width: number,
  height: number,
  filter: ResizeFilter,
  order: ResizeOrder = "pillow12",
): RgbImage {
  const kernel = FILTERS[filter];
  const lost = image.height - height;
  const rowsFirst = order === "pillow13" && lost > 0 && lost > 2 * (image.width - width);
  const columns = (from: RgbImage): RgbImage =>
    width === from.width ? from : resizeColumns(from, axisWeights(from.width, width, kernel));
  const rows = (from: RgbImage): RgbImage =>
    height === from.height ? from : resizeRows(from, axisWeights(from.height, height, kernel));
  return rowsFirst ? columns(rows(image)) : rows(columns(image));
}

function cubic(distance: number): number {
  const a = -0.5;
  const x = Math.abs(distance);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
  return 0;
}

function axisWeights(input: number, output: number, filter: Filter): AxisWeights {
  const scale = input / output;
  const widening = Math.max(1, scale);
  const support = filter.support * widening;
  const width = Math.ceil(support) * 2 + 1;
  const first = new Int32Array(output);
  const count = new Int32Array(output);
  const weights = new Int32Array(output * width);
  for (let out = 0; out < output; out++) {
    const centre = (out + 0.5) * scale;
    const begin = Math.max(0, Math.trunc(centre - support + 0.5));
    const end = Math.min(input, Math.trunc(centre + support + 0.5));
    const raw = Array.from({ length: end - begin }, (_, i) => filter.at((i + begin - centre + 0.5) * (1 / widening)));
    const total = raw.reduce((sum, weight) => sum + weight, 0);
    first[out] = begin;
    count[out] = raw.length;
    raw.forEach((weight, i) => {
      const fixed = (total === 0 ? weight : weight / total) * 2 ** PRECISION_BITS;
      weights[out * width + i] = Math.trunc(fixed + (weight < 0 ? -0.5 : 0.5));
    });
  }
  return { first, count, weights, width };
}

function resizeColumns(image: RgbImage, axis: AxisWeights): RgbImage {
  const width = axis.first.length;
  const data = new Uint8Array(width * image.height * 3);
  for (let x = 0; x < width; x++) {
    const begin = axis.first[x] ?? 0;
    const count = axis.count[x] ?? 0;
    for (let y = 0; y < image.height; y++) {
      accumulate(image.data, (y * image.width + begin) * 3, 3, axis, x, count, data, (y * width + x) * 3);
    }
  }
  return { width, height: image.height, data };
}

function resizeRows(image: RgbImage, axis: AxisWeights): RgbImage {
  const height = axis.first.length;
  const stride = image.width * 3;
  const data = new Uint8Array(stride * height);
  for (let y = 0; y < height; y++) {
    const begin = axis.first[y] ?? 0;
    const count = axis.count[y] ?? 0;
    for (let x = 0; x < image.width; x++) {
      accumulate(image.data, begin * stride + x * 3, stride, axis, y, count, data, y * stride + x * 3);
    }
  }
  return { width: image.width, height, data };
}

/** One output pixel: the weighted sum of `count` input pixels that lie `step` bytes apart, for the three channels. */
function accumulate(
  source: Uint8Array,
  start: number,
  step: number,
  axis: AxisWeights,
  output: number,
  count: number,
  target: Uint8Array,
  at: number,
): void {
  let red = ROUNDING;
  let green = ROUNDING;
  let blue = ROUNDING;
  for (let i = 0, from = start; i < count; i++, from += step) {
    const weight = axis.weights[output * axis.width + i] ?? 0;
    red += (source[from] ?? 0) * weight;
    green += (source[from + 1] ?? 0) * weight;
    blue += (source[from + 2] ?? 0) * weight;
  }
  target[at] = toByte(red);
  target[at + 1] = toByte(green);
  target[at + 2] = toByte(blue);
}

function toByte(sum: number): number {
  return Math.min(255, Math.max(0, sum >> PRECISION_BITS));
}
