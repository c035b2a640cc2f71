import { groupBy } from "../core/groups";
import { Random } from "../core/random";
import { LabError } from "../core/errors";
import type { LabelledImage } from "./types";

/** The images of each class, by its id, in the order given. */
export function groupByClass(images: readonly LabelledImage[]): Map<string, LabelledImage[]> {
  return groupBy(images, ({ subCategory }) => subCategory.id);
}

/**
 * Draws `shots` images of each class (§5.1: 4-shot). A class's draw depends on the seed, its id and its own images
 * only, so that adding a class leaves the others alone.
 * @throws LabError when a class has fewer images than that
 */
export function sampleFewShot(images: readonly LabelledImage[], shots: number, seed: number | string): LabelledImage[] {
  return [...groupByClass(images)].flatMap(([id, group]) => {
    requireShots(id, group.length, shots);
    const sorted = [...group].sort((a, b) => (a.id < b.id ? -1 : 1));
    return new Random(`few-shot/${seed}/${id}`).sample(sorted, shots);
  });
}

/** @throws LabError when a class has fewer images than shots are asked for */
export function requireShots(id: string, images: number, shots: number): void {
  if (images >= shots) return;
  throw new LabError(`has ${images} images, ${shots} shots asked for`, "Ask for fewer shots.", { subject: id });
}
