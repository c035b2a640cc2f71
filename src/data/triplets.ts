import * as fs from "node:fs";
import { createHash } from "node:crypto";
import { z } from "zod";
import { LabError, messageOf, required } from "../core/errors";
import { readJson, writeJson } from "../core/files";
import type { RgbImage } from "../core/image";
import { Random } from "../core/random";
import { cosine } from "../core/vectors";
import { groupByClass } from "./fewshot";
import type { Dataset } from "./dataset";
import type { LabelledImage, Triplet } from "./types";

/** Vectors of images, one each: [B] of any one width. */
export type ImageEmbedder = (images: readonly RgbImage[]) => Promise<readonly Float32Array[]>;

export interface TripletOptions {
  readonly seed: number;
  /** Says which weights `embed` stands for, for example a hash; part of the cache's key. */
  readonly embedder: string;
  /** How many triplets each training image anchors; 1 by default. */
  readonly perAnchor?: number;
  /** Images embedded at a time; 32 by default. */
  readonly batch?: number;
  /** JSON file that keeps what was mined; left out, nothing is kept. */
  readonly cacheFile?: string;
}

/** The class most easily taken for each class, by id, and how alike the two are. */
export type HardNegatives = Readonly<Record<string, { readonly negative: string; readonly similarity: number }>>;

/**
 * Mines T = (x, x⁺, x⁻) for every training image (§4.3): the positive is another image of its class at random, the
 * negative a random image of the most similar other class. Classes are compared once; the cache is used again while the
 * dataset's training images and the embedder stay the same. The seed only draws the images.
 * @throws LabError when a class has one image only or a super-category one class only
 */
export async function mineTriplets(
  dataset: Dataset,
  embed: ImageEmbedder,
  options: TripletOptions,
): Promise<Triplet[]> {
  const key = cacheKey(dataset, options);
  let negatives = options.cacheFile === undefined ? undefined : readCache(options.cacheFile, key);
  if (negatives === undefined) {
    negatives = await mineHardNegatives(dataset, embed, options.batch);
    if (options.cacheFile !== undefined) writeJson(options.cacheFile, { key, negatives });
  }
  return drawTriplets(dataset, negatives, options.seed, options.perAnchor);
}

/** Class similarity is the cosine of the classes' mean embeddings; only classes of one super-category compare. */
export async function mineHardNegatives(dataset: Dataset, embed: ImageEmbedder, batch = 32): Promise<HardNegatives> {
  const means = await meanEmbeddings(dataset.train, embed, batch);
  const classes = [...groupByClass(dataset.train).values()].flatMap((group) =>
    group[0] ? [group[0].subCategory] : [],
  );
  const meanOf = (id: string): Float32Array => means.get(id) as Float32Array;
  return Object.fromEntries(
    classes.map((c) => {
      const ranked = classes
        .filter((other) => other.id !== c.id && other.superCategory === c.superCategory)
        .map((other) => ({ negative: other.id, similarity: cosine(meanOf(c.id), meanOf(other.id)) }))
        .sort((a, b) => b.similarity - a.similarity);
      return [c.id, required(ranked[0], () => lonely(c.id, "is the only class of its super-category"))];
    }),
  );
}

/** Draws the images of the triplets. Each anchor has a random stream of its own. */
export function drawTriplets(dataset: Dataset, negatives: HardNegatives, seed: number, perAnchor = 1): Triplet[] {
  const groups = groupByClass(dataset.train);
  return dataset.train.flatMap((anchor) => {
    const random = new Random(`triplet/${seed}/${anchor.id}`);
    const positives = (groups.get(anchor.subCategory.id) ?? []).filter((image) => image.id !== anchor.id);
    const others = groups.get(negatives[anchor.subCategory.id]?.negative ?? "") ?? [];
    if (positives.length === 0) throw lonely(anchor.subCategory.id, "has a single training image");
    if (others.length === 0) throw lonely(anchor.subCategory.id, "has no negative class with images");
    return Array.from({ length: perAnchor }, () => ({
      anchor,
      positive: random.pick(positives),
      negative: random.pick(others),
    }));
  });
}

async function meanEmbeddings(
  images: readonly LabelledImage[],
  embed: ImageEmbedder,
  batch: number,
): Promise<Map<string, Float32Array>> {
  const sums = new Map<string, Float32Array>(); // a cosine does not mind that sums are not divided
  for (let from = 0; from < images.length; from += batch) {
    const part = images.slice(from, from + batch);
    const vectors = await embed(await Promise.all(part.map((image) => image.load())));
    part.forEach((image, i) => {
      const vector = required(vectors[i], () => new RangeError(`embed: ${vectors.length} vectors for ${part.length}`));
      const sum = sums.get(image.subCategory.id) ?? new Float32Array(vector.length);
      vector.forEach((value, j) => (sum[j] = (sum[j] ?? 0) + value));
      sums.set(image.subCategory.id, sum);
    });
  }
  return sums;
}

function cacheKey(dataset: Dataset, options: TripletOptions): string {
  const ids = dataset.train.map((image) => image.id);
  return createHash("sha256")
    .update(JSON.stringify([1, dataset.fingerprint, options.embedder, ids]))
    .digest("hex");
}

const cacheSchema = z.strictObject({
  key: z.string(),
  negatives: z.record(z.string(), z.strictObject({ negative: z.string(), similarity: z.number() })),
});

function readCache(file: string, key: string): HardNegatives | undefined {
  if (!fs.existsSync(file)) return undefined;
  const read = cacheSchema.safeParse(readJson(file));
  if (!read.success) {
    throw new LabError(`is no cache of triplets (${messageOf(read.error)})`, "Remove the file.", { subject: file });
  }
  return read.data.key === key ? read.data.negatives : undefined;
}

function lonely(id: string, why: string): LabError {
  return new LabError(`${why}, so no triplet can be made`, "Use two classes and two images a class, or more.", {
    subject: id,
  });
}
