import * as tf from "@tensorflow/tfjs-core";
import type { AttentionGeometry } from "../tensor/projectHeads";
import { rotaryTables } from "../tensor/rotary";
import type { QwenConfig } from "./config";
import { imageWindows, patchAngles, type Grid } from "./positions";

/** Score of what must not be seen; finite, so that rows that see nothing stay finite. */
export const UNSEEN = -1e9;

/** How one kind of block cuts the patches into sequences that attend within themselves. */
export interface Segments {
  readonly geometry: AttentionGeometry;
  /** Where sequences differ in length: the patch at each place of the padded layout [S·n] … */
  readonly spread?: tf.Tensor1D;
  /** … and the place of each patch in it [P]. */
  readonly collect?: tf.Tensor1D;
}

/** The tower's work for a list of images. Owned by whoever made it. */
export interface VisionPlan {
  /** Merged patches of each image, in order. */
  readonly tokens: readonly number[];
  readonly full: Segments;
  /** Qwen2.5-VL only. */
  readonly windowed?: Segments;
  /** Qwen2.5-VL: patches window by window [P], and the merged patches' way back [P / m²]; absent where they are one. */
  readonly order?: tf.Tensor1D;
  readonly restore?: tf.Tensor1D;
}

/** Lays out the tower's work for images of these grids. */
export function visionPlan(grids: readonly Grid[], config: QwenConfig): VisionPlan {
  const unit = config.vision.spatialMergeSize ** 2;
  const tokens = grids.map(([t, h, w]) => (t * h * w) / unit);
  const angles = joinFloats(grids.map((grid) => patchAngles(grid, config)));
  // the reference separates the frames of a video; a still image is one frame
  const frames = grids.flatMap(([t, h, w]) => Array.from({ length: t }, () => h * w));
  if (config.kind === "qwen2_vl") return { tokens, full: segments(frames, angles, config) };
  const { order, windows } = windowOrder(grids, tokens, config);
  const patches = order.flatMap((token) => Array.from({ length: unit }, (_, k) => token * unit + k));
  const turned = pickRowsOf(angles, patches, config.vision.headDim / 2);
  const plan = {
    tokens,
    full: segments(frames, turned, config),
    windowed: segments(
      windows.map((length) => length * unit),
      turned,
      config,
    ),
  };
  if (order.every((token, index) => token === index)) return plan;
  const restore = new Int32Array(order.length);
  order.forEach((token, index) => (restore[token] = index));
  return { ...plan, order: tf.tensor1d(patches, "int32"), restore: tf.tensor1d(restore, "int32") };
}

/** Merged patches of all images, window by window, and the windows' lengths. */
function windowOrder(
  grids: readonly Grid[],
  tokens: readonly number[],
  config: QwenConfig,
): { order: number[]; windows: number[] } {
  let start = 0;
  const windows = grids.flatMap((grid, index) => {
    const first = start;
    start += tokens[index] ?? 0;
    return imageWindows(grid, config).map((window) => window.map((token) => first + token));
  });
  return { order: windows.flat(), windows: windows.map(({ length }) => length) };
}

/** @param angles [P, headDim / 2] in the order of the sequences */
function segments(lengths: readonly number[], angles: Float32Array, config: QwenConfig): Segments {
  const { heads, headDim } = config.vision;
  const length = Math.max(...lengths);
  const shared = { sequences: lengths.length, length, heads, kvHeads: heads, headDim, epsilon: 1e-6 };
  const layout = { heads, kvHeads: heads, headDim };
  if (lengths.every((other) => other === length)) {
    return { geometry: { ...shared, rotary: rotaryTables(angles, layout) } };
  }
  const spread = new Int32Array(lengths.length * length);
  const collect: number[] = [];
  const bias = new Float32Array(lengths.length * length).fill(UNSEEN);
  lengths.forEach((count, sequence) => {
    for (let i = 0; i < count; i++) {
      const place = sequence * length + i;
      spread[place] = collect.length;
      bias[place] = 0;
      collect.push(place);
    }
  });
  const rotary = rotaryTables(pickRowsOf(angles, spread, headDim / 2), layout);
  return {
    geometry: { ...shared, rotary, bias: tf.tensor4d(bias, [lengths.length, 1, 1, length]) },
    spread: tf.tensor1d(spread, "int32"),
    collect: tf.tensor1d(collect, "int32"),
  };
}

function pickRowsOf(values: Float32Array, rows: ArrayLike<number>, width: number): Float32Array {
  const out = new Float32Array(rows.length * width);
  for (let i = 0; i < rows.length; i++) {
    const start = (rows[i] ?? 0) * width;
    out.set(values.subarray(start, start + width), i * width);
  }
  return out;
}

function joinFloats(parts: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Frees a plan's tensors. */
export function disposeVisionPlan(plan: VisionPlan): void {
  for (const part of [plan.full, plan.windowed]) {
    if (part === undefined) continue;
    const { rotary, bias } = part.geometry;
    tf.dispose([rotary.cos, rotary.sin, rotary.turn]);
    bias?.dispose();
    part.spread?.dispose();
    part.collect?.dispose();
  }
  plan.order?.dispose();
  plan.restore?.dispose();
}
