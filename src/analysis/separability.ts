import { LabError, required } from "../core/errors";
import { Random } from "../core/random";
import type { PromptSet } from "../data/prompts";
import { wilson, type Score } from "../eval/intervals";
import type { Capability, VisionLanguageModel } from "../model/contract";
import { ridgeRegression, valueAt } from "./leastSquares";
import { pairPrompt, type NamePair } from "./namePairs";
import { pca, project } from "./pca";
import { fisherRatio, silhouette } from "./scatter";

/** What `pairStates` asks of a model. */
export const PAIR_STATES = ["hiddenStates", "everyLayer"] as const satisfies readonly Capability[];

/** The hidden state of every pair's last token, layer by layer from the embeddings to the last. @returns [L + 1][N] vectors of the hidden width */
export async function pairStates(
  model: VisionLanguageModel,
  set: PromptSet,
  pairs: readonly NamePair[],
): Promise<Float32Array[][]> {
  const prompts = await Promise.all(pairs.map((pair) => pairPrompt(set, pair)));
  const states = await model.hiddenStates(prompts, { layer: "every", pool: "last" });
  const layers = states.length / pairs.length;
  return Array.from({ length: layers }, (_, layer) => states.filter((__, i) => i % layers === layer));
}

/** Which kind a pair is of, and which others it shares pictures or names with. */
export type Side = Pick<NamePair, "positive" | "group">;

/** How far positive and negative pairs lie apart in a model's states. Plain JSON. */
export interface Separability {
  /** Each pair in the plane of the first two principal components (Fig. 4). */
  readonly points: readonly (readonly [number, number])[];
  readonly explained: readonly [number, number];
  /**
   * Share of the pairs on the right side of a hyperplane that was fitted without them; 0.5 where the states tell nothing. Its interval takes pairs
   * for independent. Those of one picture or one name are not: in the recorded run one of the two is told right where the other is not
   * (r = −0.36 to −0.47 within a picture, −0.29 to −0.31 within a name), so that there it is too wide; it may as well be too narrow.
   */
  readonly accuracy: Score;
  /** Which pairs these are, in the order of the pairs. */
  readonly right: readonly boolean[];
  /** Fisher's ratio of the two kinds of pairs along the normal of that hyperplane, at pairs that it was fitted without; 0 where the means agree. It has no sign. */
  readonly fisher: number;
  /** Silhouette coefficient of the two kinds in all dimensions, in [−1, 1]: small where pictures differ more than right from wrong. */
  readonly silhouette: number;
}

/** How measurements call the states after a layer. */
export function layerSetting(layer: number): string {
  return `layer ${layer}`;
}

/** How they call those after the last layer, whatever its number. */
export const LAST_LAYER = "last layer";

/** Folds of the cross-validation; the pairs of a group are always in the same one. */
const FOLDS = 5;
const RIDGE = 1e-2;

/**
 * Puts numbers beside Fig. 4's picture: accuracy and Fisher's ratio of a ridge classifier over all dimensions, in five-fold
 * cross-validation over groups of pairs; the silhouette; and the first two principal components to look at.
 * @param pairs in an order that is part of the input: folds follow from the seed and the order in which groups first appear, so that the
 * same pairs in another order give other folds, and numbers a little different
 * @param states shape [N, D], one per pair
 * @throws LabError for states that do not vary, as those of the embedding, where every prompt ends in the same token
 */
export function separability(pairs: readonly Side[], states: readonly Float32Array[], seed: number): Separability {
  if (states.length !== pairs.length) {
    throw new RangeError(`separability: ${states.length} states of ${pairs.length} pairs`);
  }
  const model = pca(states, 2);
  const points = project(model, states).map(([x = 0, y = 0]): [number, number] => [x, y]);
  const [first = 0, second = 0] = model.explained;
  const positive = pairs.map((pair) => pair.positive);
  const scores = heldOutScores(pairs, states, seed);
  const right = scores.map((score, i) => score > 0 === positive[i]);
  return {
    points,
    explained: [first, second],
    accuracy: wilson(right.filter(Boolean).length, pairs.length),
    right,
    fisher: fisherRatio(scores, positive),
    silhouette: silhouette(states, positive),
  };
}

/** The value, at each pair, of the plane that was fitted to +1 and −1 without its group's fold. */
function heldOutScores(pairs: readonly Side[], states: readonly Float32Array[], seed: number): number[] {
  const groups = [...new Set(pairs.map(({ group }) => group))];
  if (groups.length < FOLDS) {
    const remedy = `Give pairs of at least ${FOLDS} groups, which share neither pictures nor names.`;
    throw new LabError(`pairs of ${groups.length} groups are too few to cross-validate`, remedy);
  }
  const order = new Random(seed).fork("folds").shuffle(groups);
  const foldOf = new Map(order.map((group, place) => [group, place % FOLDS]));
  const planes = Array.from({ length: FOLDS }, (_, fold) => {
    const kept = pairs.map(({ group }) => foldOf.get(group) !== fold);
    const targets = pairs.filter((__, i) => kept[i]).map(({ positive }) => (positive ? 1 : -1));
    return ridgeRegression(
      states.filter((__, i) => kept[i]),
      targets,
      RIDGE,
    );
  });
  return pairs.map(({ group }, i) =>
    valueAt(
      required(planes[foldOf.get(group) ?? -1], () => new RangeError("no fold")),
      states[i] ?? [],
    ),
  );
}
