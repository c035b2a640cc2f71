import * as path from "node:path";
import * as z from "zod";
import type { RgbImage } from "../../core/image";
import { withSafetensors } from "../../core/safetensors";
import { readImage } from "../../data/images";
import { processImage, QWEN_IMAGE_PROCESSOR } from "../../model/qwen/imageProcessor";
import { RESIZE_ORDERS, type ResizeOrder } from "../../model/qwen/imageProcessorResize";
import { malformed, ParityCollector, parityRow, readReference, type ParityRow } from "./rows";

const count = z.number().int().positive();

const fileSchema = z.strictObject({
  note: z.unknown().optional(),
  resizeOrder: z.enum(RESIZE_ORDERS).optional(),
  cases: z
    .array(
      z.strictObject({
        file: z.string(),
        width: count,
        height: count,
        minPixels: count,
        maxPixels: count,
        gridThw: z.tuple([count, count, count]),
      }),
    )
    .min(1),
});

/** One grey level in normalised units is at most 1/255/0.2613 = 0.015: nothing may be two levels off. */
const ONE_LEVEL = 0.02;
/** At most one value in a thousand may round to another grey level. */
const OTHER_LEVEL = 0.001;

/**
 * Compares sizes, grids and pixel values with a folder in the format of `golden/image_processor` (`cases.json`, the
 * pictures, `expected.safetensors`): every value within 0.02 normalised units, and equal after rounding to grey levels
 * for at least 99.9 %. The order of the two resize passes is the reference's own (`resizeOrder`), or else the one that
 * fits it better; it is said in the name of a row.
 * @throws LabError naming the file that is missing or not of that shape
 */
export async function parityImageProcessor(folder: string): Promise<ParityRow[]> {
  const reference = readReference(path.join(folder, "cases.json"), fileSchema);
  const cases: Comparison[] = [];
  for (const [i, one] of reference.cases.entries()) {
    const image = await readImage(path.join(folder, one.file));
    cases.push({ ...one, image, pixels: expectedPixels(folder, `pixel_values${i}`) });
  }
  const tried = (reference.resizeOrder === undefined ? RESIZE_ORDERS : [reference.resizeOrder]).map((order) => ({
    order,
    rows: compare(cases, order),
  }));
  const worst = (rows: readonly ParityRow[]): number => rows.find(({ figure }) => figure === "pixelValues")?.error ?? 0;
  const [best] = [...tried].sort((a, b) => worst(a.rows) - worst(b.rows));
  if (best === undefined) return [];
  const alike = tried.length > 1 && tried.every(({ rows }) => worst(rows) === worst(best.rows));
  return [...best.rows, parityRow(`resize order: ${alike ? "any" : best.order}`, 0, 0)];
}

type Comparison = z.infer<typeof fileSchema>["cases"][number] & {
  readonly image: RgbImage;
  readonly pixels: Float32Array;
};

function compare(cases: readonly Comparison[], resizeOrder: ResizeOrder): ParityRow[] {
  const rows = new ParityCollector();
  for (const { image, width, height, minPixels, maxPixels, gridThw, pixels } of cases) {
    rows.add("size", image.width === width && image.height === height ? 0 : 1, 0);
    const processed = processImage(image, { ...QWEN_IMAGE_PROCESSOR, minPixels, maxPixels, resizeOrder });
    rows.add("gridThw", processed.gridThw.every((n, axis) => n === gridThw[axis]) ? 0 : 1, 0);
    rows.add("pixelValues", largestDifference(processed.pixelValues, pixels), ONE_LEVEL);
    rows.add("share of other grey levels", otherLevels(processed.pixelValues, pixels), OTHER_LEVEL);
  }
  return rows.finish();
}

function expectedPixels(folder: string, name: string): Float32Array {
  const file = path.join(folder, "expected.safetensors");
  return withSafetensors(file, (opened) => {
    const info = opened.tensors.get(name);
    if (info === undefined) throw malformed(file, `no tensor ${name}`);
    const width = 3 * QWEN_IMAGE_PROCESSOR.temporalPatchSize * QWEN_IMAGE_PROCESSOR.patchSize ** 2;
    if (info.shape.length !== 2 || info.shape[1] !== width) throw malformed(file, `${name} is not [P, ${width}]`);
    return opened.readFloat32(name);
  });
}

function largestDifference(ours: Float32Array, theirs: Float32Array): number {
  if (ours.length !== theirs.length) return Infinity;
  let largest = 0;
  for (let i = 0; i < theirs.length; i++) {
    const error = Math.abs((ours[i] as number) - (theirs[i] as number));
    if (!(error <= largest)) largest = Number.isNaN(error) ? Infinity : error;
  }
  return largest;
}

/** The share of values whose grey level, 0–255, differs. A patch holds one colour channel after the other. */
function otherLevels(ours: Float32Array, theirs: Float32Array): number {
  if (ours.length !== theirs.length) return 1;
  const { temporalPatchSize, patchSize, imageMean, imageStd, rescaleFactor } = QWEN_IMAGE_PROCESSOR;
  const perChannel = temporalPatchSize * patchSize ** 2;
  const level = (value: number, channel: number): number =>
    Math.round((value * (imageStd[channel] ?? NaN) + (imageMean[channel] ?? NaN)) / rescaleFactor);
  let other = 0;
  for (let i = 0; i < theirs.length; i++) {
    const channel = Math.floor(i / perChannel) % 3;
    if (level(ours[i] as number, channel) !== level(theirs[i] as number, channel)) other++;
  }
  return other / theirs.length;
}
