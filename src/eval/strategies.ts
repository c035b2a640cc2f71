import { Random } from "../core/random";
import type { BenchmarkItem, LabelledImage } from "../data/types";

/**
 * What may be done for a model that is asked, without training it: the inference strategies of §5.3 (Fig. 3b), and beginnings of its
 * answers. That of an encoder is `ChoosingOptions.templates`.
 */
export interface Strategies {
  /** Zero-shot CoT: the direct question, and "Let's think step by step." In a wording that has such a sentence (data/prompts). */
  readonly stepByStep?: boolean;
  /**
   * In-context learning: pictures to show before a closed question, for each candidate that has some one of them with its name
   * (`drawDemonstrations`). The mini-world's bases have never been shown two pictures at a time, nor a second turn: what this does to
   * them is a result.
   */
  readonly demonstrations?: readonly LabelledImage[];
  /** What each answer begins with, said for the model: an intervention on its chain. It is part of the answer that is kept. */
  readonly beginning?: (item: BenchmarkItem) => string;
}

/**
 * "One demonstration for each candidate once it belongs to seen categories" (§5.3): in the order of the candidates, a picture drawn by the
 * seed and the item's id. A candidate without pictures, such as an unseen class, has none, which tells it from the others: "the context
 * may introduce bias".
 * @param names the candidates, in the order shown
 * @param pictures to draw from, such as a dataset's training pictures
 */
export function drawDemonstrations(
  item: BenchmarkItem,
  names: readonly string[],
  pictures: readonly LabelledImage[],
  seed: number,
): LabelledImage[] {
  const { superCategory } = item.image.subCategory;
  const random = new Random(seed).fork(`demonstrations of ${item.id}`);
  return names.flatMap((name) => {
    const own = pictures.filter(({ subCategory: c }) => c.name === name && c.superCategory === superCategory);
    return own.length === 0 ? [] : [random.fork(name).pick(own)];
  });
}
