import { digest } from "../store/key";
import type { Dataset } from "./dataset";
import type { BenchmarkItem, LabelledImage, SubCategory } from "./types";

/** Of the seen classes of a super-category, in the dataset's order, each third one is held out. */
const EVERY = 3;

/**
 * The dataset as its own rehearsal, for choosing settings: every third seen class is held out (no training picture, no chain, no question
 * in stage 2) and stands for the unseen ones, and all questions are about validation pictures; those for more than a name are left out,
 * since they are about test pictures. Whatever is chosen on it has met neither a test picture nor a picture of an unseen class.
 */
export function heldOut(dataset: Dataset): Dataset {
  const out = new Set(heldOutClasses(dataset.subCategories).map(({ id }) => id));
  const subCategories = dataset.subCategories.map((one) => (out.has(one.id) ? { ...one, seen: false } : one));
  const byId = new Map(subCategories.map((one) => [one.id, one]));
  const own = <I extends LabelledImage>(image: I): I => ({
    ...image,
    subCategory: byId.get(image.subCategory.id) ?? image.subCategory,
  });
  const validation = dataset.validation.map(own);
  const items = validation.map((image): BenchmarkItem => ({
    id: image.id,
    image,
    question: dataset.question(image),
    options: dataset.optionsFor(image),
    groundTruth: image.subCategory.name,
  }));
  const rehearsal = {
    ...dataset,
    name: `${dataset.name}, held out`,
    fingerprint: digest({ heldOut: EVERY, of: dataset.fingerprint }),
    subCategories,
    train: dataset.train.filter(({ subCategory: { id } }) => !out.has(id)).map(own),
    validation: validation.filter(({ subCategory: { seen } }) => seen),
    test: (split) => items.filter(({ image }) => image.subCategory.seen === (split === "seen")),
  } satisfies Dataset;
  delete rehearsal.questions;
  return rehearsal;
}

function heldOutClasses(all: readonly SubCategory[]): SubCategory[] {
  const seen = all.filter((one) => one.seen);
  return [...new Set(seen.map(({ superCategory }) => superCategory))].flatMap((domain) =>
    seen.filter(({ superCategory }) => superCategory === domain).filter((_, i) => i % EVERY === EVERY - 1),
  );
}
