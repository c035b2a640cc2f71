import { Random } from "../core/random";
import type { Dataset } from "./dataset";
import { requireShots, sampleFewShot } from "./fewshot";
import { openQuestion, type PromptSet } from "./prompts";
import type { BenchmarkItem, LabelledImage, SubCategory } from "./types";

/** A class and the pictures that each of its splits is drawn from. */
export interface ClassPool {
  readonly subCategory: SubCategory;
  readonly train: readonly LabelledImage[];
  /** Absent where nobody set them apart: they are drawn from what training leaves. */
  readonly validation?: readonly LabelledImage[];
  readonly test?: readonly LabelledImage[];
  /** Pictures of the two lists above with which the draw of training pictures begins. */
  readonly first?: readonly LabelledImage[];
}

export interface DrawSettings {
  readonly shots: number;
  readonly seed: number;
  readonly testPerClass?: number | undefined;
  readonly wording: PromptSet;
}

/** What is asked about a picture, where that is given and not drawn; the true name stands first. */
export type Asked = Pick<BenchmarkItem, "question" | "options">;

/** The part of a dataset that is drawn from its pictures. */
export type Drawn = Pick<Dataset, "subCategories" | "train" | "validation" | "test" | "question" | "optionsFor" | "wording">; // prettier-ignore

/** Options of a closed question. */
export const OPTIONS = 4;

/**
 * Draws a dataset from the pictures of its classes: `shots` training pictures of each seen class; of what is left, a quarter, but not more
 * than `shots`, for validation and the rest for testing, where there are no pictures of their own for these; and the other names of
 * closed questions. A class's draw depends on the seed, its id and its own pictures alone.
 * @param asked questions and options that are given, by the picture's id
 * @throws LabError when a seen class has fewer training pictures than `shots`
 */
export function drawDataset(
  pools: readonly ClassPool[],
  settings: DrawSettings,
  asked: ReadonlyMap<string, Asked> = new Map(),
): Drawn {
  const { seed, wording } = settings;
  const drawn = pools.map((pool) => drawPictures(pool, settings));
  const subCategories = pools.map(({ subCategory }) => subCategory);
  const alike = lookalikes(subCategories, seed);
  const optionsFor: Dataset["optionsFor"] = ({ id, subCategory }) => asked.get(id)?.options ?? alike(subCategory);
  const question = (image: LabelledImage): string => asked.get(image.id)?.question ?? openQuestion(wording, image);
  const items = drawn
    .flatMap(({ test }) => test)
    .map((image): BenchmarkItem => {
      const { subCategory } = image;
      const about = { question: question(image), options: optionsFor(image), groundTruth: subCategory.name };
      return { id: image.id, image, ...about };
    });
  return {
    subCategories,
    train: drawn.flatMap(({ train }) => train),
    validation: drawn.flatMap(({ validation }) => validation),
    test: (split) => items.filter(({ image }) => image.subCategory.seen === (split === "seen")),
    question,
    optionsFor,
    wording,
  };
}

function drawPictures(pool: ClassPool, { shots, seed, testPerClass }: DrawSettings): Record<Part, LabelledImage[]> {
  const { subCategory, first = [] } = pool;
  const random = new Random(`folder/${seed}/${subCategory.id}`); // as it was when folders alone were drawn: the same seed, the same pictures
  const others = pool.train.filter((image) => !first.includes(image));
  if (subCategory.seen) requireShots(subCategory.id, first.length + others.length, shots); // `sampleFewShot` knows no class without pictures
  const train = subCategory.seen
    ? [...first.slice(0, shots), ...sampleFewShot(others, Math.max(0, shots - first.length), seed)]
    : [];
  let rest = random.shuffle(pool.train.filter((image) => !train.includes(image)));
  const held =
    subCategory.seen && pool.validation === undefined ? heldBack(rest.length, shots, pool.test === undefined) : 0;
  const validation = pool.validation?.filter((image) => !train.includes(image)) ?? rest.slice(0, held);
  rest = rest.slice(held);
  const test = pool.test === undefined ? rest : random.shuffle([...pool.test]);
  return {
    train,
    validation: subCategory.seen ? sorted(validation) : [],
    test: sorted(test.slice(0, testPerClass)),
  };
}
type Part = "train" | "validation" | "test";

/** How many of the pictures that training leaves are for validation; testing needs the most of them where it has no others. */
function heldBack(rest: number, shots: number, tested: boolean): number {
  return Math.min(shots, tested ? Math.floor(rest / 4) : rest);
}

function sorted(images: readonly LabelledImage[]): LabelledImage[] {
  return [...images].sort((a, b) => (a.id < b.id ? -1 : 1));
}

function lookalikes(classes: readonly SubCategory[], seed: number): (of: SubCategory) => readonly string[] {
  const drawn = new Map<string, readonly string[]>();
  return (of) => {
    const known = drawn.get(of.id);
    if (known !== undefined) return known;
    const others = classes.filter(({ id, superCategory }) => superCategory === of.superCategory && id !== of.id);
    const shuffled = new Random(`options/${seed}/${of.id}`).shuffle(others);
    const sibling = ({ genus }: SubCategory): number => (genus !== undefined && genus === of.genus ? 0 : 1);
    const names = [of, ...shuffled.sort((a, b) => sibling(a) - sibling(b))].slice(0, OPTIONS).map(({ name }) => name);
    drawn.set(of.id, names);
    return names;
  };
}

/** What stands in the way of a run: triplets need another seen class of the super-category, a split both of its sides. */
export function notesOn(classes: readonly SubCategory[]): string[] {
  const seen = classes.filter((c) => c.seen);
  const lone = [...new Set(seen.map(({ superCategory }) => superCategory))].filter(
    (name) => seen.filter(({ superCategory }) => superCategory === name).length === 1,
  );
  return [
    ...(seen.length === 0 ? ["No class is seen: nothing can be trained on this dataset."] : []),
    ...(seen.length === classes.length ? ["No class is unseen: there are no test questions about new classes."] : []),
    ...lone.map((name) => `Only one class of the super-category "${name}" is seen: no triplets can be mined for it.`),
  ];
}
