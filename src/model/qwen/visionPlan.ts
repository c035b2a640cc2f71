import { attentionPlan, type AttentionGeometry } from "../tensor/attentionPlan";
import { rotaryTables } from "../tensor/rotary";
import type { QwenConfig } from "./config";
import { imageWindows, patchAngles, type Grid } from "./positions";

/** The tower's work for a list of images. Owned by whoever made it. */
export interface VisionPlan {
  /** Merged patches of each image, in order. */
  readonly tokens: readonly number[];
  /** The patches of an image attend to one another … */
  readonly full: AttentionGeometry;
  /** … or, in most blocks of Qwen2.5-VL, those of a window. */
  readonly windowed?: AttentionGeometry;
}

/** Lays out the tower's work for images of these grids. */
export function visionPlan(grids: readonly Grid[], config: QwenConfig): VisionPlan {
  const { heads, headDim, spatialMergeSize } = config.vision;
  const layout = { heads, kvHeads: heads, headDim };
  const rotary = rotaryTables(joinFloats(grids.map((grid) => patchAngles(grid, config))), layout);
  const unit = spatialMergeSize ** 2;
  const tokens = grids.map(([t, h, w]) => (t * h * w) / unit);
  const patches = unit * tokens.reduce((sum, count) => sum + count, 0);
  const geometry = (sequences: readonly (readonly number[])[]): AttentionGeometry => {
    const spans = sequences.map((rows) => ({ queries: rows, keys: rows }));
    return { layout, rotary, plan: attentionPlan([spans], patches, layout, { causal: false }) };
  };
  const full = geometry(frames(grids));
  if (config.kind === "qwen2_vl") return { tokens, full };
  return { tokens, full, windowed: geometry(windows(grids, unit, config)) };
}

/** The patches of each frame; the reference separates the frames of a video, and a still image is one frame. */
function frames(grids: readonly Grid[]): number[][] {
  let next = 0;
  return grids.flatMap(([t, h, w]) => Array.from({ length: t }, () => Array.from({ length: h * w }, () => next++)));
}

/** The patches of each window, images one behind the other, `unit` patches in a merged one. */
function windows(grids: readonly Grid[], unit: number, config: QwenConfig): number[][] {
  let first = 0;
  return grids.flatMap((grid) => {
    const start = first;
    first += grid[0] * grid[1] * grid[2];
    return imageWindows(grid, config).map((window) =>
      window.flatMap((token) => Array.from({ length: unit }, (_, k) => start + token * unit + k)),
    );
  });
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
