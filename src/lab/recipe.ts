import type { CurationReport } from "../cot/outcomes";
import type { Negatives } from "../data/negatives";
import type { BenchmarkName } from "../data/benchmarks/benchmark";
import { chainForm } from "../data/prompts";
import type { Changes } from "../eval/changes";
import type { Setting } from "../eval/metrics";
import type { QuestionCounts } from "../eval/questions";
import { DAPO, GRPO, type ObjectiveOptions } from "../tapo/options";
import type { TermShares } from "../tapo/shares";
import type { Method, Recipe } from "./experiment";
import { givenChains } from "./given";
import { cotStage, tripletStage } from "./kinds/data";
import { answersStage } from "./kinds/asking";
import { changesStage } from "./kinds/changes";
import { questionsStage } from "./kinds/questions";
import { sharesStage } from "./kinds/shares";
import { separabilityStage, statesStage, type LayeredSeparability } from "./kinds/states";
import { rlStage, sftStage, type RlInputs, type SftInputs, type Trained } from "./kinds/training";
import type { RlProfile } from "./profile";
import type { InputsOf, Source, Stage } from "./stage";

/** What the experiments' methods are put together from. Sizes come from the profile unless they are given. */

/** Chains of thought for the training pictures (§4.2), written or, where the profile names a file of them, the released ones. */
export function chains({
  dataset,
  teacher,
  profile,
  seed,
}: Pick<Recipe, "dataset" | "teacher" | "profile" | "seed">): Stage<CurationReport> {
  const { released: file, ...cot } = profile.cot;
  const released = file === undefined ? undefined : givenChains(file);
  return cotStage.stage({ dataset, ...cot, teacher, form: chainForm(profile.promptSet), seed, released });
}

/** Stage 1: fine-tuning on chains. */
export function cotSft(recipe: Recipe, from: Source = recipe.base, label = "cot-sft"): Stage<Trained> {
  return sft(recipe, { from, examples: chains(recipe), ...recipe.profile.sft }, label);
}

/** The same with chains for so many times as many pictures of each class, those of the profile among them. */
export function withMoreChains(recipe: Recipe, times: number): Recipe {
  const { cot, ...profile } = recipe.profile;
  return { ...recipe, profile: { ...profile, cot: { ...cot, imagesPerClass: times * cot.imagesPerClass } } };
}

/** The baseline: fine-tuning on names alone. */
export function labelSft(recipe: Recipe, label = "sft-labels"): Stage<Trained> {
  return sft(recipe, { from: recipe.base, examples: "labels", ...recipe.profile.sftLabels }, label);
}

/** Supervised fine-tuning. */
export function sft(
  { dataset, profile, seed }: Recipe,
  inputs: Omit<InputsOf<SftInputs>, "dataset" | "promptSet" | "seed">,
  label: string,
): Stage<Trained> {
  return sftStage.stage({ dataset, promptSet: profile.promptSet, seed, ...inputs }, label);
}

/** Triplets of the training pictures (§4.3), with mined negatives or others. */
export function triplets(
  { dataset, encoder, miner = encoder, seed }: Pick<Recipe, "dataset" | "encoder" | "miner" | "seed">,
  negatives: Negatives = "hard",
): Stage {
  return tripletStage.stage({ dataset, encoder: miner, negatives, seed });
}

/** Stage 2 from a checkpoint. @param changes options that differ from the profile's */
export function rl(recipe: Recipe, from: Source, changes: Partial<InputsOf<RlInputs>>, label: string): Stage<Trained> {
  return rlStage.stage(rlInputs(recipe, from, changes), label);
}

/** Fine-R1: CoT SFT, then TAPO. @param of stands before the labels, such as "larger-" */
export function fineR1(
  recipe: Recipe,
  from: Source = recipe.base,
  of = "",
  changes: Partial<InputsOf<RlInputs>> = {},
): Stage<Trained> {
  return rl(recipe, cotSft(recipe, from, `${of}cot-sft`), changes, `${of}tapo`);
}

/** Each term's share of the gradient where stage 2 would begin. @param changes as those of `rl` */
export function shares(
  recipe: Recipe,
  from: Source,
  changes: Partial<InputsOf<RlInputs>> = {},
  label = "shares",
): Stage<TermShares> {
  return sharesStage.stage(rlInputs(recipe, from, changes), label);
}

/** Rows of an ablation: stage 2 from one checkpoint. @returns a row by its name, its title and the options that it changes */
export function ablation(recipe: Recipe, from: Source): (...row: AblationRow) => Method {
  return (name, title, changes = {}) => ({ name, title, model: rl(recipe, from, changes, name), thinking: true });
}

type AblationRow = readonly [name: string, title: string, changes?: Partial<InputsOf<RlInputs>>];

/**
 * Changes that give D_KL[π ‖ π_neg] a size, whatever its negatives: its gradient is so many times as long as the policy's where the
 * training begins. @param changes the row's others
 */
export function sized(
  recipe: Recipe,
  from: Source,
  changes: Partial<InputsOf<RlInputs>> = {},
  size = 1,
): Partial<InputsOf<RlInputs>> {
  const own = changes.objective ?? recipe.profile.rl.objective;
  return { ...changes, objective: { ...own, gamma: size }, sizedBy: shares(recipe, from, changes) };
}

/** Changes that match TAPO's terms to the policy's: the profile's weights, or where it has none the negative's term alone, as measured. */
export function matched(recipe: Recipe, from: Source): Partial<InputsOf<RlInputs>> {
  const { matched: weights, rl: own } = recipe.profile;
  return weights === undefined ? sized(recipe, from) : objective(own, weights);
}

function rlInputs(recipe: Recipe, from: Source, changes: Partial<InputsOf<RlInputs>>): InputsOf<RlInputs> {
  const { dataset, profile, seed } = recipe;
  const { promptSet, rl: options } = profile;
  return { from, dataset, triplets: triplets(recipe), promptSet, thinking: true, seed, ...options, ...changes };
}

/** The objective with other weights or options. */
export function objective(
  { objective: own }: RlProfile,
  changes: Partial<ObjectiveOptions>,
): Pick<RlProfile, "objective"> {
  return { objective: { ...own, ...changes } };
}

/** Changes that leave intra-class augmentation out: as many rollouts, all of them of the anchor. */
export function anchorOnly({ n1, n2 }: RlProfile): Pick<RlProfile, "n1" | "n2"> {
  return { n1: n1 + n2, n2: 0 };
}

/** Changes that leave inter-class augmentation out: no term that looks at the negative, and no entropies, which only hold that term. */
export function withoutNegative(profile: RlProfile): Pick<RlProfile, "objective"> {
  const { gamma, eta1, eta2 } = DAPO;
  return objective(profile, { gamma, eta1, eta2 });
}

/** DAPO, the paper's baseline: as many rollouts, all of them of the anchor (n₁ = 10, n₂ = 0), and no extra terms. */
export function dapo(profile: RlProfile): Pick<RlProfile, "n1" | "n2" | "objective"> {
  return { ...anchorOnly(profile), ...withoutNegative(profile) };
}

/** GRPO: the same with its own clipping, means and KL to the reference, and without DAPO's dynamic sampling. */
export function grpo(profile: RlProfile): Pick<RlProfile, "n1" | "n2" | "objective" | "dynamicSampling"> {
  return { ...anchorOnly(profile), ...objective(profile, GRPO), dynamicSampling: false };
}

/** What a model has of the dataset's pictures. */
export function states({ dataset }: Recipe, model: Source, label = "states"): Stage {
  return statesStage.stage({ model, dataset }, label);
}

/** H3: how far a model's states tell right picture–name pairs from wrong ones: the same pairs for every seed of training. */
export function separability({ dataset, profile }: Recipe, model: Source): Stage<LayeredSeparability> {
  const { promptSet, seed } = profile;
  return separabilityStage.stage({ model, dataset, promptSet, seed });
}

/** What a method answers to the test questions. */
export function testAnswers(
  { dataset, profile }: Recipe,
  method: Method,
  setting: Setting,
): Stage<{ answers: number }> {
  const { name, model, thinking, strategy, asking, style } = method;
  const { evaluation } = profile;
  const { promptSet, seed, batchSize, optionOrder } = { promptSet: profile.promptSet, ...evaluation, ...asking };
  const maxNewTokens = thinking ? evaluation.maxNewTokensThinking : evaluation.maxNewTokensDirect;
  const how = { setting, thinking, promptSet, optionOrder, seed, maxNewTokens, batchSize, strategy, style };
  const label = [name, setting, ...(thinking ? ["thinking"] : [])].join(", ");
  return answersStage.stage({ model, dataset, ...how }, label);
}

/** What becomes of the answers of one method with another. */
export function changes(recipe: Recipe, before: Method, after: Method, setting: Setting): Stage<Changes> {
  const { superCategory } = recipe.profile.evaluation;
  const both = { before: testAnswers(recipe, before, setting), after: testAnswers(recipe, after, setting) };
  const thinking = [before.thinking, after.thinking] as const;
  return changesStage.stage({ ...both, thinking, superCategory }, `${after.name} beside ${before.name}, ${setting}`);
}

/** Table 7: a method's model and the dataset's questions for more than a name. */
export function questions(
  { dataset, profile }: Recipe,
  { name, model, thinking, asking, style }: Method,
): Stage<QuestionCounts> {
  const { evaluation } = profile;
  const { promptSet = profile.promptSet } = asking ?? {};
  const { seed, batchSize, maxNewTokensThinking: maxNewTokens } = evaluation;
  const how = { promptSet, thinking, seed, batchSize, maxNewTokens, style };
  return questionsStage.stage({ model, dataset, ...how }, `${name}, general questions`);
}

/** The same with the questions of a general benchmark, where the profile names it. */
export function benchmarkQuestions(
  recipe: Recipe,
  method: Method,
  name: BenchmarkName,
): Stage<QuestionCounts> | undefined {
  const dataset = recipe.benchmarks?.[name];
  return dataset === undefined ? undefined : questions({ ...recipe, dataset }, method);
}
