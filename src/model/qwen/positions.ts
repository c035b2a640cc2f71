import { LabError } from "../../core/errors";
import type { QwenConfig } from "./config";

/** Patches of one image in time, height and width. */
export type Grid = readonly [number, number, number];

/** Places of n tokens on the three rotary axes, [3, n] row-major, and the place of the token that follows. */
export interface RopePositions {
  readonly ids: Int32Array;
  readonly next: number;
}

/**
 * Multimodal rotary positions of one unpadded sequence (`get_rope_index` of transformers 5.18): text advances all axes
 * together; an image's merged patches take (time, row, column) from where it starts, and the text behind it goes on
 * after the longer side.
 * @param ids [n] token ids, each image as its run of image tokens
 * @param grids of the images, in order
 */
export function ropePositions(ids: readonly number[], grids: readonly Grid[], config: QwenConfig): RopePositions {
  const n = ids.length;
  const out = new Int32Array(3 * n);
  const merge = config.vision.spatialMergeSize;
  let next = 0;
  let image = 0;
  for (let i = 0; i < n;) {
    if (ids[i] !== config.imageTokenId) {
      for (let axis = 0; axis < 3; axis++) out[axis * n + i] = next;
      next++;
      i++;
      continue;
    }
    const grid = grids[image++];
    if (grid === undefined) throw imageCount(`more runs of image tokens than the ${grids.length} images`);
    const [time, height, width] = [grid[0], grid[1] / merge, grid[2] / merge];
    for (let k = 0; k < time * height * width; k++, i++) {
      if (ids[i] !== config.imageTokenId)
        throw imageCount(`${k} image tokens for an image of ${time * height * width}`);
      out[i] = next + Math.floor(k / (height * width));
      out[n + i] = next + (Math.floor(k / width) % height);
      out[2 * n + i] = next + (k % width);
    }
    next += Math.max(height, width);
  }
  if (image !== grids.length) throw imageCount(`${image} runs of image tokens for ${grids.length} images`);
  return { ids: out, next };
}

function imageCount(reason: string): LabError {
  return new LabError(`the prompt holds ${reason}`, "Write <image> once for each image.", { subject: "prompt" });
}

/** Angles of text tokens, [n, headDim / 2]: pair j turns with the axis that `mropeSection` gives it. */
export function textAngles(positions: Int32Array, config: QwenConfig): Float32Array {
  const { headDim, ropeTheta, mropeSection } = config.text;
  const half = headDim / 2;
  const n = positions.length / 3;
  const angles = new Float32Array(n * half);
  for (let pair = 0; pair < half; pair++) {
    const axis = pair < mropeSection[0] ? 0 : pair < mropeSection[0] + mropeSection[1] ? 1 : 2;
    const frequency = Math.fround(ropeTheta ** ((-2 * pair) / headDim));
    for (let i = 0; i < n; i++) angles[i * half + pair] = (positions[axis * n + i] ?? 0) * frequency;
  }
  return angles;
}

/** Row and column of each patch in merge order: blocks of m × m patches row by row, repeated in time. [P, 2] */
function patchPlaces([time, height, width]: Grid, m: number): Int32Array {
  const places = new Int32Array(2 * time * height * width);
  let at = 0;
  for (let t = 0; t < time; t++)
    for (let blockRow = 0; blockRow < height; blockRow += m)
      for (let blockColumn = 0; blockColumn < width; blockColumn += m)
        for (let row = blockRow; row < blockRow + m; row++)
          for (let column = blockColumn; column < blockColumn + m; column++) {
            places[at++] = row;
            places[at++] = column;
          }
  return places;
}

/** Angles of an image's patches, [P, headDim / 2]: the first half of the pairs by row, the second by column. */
export function patchAngles(grid: Grid, config: QwenConfig): Float32Array {
  const { headDim, spatialMergeSize } = config.vision;
  const places = patchPlaces(grid, spatialMergeSize);
  const quarter = headDim / 4;
  const angles = new Float32Array(places.length * quarter);
  for (let i = 0; i < places.length; i++)
    for (let j = 0; j < quarter; j++)
      angles[i * quarter + j] = (places[i] ?? 0) * Math.fround(10000 ** ((-4 * j) / headDim));
  return angles;
}

/**
 * The merged patches of an image window by window (`get_window_index` of Qwen2.5-VL), row by row inside a window.
 * @returns the windows, each the indices of its merged patches
 */
export function imageWindows([time, height, width]: Grid, config: QwenConfig): number[][] {
  const { windowSize, patchSize, spatialMergeSize: m } = config.vision;
  const side = Math.floor(windowSize / m / patchSize);
  const [rows, columns] = [height / m, width / m];
  const windows: number[][] = [];
  for (let t = 0; t < time; t++)
    for (let top = 0; top < rows; top += side)
      for (let left = 0; left < columns; left += side) {
        const window: number[] = [];
        for (let row = top; row < Math.min(rows, top + side); row++)
          for (let column = left; column < Math.min(columns, left + side); column++)
            window.push((t * rows + row) * columns + column);
        windows.push(window);
      }
  return windows;
}
