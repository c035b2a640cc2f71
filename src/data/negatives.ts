import { LabError, required } from "../core/errors";
import type { Random } from "../core/random";
import type { Dataset } from "./dataset";
import { groupByClass } from "./fewshot";
import { maskedImage } from "./masking";
import type { LabelledImage, SubCategory, Triplet } from "./types";

/**
 * Which picture is a triplet's negative. The paper mines it ("hard": the class that an encoder finds most alike); the others are
 * what that choice can be measured by. All but "same" and "masked" show another class of the anchor's super-category, so that
 * the question asked about it is the anchor's own.
 */
export const NEGATIVES = ["hard", "hardest", "random", "same", "masked"] as const;
export type Negatives = (typeof NEGATIVES)[number];

/** Draws the negative of an anchor and its positive. @throws LabError where the dataset has none */
export type NegativeDraw = (pair: Omit<Triplet, "negative">, random: Random) => Triplet["negative"];

/** The pictures that triplets are made of. */
export type Training = Pick<Dataset, "train">;

/** A picture of the class that goes with the anchor's, by id, such as the mined one ("hard"). */
export function ofClass({ train }: Training, classFor: (anchor: SubCategory) => string | undefined): NegativeDraw {
  const groups = groupByClass(train);
  return ({ anchor: { subCategory } }, random) => {
    const images = groups.get(classFor(subCategory) ?? "");
    return random.pick(required(images, () => lonely(subCategory.id, "has no negative class with images")));
  };
}

/**
 * "hardest": a picture of the class most easily taken for the anchor's of those with training pictures, as the dataset itself
 * knows it: what mining can reach at best.
 */
export function hardestNegative(dataset: Training & Pick<Dataset, "name" | "lookalikes">): NegativeDraw {
  const trained = groupByClass(dataset.train);
  const lookalikes = required(dataset.lookalikes, () => unordered(dataset.name));
  return ofClass(dataset, (anchor) => lookalikes(anchor).find(({ id }) => id !== anchor.id && trained.has(id))?.id);
}

/** "random": a picture of any other class of the anchor's super-category, each class as likely, drawn anew for every triplet. */
export function randomNegative({ train }: Training): NegativeDraw {
  const groups = [...groupByClass(train).values()];
  return ({ anchor: { subCategory } }, random) => {
    const others = groups.filter(([image]) => image !== undefined && isRival(image, subCategory));
    if (others.length === 0) throw lonely(subCategory.id, "is the only class of its super-category");
    return random.pick(random.pick(others));
  };
}

/** "same": a third picture of the anchor's own class, neither the anchor nor the positive. */
export function sameNegative({ train }: Training): NegativeDraw {
  const groups = groupByClass(train);
  return ({ anchor, positive }, random) => {
    const { id } = anchor.subCategory;
    const others = (groups.get(id) ?? []).filter((image) => image.id !== anchor.id && image.id !== positive.id);
    if (others.length > 0) return random.pick(others);
    throw new LabError(
      "has two training images only: none is left to be a negative of the same class",
      "Use three images per class or more, or other negatives.",
      { subject: id },
    );
  };
}

/** "masked": the anchor itself with each patch hidden with chance `share`, behind a mask of its own for every triplet (PAPO). */
export function maskedNegative(share: number): NegativeDraw {
  return ({ anchor }, random) => maskedImage(anchor, { share, seed: random.uint32() });
}

/** Whether a picture shows another class of the super-category: a negative that the same question can be asked about. */
export function isRival({ subCategory }: LabelledImage, { id, superCategory }: SubCategory): boolean {
  return subCategory.superCategory === superCategory && subCategory.id !== id;
}

function unordered(name: string): LabError {
  return new LabError(
    "does not know which of its classes are most easily taken for one another, so it has no hardest negatives",
    "Take negatives that an encoder mines (hard), or a dataset that knows, such as a mini-world.",
    { subject: name },
  );
}

/** Why a class has no triplet. */
export function lonely(id: string, why: string): LabError {
  return new LabError(`${why}, so no triplet can be made`, "Use two classes and two images per class, or more.", {
    subject: id,
  });
}
