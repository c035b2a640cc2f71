import { z } from "zod";
import { loadConfig } from "../config/load";
import { LARGEST_SEED } from "../core/random";

/** Options of a closed question, and candidates of a chain. */
export const CANDIDATES = 4;

/** The super-categories of the paper's six sets; each has a shape of its own. */
export const DOMAINS = ["aircraft", "bird", "car", "dog", "flower", "pet"] as const;
export type Domain = (typeof DOMAINS)[number];

export const COLOURS = ["red", "orange", "yellow", "green", "blue", "purple", "pink", "white"] as const;
export type Colour = (typeof COLOURS)[number];

export const PATTERNS = ["plain", "striped", "spotted", "banded"] as const;
export type Pattern = (typeof PATTERNS)[number];

export const TAILS = ["short", "medium", "long"] as const;
export type Tail = (typeof TAILS)[number];

/** How the text of a chain's comparison judges each candidate: one number, or a mark after each value. */
const VERDICT_FORMS = ["count", "marks"] as const;
export type VerdictForm = (typeof VERDICT_FORMS)[number];

/** The values each attribute may take, in the order in which the attributes are always written. */
export interface AttributeValues {
  readonly crown: readonly Colour[];
  readonly body: readonly Colour[];
  readonly wing: readonly Colour[];
  readonly pattern: readonly Pattern[];
  readonly tail: readonly Tail[];
}

/** How much images of one class differ (intra-class variance). Zero everywhere gives the bare figure. */
export interface NuisanceConfig {
  /** Largest turn in either direction, in degrees. */
  readonly rotation: number;
  /** Chance of mirroring left and right. */
  readonly flip: number;
  /** The figure's size, uniform between the two. */
  readonly scale: readonly [number, number];
  /** Largest shift in each direction, in per cent of the side. */
  readonly shift: number;
  /** Largest number of blobs and twigs behind the figure. */
  readonly clutter: number;
  /** Largest change of each colour channel of each part, as a share of the full range. */
  readonly colourJitter: number;
  /** Pixel values are multiplied by a number in 1 ± this. */
  readonly brightness: number;
  /** Standard deviation of the pixel noise, in grey levels. */
  readonly noise: number;
  /** A disc that hides part of the figure: how often, and its largest diameter in per cent of the side. */
  readonly occlusion: { readonly chance: number; readonly size: number };
}

/** How a closed question's three wrong options are drawn, for each picture anew, as in the released benchmark. */
export interface OptionsConfig {
  /** Chances of 0, 1, 2 and 3 members of the class's genus among the three, by domain. */
  readonly siblings: Readonly<Record<Domain, readonly [number, number, number, number]>>;
  /** The others are drawn from so many classes of other genera that are most like the class. */
  readonly nearest: number;
}

/** Everything a mini-world depends on. Two equal configs give the same names, classes and pixels. */
export interface WorldConfig {
  readonly name: string;
  /** Names, attribute vectors, splits and pixels all follow from it. */
  readonly seed: number;
  /** Side of the square images, in pixels. */
  readonly imageSize: number;
  readonly domains: readonly Domain[];
  readonly generaPerDomain: number;
  readonly speciesPerGenus: number;
  readonly attributes: AttributeValues;
  /** Probability that a species changes 1, 2, 3 values against its genus: low inter-class variance. Sums to 1. */
  readonly changes: readonly [number, number, number];
  /** The base vectors of two genera of a domain differ in at least this many values. */
  readonly genusDistance: number;
  /** Share of each domain's classes that have training images. */
  readonly seenFraction: number;
  /** Training images of a seen class. */
  readonly shots: number;
  /** Validation images of a seen class, and test images of any class. */
  readonly images: { readonly validation: number; readonly test: number };
  /** Lengths of the tail in per cent of the image's side, before scaling. */
  readonly tailLengths: Readonly<Record<Tail, number>>;
  readonly nuisance: NuisanceConfig;
  /** Pool of pictures of random attribute combinations, for training the base model. */
  readonly baseImages: number;
  readonly options: OptionsConfig;
  /** Pictures of each class that a base model is made from, with names found beside them (`WeakLabels`). */
  readonly weakImages: number;
  readonly chain: { readonly verdict: VerdictForm };
}

const share = z.number().min(0).max(1);
const count = z.int().min(1);
const distinct = <T>(values: readonly T[]): boolean => new Set(values).size === values.length;
const several = <const T extends readonly string[]>(values: T) =>
  z.array(z.enum(values)).min(2, "at least two values").refine(distinct, "the values must differ");

/** Shares that sum to 1. */
const sumsToOne = (shares: readonly number[]): boolean => Math.abs(shares.reduce((a, b) => a + b, 0) - 1) < 1e-9;
export const eachOf = <const K extends readonly string[], S extends z.ZodType>(keys: K, schema: S) =>
  z.strictObject(Object.fromEntries(keys.map((key) => [key, schema])) as Record<K[number], S>);

const nuisanceSchema = z.strictObject({
  rotation: z.number().min(0).max(180),
  flip: share,
  scale: z
    .tuple([z.number().min(0.3).max(1.5), z.number().min(0.3).max(1.5)])
    .refine(([low, high]) => low <= high, "the smaller scale comes first"),
  shift: z.number().min(0).max(30),
  clutter: z.int().min(0).max(40),
  colourJitter: z.number().min(0).max(0.5),
  brightness: z.number().min(0).max(0.9),
  noise: z.number().min(0).max(100),
  occlusion: z.strictObject({ chance: share, size: z.number().min(0).max(100) }),
});

export const worldSchema: z.ZodType<WorldConfig> = z
  .strictObject({
    name: z.string().regex(/^[a-z][a-z0-9-]*$/, "lower-case letters, digits and hyphens"),
    seed: z.int().min(0).max(LARGEST_SEED),
    imageSize: z.int().min(28).max(448),
    domains: z.array(z.enum(DOMAINS)).min(1).refine(distinct, "a domain is named twice"),
    generaPerDomain: count.max(60),
    speciesPerGenus: z.int().min(2).max(8),
    attributes: z.strictObject({
      crown: several(COLOURS),
      body: several(COLOURS),
      wing: several(COLOURS),
      pattern: several(PATTERNS),
      tail: several(TAILS),
    }),
    changes: z.tuple([share, share, share]).refine(sumsToOne, "the three probabilities must sum to 1"),
    genusDistance: z.int().min(1).max(5),
    seenFraction: z.number().gt(0).lt(1),
    shots: z.int().min(2, "a triplet needs two images of a class"),
    images: z.strictObject({ validation: count, test: count }),
    tailLengths: z
      .strictObject({ short: z.number().min(1), medium: z.number().min(1), long: z.number().max(36) })
      .refine((t) => t.short < t.medium && t.medium < t.long, "short < medium < long"),
    nuisance: nuisanceSchema,
    baseImages: count,
    options: z.strictObject({
      siblings: eachOf(
        DOMAINS,
        z.tuple([share, share, share, share]).refine(sumsToOne, "the four probabilities must sum to 1"),
      ),
      nearest: z.int().min(3, "a question may need three"),
    }),
    weakImages: count,
    chain: z.strictObject({ verdict: z.enum(VERDICT_FORMS) }),
  })
  .refine(({ generaPerDomain, speciesPerGenus }) => generaPerDomain * speciesPerGenus >= CANDIDATES, {
    path: ["generaPerDomain"],
    message: `multiplied by speciesPerGenus it must be at least ${CANDIDATES}: a closed question names so many classes of a domain`,
  });

/** Reads a YAML file of `configs/worlds`. @throws LabError that names the file and every wrong key */
export function loadWorldConfig(file: string): WorldConfig {
  return loadConfig(file, worldSchema);
}
