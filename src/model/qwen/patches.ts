import type { RgbImage } from "../../core/image";

/** How pixels become the rows that the vision tower reads. */
export interface PatchLayout {
  readonly patchSize: number;
  readonly mergeSize: number;
  readonly temporalPatchSize: number;
  readonly rescaleFactor: number;
  readonly imageMean: readonly number[];
  readonly imageStd: readonly number[];
}

/**
 * Cuts an image into normalised patches in the order of Qwen2-VL: blocks of mergeSize × mergeSize patches row by row,
 * inside a block its patches row by row, inside a patch channel, time, row, column; a still image is repeated in time.
 * @param image its sides are multiples of patchSize · mergeSize
 * @returns [P, C · temporalPatchSize · patchSize²]
 */
export function cutPatches(image: RgbImage, layout: PatchLayout): Float32Array {
  const { patchSize: p, mergeSize: m, temporalPatchSize: frames } = layout;
  const columns = image.width / p;
  const patches = columns * (image.height / p);
  const area = p * p;
  const out = new Float32Array(patches * 3 * frames * area);
  const levels = normalisedLevels(layout);
  const blocksPerRow = columns / m;
  for (let patch = 0; patch < patches; patch++) {
    const block = Math.floor(patch / (m * m));
    const inside = patch % (m * m);
    const top = (Math.floor(block / blocksPerRow) * m + Math.floor(inside / m)) * p;
    const left = ((block % blocksPerRow) * m + (inside % m)) * p;
    for (let channel = 0; channel < 3; channel++) {
      const start = (patch * 3 + channel) * frames * area;
      copyPatch(image, top, left, channel, p, levels.subarray(channel * 256, channel * 256 + 256), out, start);
      for (let frame = 1; frame < frames; frame++) out.copyWithin(start + frame * area, start, start + area);
    }
  }
  return out;
}

function copyPatch(
  image: RgbImage,
  top: number,
  left: number,
  channel: number,
  p: number,
  levels: Float32Array,
  out: Float32Array,
  start: number,
): void {
  let at = start;
  for (let y = top; y < top + p; y++) {
    let from = (y * image.width + left) * 3 + channel;
    for (let x = 0; x < p; x++, from += 3) out[at++] = levels[image.data[from] ?? 0] ?? 0;
  }
}

/** The normalised value of each grey level. @returns [3, 256] */
function normalisedLevels({ rescaleFactor, imageMean, imageStd }: PatchLayout): Float32Array {
  return Float32Array.from({ length: 768 }, (_, index) => {
    const channel = index >> 8;
    return ((index & 255) * rescaleFactor - (imageMean[channel] ?? 0)) / (imageStd[channel] ?? 1);
  });
}
