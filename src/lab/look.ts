import type { NamePair } from "../analysis/namePairs";
import { PAIR_STATES, pairStates } from "../analysis/separability";
import type { SpeciesState } from "../analysis/taxonomy";
import { LabError, required } from "../core/errors";
import { Random } from "../core/random";
import { readCotRecords, RECORDS_FILE, type CotRecord } from "../cot/records";
import type { Dataset } from "../data/dataset";
import { groupByClass } from "../data/fewshot";
import type { BenchmarkItem, LabelledImage, SubCategory, Triplet } from "../data/types";
import type { Setting } from "../eval/metrics";
import type { VisionLanguageModel } from "../model/contract";
import { openModel } from "../model/open";
import { casesOf, type Case, type CaseChoice, type Cases, type CaseSource } from "../report/cases";
import type { CaptionedImage } from "../report/figure/strip";
import type { RolloutGroup } from "../report/rolloutView";
import { groupAdvantages } from "../tapo/advantages";
import { collectRollouts, type Rollout } from "../tapo/rollouts";
import type { Method } from "./experiment";
import { testItems } from "./kinds/asking";
import { readTriplets } from "./kinds/data";
import { speciesOf } from "./kinds/knowledge";
import { readStates } from "./kinds/states";
import { checkpointFolder, modelIn, rlExamples, rlInputsSchema, rlStage } from "./kinds/training";
import type { Lab } from "./lab";
import { answersOf, type MadeMethod } from "./run";
import { make, openGiven, sourcesOf } from "./make";
import { states } from "./recipe";
import type { Stage } from "./stage";
import * as path from "node:path";

/** Looks into what stages work on and what they made, as the report's views and strips take it. */

/** The triplets that a stage mined. */
export async function lookAtTriplets(lab: Lab, stage: Stage): Promise<Triplet[]> {
  return readTriplets(lab.dataset, (await make(lab, stage)).folder);
}

/** The chains of thought that a stage curated. */
export async function lookAtChains(lab: Lab, stage: Stage): Promise<CotRecord[]> {
  return readCotRecords(path.join((await make(lab, stage)).folder, RECORDS_FILE));
}

/** The pictures of a triplet, with what each shows where the dataset knows it. */
export function tripletStrip(dataset: Dataset, triplet: Triplet): Promise<CaptionedImage[]> {
  const shown = (["anchor", "positive", "negative"] as const).map(async (which) => {
    const { subCategory } = triplet[which];
    return { image: await triplet[which].load(), heading: which, caption: captionOf(dataset, subCategory) };
  });
  return Promise.all(shown);
}

/** The picture of a closed question, then another one of each candidate's class, the right one first; the picture itself where its class has no other. */
export function optionsStrip(dataset: Dataset, { image: asked, options }: BenchmarkItem): Promise<CaptionedImage[]> {
  const { superCategory, id } = asked.subCategory;
  const classes = groupByClass(picturesIn(dataset));
  const shown = options.flatMap((name) => {
    const pictures = [...classes.values()].find(
      ([first]) => first?.subCategory.name === name && first.subCategory.superCategory === superCategory,
    );
    const picture = pictures?.find((one) => one.id !== asked.id) ?? pictures?.[0];
    return picture === undefined ? [] : [picture];
  });
  return Promise.all([
    asked.load().then((image) => ({ image, heading: "which is it?" })),
    ...shown.map(async (picture) => {
      const { subCategory } = picture;
      const kind = subCategory.seen ? "seen" : "unseen";
      const heading = `${kind}${subCategory.id === id ? ", right" : ""}`;
      return { image: await picture.load(), heading, caption: captionOf(dataset, subCategory) };
    }),
  ]);
}

/** Some pictures of a class and of the classes of its genus, a row per class; of all its super-category where there are no genera. */
export function classSheet(dataset: Dataset, of: SubCategory, perClass: number): Promise<CaptionedImage[]> {
  const near = [...groupByClass(picturesIn(dataset)).values()].filter(
    ([first]) => first !== undefined && isNear(first.subCategory, of),
  );
  const pictures = near.flatMap((images) => images.slice(0, perClass).map((image, index) => ({ image, index })));
  return Promise.all(
    pictures.map(async ({ image, index }) => {
      const { subCategory } = image;
      return {
        image: await image.load(),
        heading: index === 0 ? `${subCategory.name} (${subCategory.seen ? "seen" : "unseen"})` : " ",
        caption: index === 0 ? (dataset.describe?.(subCategory) ?? " ") : " ",
      };
    }),
  );
}

function picturesIn(dataset: Dataset): LabelledImage[] {
  return [...dataset.train, ...dataset.validation, ...testItems(dataset).map(({ image }) => image)];
}

function isNear(one: SubCategory, of: SubCategory): boolean {
  return one.superCategory === of.superCategory && one.genus === of.genus;
}

function captionOf(dataset: Dataset, subCategory: SubCategory): string {
  const shows = dataset.describe?.(subCategory);
  return shows === undefined ? subCategory.name : `${subCategory.name}: ${shows}`;
}

/** Whose answers a choice of cases is made from. @throws LabError where a method was not asked in that setting */
export function caseSource({ dataset, profile }: Lab, made: readonly MadeMethod[], setting: Setting): CaseSource {
  const { superCategory } = profile.evaluation;
  const asked = made.map((one) => {
    const { name: key, title, thinking } = one.method;
    return { key, title, setting, thinking, answers: answersOf(one, setting) };
  });
  return { dataset, superCategory, asked };
}

/** Case studies: questions of each kind of change from the first method to the last, chosen by a rule (`casesOf`). */
export async function lookAtCases(
  lab: Lab,
  made: readonly MadeMethod[],
  { setting = "open", split = "unseen", perChange }: Partial<CaseChoice> = {},
): Promise<Cases> {
  const choice = { setting, split, ...(perChange === undefined ? {} : { perChange }) };
  return casesOf(caseSource(lab, made, setting), choice);
}

/** The first of these cases: of a question that the first method gets wrong and the last right, if there is one. */
export async function lookAtAnswers(
  lab: Lab,
  made: readonly MadeMethod[],
  choice: Partial<Pick<CaseChoice, "setting" | "split">> = {},
): Promise<Case> {
  const { cases } = await lookAtCases(lab, made, choice);
  return required(cases[0], () => new LabError("nothing was asked", "Ask it first."));
}

/**
 * What a method's model makes of pairs of a picture and a name (§5.4, H3): the state of the last token of "Is the bird species NAME?".
 * It is trained first where it is not.
 * @returns [L + 1][N] vectors, layer by layer from the embeddings to the last
 */
export async function lookAtPairs(
  lab: Lab,
  { model: source }: Method,
  pairs: readonly NamePair[],
): Promise<Float32Array[][]> {
  const folder = "given" in source ? source.at : modelIn((await make(lab, source)).folder);
  const model = await openModel(folder, PAIR_STATES);
  try {
    return await pairStates(model, lab.profile.promptSet, pairs);
  } finally {
    model.dispose();
  }
}

/** A domain's species as a method's model sees them (§5.4, H2): the mean state of their test pictures, by genus. */
export async function lookAtSpecies(lab: Lab, { model }: Method, domain: string): Promise<SpeciesState[]> {
  const { folder } = await make(lab, states(lab.recipe(lab.profile.seed), model));
  const species = speciesOf(lab.dataset, readStates(lab.dataset, folder).test, domain);
  const genera = [...new Set(species.map(({ genus }) => genus))];
  return genera.flatMap((genus) => species.filter((one) => one.genus === genus));
}

/**
 * One rollout group of stage 2 as it is before the first update: the model that the training starts from answers one question
 * n₁ + n₂ times, and one answer is scored token by token under the anchor and under the negative (Eq. 2).
 * @param index which of the triplets
 */
export async function lookAtRollouts(lab: Lab, { model: stage, title }: Method, index = 0): Promise<RolloutGroup> {
  if ("given" in stage || stage.kind.kind !== rlStage.kind) {
    throw new LabError("is not trained by reinforcement learning", "Take a method such as TAPO.", { subject: title });
  }
  const { from, triplets, dataset: given, ...options } = rlInputsSchema.parse(stage.inputs);
  const dataset = await openGiven(given);
  const place = await sourcesOf(lab, stage);
  const mined = readTriplets(dataset, place(triplets));
  const example = required(
    rlExamples(dataset, mined, options)[index],
    () => new LabError(`there is no triplet ${index}`, `Give a number below ${mined.length}.`),
  );
  const model = await openModel(checkpointFolder({ place }, from), ["generate", "score"]);
  try {
    const one = { ...options, promptsPerRollout: 1, promptsPerUpdate: 1, dynamicSampling: false };
    const seed = new Random(options.seed).fork(`look at ${example.id}`).uint32();
    const { rollouts } = await collectRollouts(model, () => [example], one, seed, lab.signal);
    const rewards = rollouts.map(({ reward }) => reward.overall);
    const advantages = groupAdvantages(
      rewards,
      rollouts.map(() => 0),
      options.advantageEps,
    );
    const first = rollouts.findIndex(({ reward }) => reward.accuracy === 1);
    const scored = Math.max(0, first);
    return {
      question: dataset.question(example.triplet.anchor),
      truth: example.answer,
      pictures: await picturesOf(dataset, example.triplet),
      answers: rollouts.map(({ source, completion, reward }, i) => ({
        from: source,
        text: completion.text,
        reward: reward.overall,
        advantage: advantages[i] ?? 0,
        right: reward.accuracy === 1,
      })),
      scored: { answer: scored, tokens: await tokensOf(model, rollouts[scored], await example.prompt("negative")) },
    };
  } finally {
    model.dispose();
  }
}

async function picturesOf(dataset: Dataset, triplet: Triplet): Promise<RolloutGroup["pictures"]> {
  const picture = async (image: LabelledImage) => {
    const shows = dataset.describe?.(image.subCategory);
    return { image: await image.load(), name: image.subCategory.name, ...(shows === undefined ? {} : { shows }) };
  };
  const { anchor, positive, negative } = triplet;
  return { anchor: await picture(anchor), positive: await picture(positive), negative: await picture(negative) };
}

async function tokensOf(model: VisionLanguageModel, rollout: Rollout | undefined, negative: Rollout["anchorPrompt"]) {
  if (rollout === undefined) return [];
  const { tokenIds } = rollout.completion;
  const [anchor = [], other = []] = await model.logProbs([
    { prompt: rollout.anchorPrompt, tokenIds },
    { prompt: negative, tokenIds },
  ]);
  // a token's text with the space before it, which a token alone does not tell
  const upTo = await Promise.all(
    [...tokenIds.keys(), tokenIds.length].map(async (count) => model.decode(tokenIds.slice(0, count))),
  );
  return tokenIds.map((_, i) => ({
    text: upTo[i + 1]?.slice(upTo[i]?.length) ?? "",
    anchor: anchor[i] ?? NaN,
    negative: other[i] ?? NaN,
  }));
}
