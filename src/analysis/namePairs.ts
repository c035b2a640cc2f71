import { LabError, required } from "../core/errors";
import { groupBy } from "../core/groups";
import { Random } from "../core/random";
import { pairText, type PromptSet } from "../data/prompts";
import type { BenchmarkItem, LabelledImage, SubCategory } from "../data/types";
import type { Prompt } from "../model/contract";

/** A picture beside a name: its own (a positive pair) or that of a class easily taken for it (a negative one). */
export interface NamePair {
  readonly image: LabelledImage;
  readonly name: string;
  readonly positive: boolean;
  /** Pairs of one group share pictures or names: whoever fits something to pairs, and tries it on others, keeps them together. */
  readonly group: string;
}

/**
 * Two pairs per item: the true name, and that of another class of its genus, else of its super-category, drawn by the seed and the
 * item's id. Both classes are seen, or both unseen: else the name alone would tell right pairs from wrong ones.
 */
export function namePairs(classes: readonly SubCategory[], items: readonly BenchmarkItem[], seed: number): NamePair[] {
  return items.flatMap(({ id, image, groundTruth }) => {
    const wrong = new Random(seed).fork(`negative pair of ${id}`).pick(rivals(classes, image.subCategory));
    return bothPairs(image, groundTruth, wrong.name, image.id);
  });
}

/**
 * The same, where the classes of a small circle lend each other their names: with as many items of each class, every name is as often right as it is wrong, so
 * that names alone tell nothing, and all of a name's pairs are of one group, so that nothing is learnt of it elsewhere.
 */
export function mirroredPairs(
  classes: readonly SubCategory[],
  items: readonly BenchmarkItem[],
  seed: number,
): NamePair[] {
  const lenders = new Map(
    circlesOf(classes, seed).flatMap((circle) => circle.map((own, at) => [own.id, { circle, at }])),
  );
  return items.flatMap(({ image, groundTruth }) => {
    const own = image.subCategory;
    requireRivals(classes, own);
    const { circle, at } = required(lenders.get(own.id), () => new RangeError(`mirroredPairs: ${own.id} is no class`));
    const wrong = required(circle[(at + 1) % circle.length], () => new RangeError("mirroredPairs: an empty circle"));
    return bothPairs(image, groundTruth, wrong.name, circle.map(({ id }) => id).sort().join(" + ")); // prettier-ignore
  });
}

function bothPairs(image: LabelledImage, right: string, wrong: string, group: string): NamePair[] {
  return [
    { image, name: right, positive: true, group },
    { image, name: wrong, positive: false, group },
  ];
}

/**
 * All classes in circles of two or three that are easily taken for each other, seen or unseen: of one genus where it has two, else of one
 * super-category. The last one of a super-category that is left over joins another circle.
 */
function circlesOf(classes: readonly SubCategory[], seed: number): SubCategory[][] {
  const random = new Random(seed).fork("circles of names");
  const splits = groupBy(classes, ({ superCategory, seen }) => `${superCategory} ${String(seen)}`);
  return [...splits.values()].flatMap((split) => {
    const genera = [...groupBy(split, ({ genus }) => genus ?? "").values()];
    const alone = genera.flatMap((genus) => (genus.length === 1 ? genus : []));
    const circles = [...genera.filter((genus) => genus.length > 1), alone].flatMap((group) => inCircles(random.shuffle(group))); // prettier-ignore
    const single = circles.find((circle) => circle.length === 1);
    if (single === undefined) return circles;
    const [first = [], ...others] = circles.filter((circle) => circle !== single).sort((x, y) => x.length - y.length);
    return [[...single, ...first], ...others];
  });
}

/** Twos, and a three where one is left over. */
function inCircles(group: readonly SubCategory[]): SubCategory[][] {
  const twos = Array.from({ length: Math.ceil(group.length / 2) }, (_, at) => group.slice(2 * at, 2 * at + 2));
  const last = twos.at(-1);
  if (last?.length !== 1 || twos.length === 1) return twos;
  return [...twos.slice(0, -2), [...(twos.at(-2) ?? []), ...last]];
}

/** The classes that a class is most easily taken for, seen or unseen as it is. @throws LabError when there is none */
export function rivals(classes: readonly SubCategory[], of: SubCategory): readonly SubCategory[] {
  const others = requireRivals(classes, of);
  const siblings = others.filter(({ genus }) => genus !== undefined && genus === of.genus);
  return siblings.length > 0 ? siblings : others;
}

/** The other classes of a class's super-category and split. @throws LabError when there is none */
function requireRivals(classes: readonly SubCategory[], of: SubCategory): readonly SubCategory[] {
  const others = classes.filter(
    ({ id, superCategory, seen }) => id !== of.id && superCategory === of.superCategory && seen === of.seen,
  );
  if (others.length > 0) return others;
  const split = of.seen ? "seen" : "unseen";
  throw new LabError(
    `is the only ${split} class of its super-category: there is no other name to pair its pictures with`,
    `Give the dataset another ${split} class of "${of.superCategory}".`,
    { subject: of.id },
  );
}

/** The question whose last hidden state sums a pair up (§5.4, H3): "Is the bird species NAME?". */
export async function pairPrompt(set: PromptSet, { image, name }: Pick<NamePair, "image" | "name">): Promise<Prompt> {
  const question = pairText(set, image.subCategory.superCategory, name);
  return { messages: [{ role: "user", content: `<image>${question}` }], images: [await image.load()] };
}
