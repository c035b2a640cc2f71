import { Random } from "../core/random";
import type { SubCategory } from "./types";

/** A division of classes into seen (base) and unseen (new) ones. */
export interface ClassSplit {
  readonly seen: ReadonlySet<string>;
  readonly unseen: ReadonlySet<string>;
}

/**
 * Draws the seen classes of one dataset or domain: `round(fraction · C)` of them, at least one on each side. The draw
 * depends on the seed and on the set of ids, not on the order in which they are given (§5.1: 60 % seen, 40 % unseen).
 */
export function splitClasses(ids: readonly string[], fraction: number, seed: number | string): ClassSplit {
  const sorted = [...new Set(ids)].sort();
  if (sorted.length < 2 || !(fraction > 0 && fraction < 1)) {
    throw new RangeError(`splitClasses: ${sorted.length} classes cannot be split at ${fraction}`);
  }
  const count = Math.min(sorted.length - 1, Math.max(1, Math.round(fraction * sorted.length)));
  const shuffled = new Random(`split/${seed}`).shuffle(sorted);
  return { seen: new Set(shuffled.slice(0, count)), unseen: new Set(shuffled.slice(count)) };
}

/** Ids of the classes drawn as seen: a share of each super-category, one of a single class having none. */
export function drawSeen(
  classes: readonly Pick<SubCategory, "id" | "superCategory">[],
  fraction: number,
  seed: number,
): ReadonlySet<string> {
  const drawn = [...new Set(classes.map(({ superCategory }) => superCategory))].flatMap((superCategory) => {
    const ids = classes.filter((one) => one.superCategory === superCategory).map(({ id }) => id);
    return ids.length < 2 ? [] : [...splitClasses(ids, fraction, `${seed}/${superCategory}`).seen];
  });
  return new Set(drawn);
}
