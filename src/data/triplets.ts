import { required } from "../core/errors";
import type { RgbImage } from "../core/image";
import { Random } from "../core/random";
import { cosine } from "../core/vectors";
import { groupByClass } from "./fewshot";
import { lonely, ofClass, type NegativeDraw, type Training } from "./negatives";
import type { LabelledImage, Triplet } from "./types";

/** Vectors of images, one each: [B] of any one width. */
export type ImageEmbedder = (images: readonly RgbImage[]) => Promise<readonly Float32Array[]>;

export interface TripletOptions {
  readonly seed: number;
  /** How many triplets each training image anchors; 1 by default. */
  readonly perAnchor?: number;
  /** Images embedded at a time; 32 by default. */
  readonly batch?: number;
}

/** The class most easily taken for each class, by id, and how alike the two are. */
export type HardNegatives = Readonly<Record<string, { readonly negative: string; readonly similarity: number }>>;

/**
 * Mines T = (x, x⁺, x⁻) for every training image (§4.3): the positive is another image of its class at random, the
 * negative a random image of the most similar other class. The seed only draws the images.
 * @throws LabError when a class has one image only or a super-category one class only
 */
export async function mineTriplets(
  dataset: Training,
  embed: ImageEmbedder,
  options: TripletOptions,
): Promise<Triplet[]> {
  const mined = await mineHardNegatives(dataset, embed, options.batch);
  const draw = ofClass(dataset, ({ id }) => mined[id]?.negative);
  return drawTriplets(dataset, draw, options.seed, options.perAnchor);
}

/** Class similarity is the cosine of the classes' mean embeddings; only classes of one super-category compare. */
export async function mineHardNegatives(dataset: Training, embed: ImageEmbedder, batch = 32): Promise<HardNegatives> {
  const vectors = new Map<LabelledImage, Float32Array>();
  for (let from = 0; from < dataset.train.length; from += batch) {
    const part = dataset.train.slice(from, from + batch);
    const made = await embed(await Promise.all(part.map((image) => image.load())));
    part.forEach((image, i) => {
      vectors.set(image, required(made[i], () => new RangeError(`embed: ${made.length} vectors for ${part.length}`))); // prettier-ignore
    });
  }
  return hardNegativesBy(dataset, (image) => required(vectors.get(image), () => lonely(image.id, "was not embedded")));
}

/** The same by vectors that are there already. @param vectorOf gives each training picture's, all of one length */
export function hardNegativesBy({ train }: Training, vectorOf: (image: LabelledImage) => Float32Array): HardNegatives {
  const groups = [...groupByClass(train).values()];
  const classes = groups.flatMap((group) => (group[0] ? [{ ...group[0].subCategory, sum: sumOf(group.map(vectorOf)) }] : [])); // prettier-ignore
  return Object.fromEntries(
    classes.map((c) => {
      const ranked = classes
        .filter((other) => other.id !== c.id && other.superCategory === c.superCategory)
        .map((other) => ({ negative: other.id, similarity: cosine(c.sum, other.sum) }))
        .sort((a, b) => b.similarity - a.similarity);
      return [c.id, required(ranked[0], () => lonely(c.id, "is the only class of its super-category"))];
    }),
  );
}

/** A cosine does not mind that sums are not divided. */
function sumOf(vectors: readonly Float32Array[]): Float32Array {
  const sum = new Float32Array(vectors[0]?.length ?? 0);
  for (const vector of vectors) vector.forEach((value, j) => (sum[j] = (sum[j] ?? 0) + value));
  return sum;
}

/**
 * Draws the images of the triplets. Each anchor has a random stream of its own, and the positive comes first: the first triplet of
 * an anchor has the same positive whatever its negative is (`negatives.ts`).
 */
export function drawTriplets(dataset: Training, draw: NegativeDraw, seed: number, perAnchor = 1): Triplet[] {
  const groups = groupByClass(dataset.train);
  return dataset.train.flatMap((anchor) => {
    const random = new Random(`triplet/${seed}/${anchor.id}`);
    const positives = (groups.get(anchor.subCategory.id) ?? []).filter((image) => image.id !== anchor.id);
    if (positives.length === 0) throw lonely(anchor.subCategory.id, "has a single training image");
    return Array.from({ length: perAnchor }, () => {
      const pair = { anchor, positive: random.pick(positives) };
      return { ...pair, negative: draw(pair, random) };
    });
  });
}
