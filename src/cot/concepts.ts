import { LabError } from "../core/errors";
import { entropy, information, noConcepts, withConcept, type Sides, type States } from "./bottleneck";
import { normaliseName } from "./names";

/** An image's descriptions, each as the set of concepts it mentions. */
export interface DescribedImage {
  readonly classId: string;
  readonly descriptions: readonly (readonly string[])[];
}

export interface ConceptOptions {
  /** β: bits of class information that one bit about the image must be worth. */
  readonly beta: number;
  /** A concept is a candidate when this share of the image's descriptions mention it. */
  readonly minShare: number;
  /** A concept is dropped when one already chosen tells more than this share of it. */
  readonly maxOverlap: number;
  /** Stop when no concept adds more than this to the objective, in bits… */
  readonly minGain: number;
  /** …but not below this number of concepts, */
  readonly minConcepts: number;
  /** and at this number in any case. The work grows with 2^maxConcepts. */
  readonly maxConcepts: number;
}

export const DEFAULT_CONCEPT_OPTIONS: ConceptOptions = {
  beta: 0.05,
  minShare: 0.5,
  maxOverlap: 0.8,
  minGain: 0.005,
  minConcepts: 3,
  maxConcepts: 8,
};

/** A concept kept, in the order of selection. */
export interface SelectedConcept {
  readonly concept: string;
  /** The share of the image's descriptions that mention it. */
  readonly share: number;
  /** What it added to I(Z;Y) − β·I(Z;X), in bits. */
  readonly gain: number;
}

/**
 * Image-level visual concept selection (§4.2), an information bottleneck over what descriptions mention. Draw a side
 * Y — this image's class or the rest, one half each —, then a class of that side, an image X of it and one of its
 * descriptions, each uniformly; Z_c tells whether the description mentions concept c, with
 *
 *   p(Z_c = 1 | x) = (n_c(x) + ½) / (n(x) + 1),    Z_c independent given x,
 *
 * where n_c(x) of the n(x) descriptions of x mention c. The selection S maximises
 *
 *   J(S) = I(Z_S; Y) − β · I(Z_S; X) = (1 − β) · I(Z_S; Y) − β · I(Z_S; X | Y)
 *
 * greedily, one concept at a time, among the concepts that the image's own descriptions agree on (`minShare`; if there
 * is none, those mentioned most often). So a concept is kept when the image bears it stably and it tells the class from
 * the others; one that varies between images of a class costs I(Z;X|Y); one that says again what is already known
 * adds little to I(Z;Y). Since Z_c are taken as independent, another word for the same thing would still pass as a
 * second look, so c is dropped once I(Z_c; Z_s) / H(Z_c) > `maxOverlap` for a chosen s, counted description by
 * description. The paper gives no formula; this is ours. Ties go to the larger share, then to the alphabet.
 *
 * @param target the image asked about, which need not be in `others`
 * @param others further described images, of its class and of at least one other
 * @throws LabError when there is no other class, or the target has no description
 */
export function selectConcepts(
  target: DescribedImage,
  others: readonly DescribedImage[],
  options: ConceptOptions = DEFAULT_CONCEPT_OPTIONS,
): SelectedConcept[] {
  const images = [target, ...others.filter((image) => image !== target)];
  if (target.descriptions.length === 0) {
    throw new LabError("an image has no description", "Ask the teacher for at least one.", { subject: target.classId });
  }
  const sides = weighSides(images, target.classId);
  let pool = candidateShares(target, options.minShare);
  const columns = new Map(pool.map(({ concept }) => [concept, images.map((image) => mentionRate(image, concept))]));
  const chosen: SelectedConcept[] = [];
  let states: States = noConcepts(images.length);
  let reached = 0;
  while (pool.length > 0 && chosen.length < options.maxConcepts) {
    const trials = pool.map(({ concept }) => withConcept(states, Float64Array.from(columns.get(concept) ?? [])));
    const values = trials.map((trial) => objective(trial, sides, options.beta));
    const best = indexOfBest(values);
    const gain = (values[best] ?? 0) - reached;
    if (gain <= options.minGain && chosen.length >= options.minConcepts) break;
    const [taken] = pool.splice(best, 1);
    if (taken === undefined) break;
    chosen.push({ ...taken, gain });
    pool = pool.filter(({ concept }) => overlap(images, sides, concept, taken.concept) <= options.maxOverlap);
    states = trials[best] ?? states;
    reached = values[best] ?? reached;
  }
  return chosen;
}

function objective(states: States, sides: Sides, beta: number): number {
  const { relevance, complexity } = information(states, sides);
  return relevance - beta * complexity;
}

/** The first of the largest values, where differences of rounding count as none. */
function indexOfBest(values: readonly number[]): number {
  const largest = Math.max(...values);
  return values.findIndex((value) => value >= largest - 1e-12);
}

function weighSides(images: readonly DescribedImage[], classId: string): Sides {
  const sizes = new Map<string, number>();
  for (const image of images) sizes.set(image.classId, (sizes.get(image.classId) ?? 0) + 1);
  if (sizes.size < 2) {
    throw new LabError(
      "concepts cannot be selected from images of one class: they are what tells it from others",
      "Describe images of at least two classes.",
      { subject: classId },
    );
  }
  const weight = (image: DescribedImage): number =>
    0.5 / ((sizes.get(image.classId) ?? 1) * (image.classId === classId ? 1 : sizes.size - 1));
  return { weights: Float64Array.from(images, weight), own: images.map((image) => image.classId === classId) };
}

/** The concepts that the image's descriptions agree on, best shared first, then by the alphabet. */
function candidateShares(target: DescribedImage, minShare: number): { concept: string; share: number }[] {
  const mentioned = [...new Set(target.descriptions.flat())];
  const shares = mentioned.map((concept) => ({
    concept,
    share: countMentions(target, concept) / target.descriptions.length,
  }));
  const threshold = Math.min(minShare, Math.max(0, ...shares.map(({ share }) => share)));
  const order = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
  return shares
    .filter(({ share }) => share >= threshold)
    .sort((a, b) => b.share - a.share || order(a.concept, b.concept));
}

/** I(Z_c; Z_s) / H(Z_c) over the descriptions themselves; 1 for a concept that all of them mention. */
function overlap(images: readonly DescribedImage[], sides: Sides, c: string, s: string): number {
  const table = new Float64Array(4);
  images.forEach(({ descriptions }, x) => {
    for (const description of descriptions) {
      const cell = 2 * Number(description.includes(c)) + Number(description.includes(s));
      table[cell] = (table[cell] ?? 0) + (sides.weights[x] ?? 0) / descriptions.length;
    }
  });
  const [neither = 0, only = 0, lone = 0, both = 0] = table;
  const [own, other] = [entropy([neither + only, lone + both]), entropy([neither + lone, only + both])];
  return own < 1e-12 ? 1 : (own + other - entropy(table)) / own;
}

function countMentions(image: DescribedImage, concept: string): number {
  return image.descriptions.filter((description) => description.includes(concept)).length;
}

function mentionRate(image: DescribedImage, concept: string): number {
  return (countMentions(image, concept) + 0.5) / (image.descriptions.length + 1);
}

/**
 * The concepts that a description mentions: its pieces between commas, semicolons, full stops and line breaks, in lower
 * case and plain typography, without bullets, articles and emphasis, each once. Pieces that name the label are left out:
 * they would tell everything and show nothing.
 */
export function extractConcepts(description: string, label: string): string[] {
  const name = normaliseName(label);
  const pieces = description
    .split(/[,;\n\r]|\.(?:\s|$)/u)
    .map((piece) => normaliseName(piece.replace(/^\s*(?:[-*•]|\d{1,2}[.)])\s+/u, "")))
    .map((piece) => piece.replace(/^(?:and |a |an |the )+/u, ""))
    .filter((piece) => piece !== "" && !piece.includes(name));
  return [...new Set(pieces)];
}
