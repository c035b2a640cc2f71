import * as path from "node:path";
import type { Progress } from "../core/progress";
import { packPictures } from "./pictures";
import type { MiniWorld } from "./types";

export interface PoolOptions {
  /** Where the packed files lie; they may be removed at any time. */
  readonly folder: string;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

/**
 * Renders the pictures that train a base model (random combinations, and the weakly labelled ones of every class), or
 * takes them from the packed files of an earlier run. About 21 kB a picture at 84 × 84.
 */
export async function loadPools(world: MiniWorld, options: PoolOptions): Promise<void> {
  const { baseImages, weakImages, imageSize, name } = world.config;
  const free = Array.from({ length: baseImages }, (_, index) => world.freePicture(index));
  const weak = world.subCategories.flatMap((c) =>
    Array.from({ length: weakImages }, (_, index) => world.picture(c, "weak", index)),
  );
  const shared = { key: world.fingerprint, size: imageSize, ...options };
  await packPictures(free, path.join(options.folder, `${name}-free.rgb`), shared);
  await packPictures(weak, path.join(options.folder, `${name}-weak.rgb`), shared);
}
