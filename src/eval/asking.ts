import { LabError, required } from "../core/errors";
import type { Progress } from "../core/progress";
import { Random } from "../core/random";
import { cosine, meanDirection } from "../core/vectors";
import { buildPrompt, type PromptSet } from "../data/prompts";
import type { BenchmarkItem } from "../data/types";
import type { Prompt, VisionLanguageModel } from "../model/contract";
import type { DualEncoder } from "../model/dualEncoder";
import { openAnswers, type Answer, type AskingSettings } from "./answers";
import { inBatches, type Asking } from "./batches";
import { accuracy, type Setting } from "./metrics";
import { drawDemonstrations, type Strategies } from "./strategies";

/** How the asking is carried out; none of it changes an answer. */
export interface AskingRun {
  /** Where answers are kept as they come, so that a killed run goes on; without it they are only returned. */
  readonly answersFile?: string;
  readonly progress?: Progress;
  readonly signal?: AbortSignal | undefined;
  /** What the progress display calls it. */
  readonly label?: string;
}

/** In what order the options of a closed question are shown. */
export interface OptionOrder {
  /** "shuffled" by the seed and the item's id, or as released with the right option first [17]. Default "shuffled". */
  readonly optionOrder?: "shuffled" | "released";
  /** Orders options, and samples where the temperature is not 0. Default 42, as in the release. */
  readonly seed?: number;
}

/** What a model is asked, and how. Numbers in brackets refer to docs/paper-index.md. */
export interface AskingOptions extends AskingRun, OptionOrder, Strategies {
  readonly setting: Setting;
  /** Ask for reasoning before the answer, or for the answer alone. */
  readonly thinking: boolean;
  readonly promptSet: PromptSet;
  /** Tells the weights apart in the file's settings: a model's name may stand for several checkpoints. */
  readonly checkpoint?: string;
  /** Default 0: greedy, as in the release. */
  readonly temperature?: number;
  /** Default 1. */
  readonly topP?: number;
  /** Default 2048, as in the release. */
  readonly maxNewTokens?: number;
  /** Default 16. */
  readonly batchSize?: number;
}

/** How a CLIP-style encoder is asked. */
export interface ChoosingOptions extends AskingRun, OptionOrder {
  /** See `AskingOptions`. */
  readonly checkpoint?: string;
  /**
   * Sentences a class is described with; `{class}` stands for its name, `{superCategory}` for its coarse class. Of several, the class is
   * the direction of their vectors' mean (prompt ensembling; Radford et al., 2021). Default: CLIP's one prompt (Appendix B).
   */
  readonly templates?: readonly string[];
  /** Default 64. */
  readonly batchSize?: number;
}

const DEFAULT_TEMPLATES = ["a photo of a {class}"];

/**
 * Asks a model every question once. @returns one answer per item, in the order of the items
 * @throws LabError when demonstrations are given for open questions, or a prompt does not fit in the model's context
 */
export function askAll(
  model: VisionLanguageModel,
  items: readonly BenchmarkItem[],
  options: AskingOptions,
): Promise<Answer[]> {
  const { setting, thinking, promptSet, checkpoint = null, batchSize = 16, stepByStep, demonstrations } = options;
  const { beginning } = options;
  const { optionOrder = "shuffled", seed = 42, temperature = 0, topP = 1, maxNewTokens = 2048 } = options;
  if (demonstrations !== undefined && setting === "open") {
    const remedy = "Ask closed questions, or show no demonstrations.";
    throw new LabError("an open question has no candidates to demonstrate", remedy, { subject: "demonstrations" });
  }
  const ask: AskBatch = async (batch, index, signal) => {
    const shown = batch.map((item) => (setting === "closed" ? shownOptions(item, options) : null));
    const prompts = await Promise.all(batch.map((item, i) => promptFor(item, shown[i] ?? null, options)));
    const completions = await model.generate(prompts, {
      samples: 1,
      maxNewTokens,
      temperature,
      topP,
      seed: new Random(seed).fork(`batch ${index}`).uint32(),
      signal,
    });
    const answers: Answer[] = [];
    for (const [i, item] of batch.entries()) {
      const { text, tokenIds, length, finish, withheld } = required(
        completions[i]?.[0],
        () => new RangeError(`askAll: ${model.name} gave ${completions.length} answers to ${batch.length} prompts`),
      );
      const begun = beginning === undefined ? undefined : await model.encodeCompletion(beginning(item));
      const output = begun === undefined ? text : await model.decode([...begun.slice(0, -1), ...tokenIds]);
      const said = {
        output,
        tokens: length ?? tokenIds.length,
        finish,
        ...(withheld === undefined ? {} : { withheld }),
      };
      answers.push({ ...asked(item, shown[i] ?? null), ...said });
    }
    return answers;
  };
  const how = { setting, thinking, promptSet, optionOrder, seed, temperature, topP, maxNewTokens };
  const strategy = {
    ...(stepByStep === true ? { stepByStep } : {}),
    ...(demonstrations === undefined ? {} : { demonstrations: demonstrations.length }),
    ...(beginning === undefined ? {} : { begun: true }),
  };
  const settings = { model: model.name, checkpoint, ...how, batchSize, ...strategy };
  const run = {
    label: `${model.name}, ${setting} world`,
    ...options,
    ahead: model.lanes ?? 1,
    usage: model.usage?.bind(model),
  };
  return answerAll(items, settings, ask, run, thinking);
}

async function promptFor(
  item: BenchmarkItem,
  shown: readonly string[] | null,
  { promptSet, thinking, stepByStep = false, demonstrations = [], beginning, seed = 42 }: AskingOptions,
): Promise<Prompt> {
  const { question, image } = item;
  const drawn = drawDemonstrations(item, shown ?? [], demonstrations, seed);
  const prompt = buildPrompt(promptSet, {
    question,
    superCategory: image.subCategory.superCategory,
    ...(shown === null ? {} : { options: shown }),
    image: await image.load(),
    thinking,
    stepByStep,
    demonstrations: await Promise.all(
      drawn.map(async (one) => ({ image: await one.load(), name: one.subCategory.name })),
    ),
  });
  return beginning === undefined ? prompt : { ...prompt, begun: beginning(item) };
}

/**
 * Has a CLIP-style encoder choose among each item's options: the one whose text lies nearest to the image by cosine
 * (Appendix B). @returns one answer per item, in the order of the items
 */
export function chooseAll(
  encoder: DualEncoder,
  items: readonly BenchmarkItem[],
  options: ChoosingOptions = {},
): Promise<Answer[]> {
  const {
    checkpoint = null,
    templates = DEFAULT_TEMPLATES,
    optionOrder = "shuffled",
    seed = 42,
    batchSize = 64,
  } = options;
  requireTemplates(templates);
  const sentencesOf = (item: BenchmarkItem): string[][] =>
    shownOptions(item, options).map((name) => templates.map((template) => sentence(template, name, item)));
  const vectors = encodedInCompany(encoder, (batch) =>
    items.slice(batch * batchSize, (batch + 1) * batchSize).flatMap((item) => sentencesOf(item).flat()),
  );
  const choose: AskBatch = async (batch, index) => {
    const shown = batch.map((item) => shownOptions(item, options));
    const sentences = batch.map(sentencesOf);
    const known = await vectors(index);
    const images = await encoder.encodeImages(await Promise.all(batch.map((item) => item.image.load())));
    return batch.map((item, i) => {
      const near = (sentences[i] ?? []).map((texts) => {
        const vectors = texts.map((text) => known.get(text) as Float32Array);
        return cosine(images[i] as Float32Array, meanDirection(vectors));
      });
      const output = shown[i]?.[near.indexOf(Math.max(...near))] ?? "";
      return { ...asked(item, shown[i] ?? []), output, tokens: 0, finish: "chosen" };
    });
  };
  const template = templates.join("\n");
  const settings = { model: encoder.name, checkpoint, setting: "closed", template, optionOrder, seed, batchSize };
  return answerAll(items, settings, choose, { label: `${encoder.name}, closed world`, ...options, ahead: 1 }, false);
}

/**
 * The vectors of texts, each encoded once, in the company of those that the same batch is the first to need: a text's vector is rounded
 * differently in other company, and a run that goes on after a kill must give the very answers of one that was not killed.
 * @param textsOf those that a batch needs, by its place in the run
 */
function encodedInCompany(encoder: Pick<DualEncoder, "encodeTexts">, textsOf: (batch: number) => readonly string[]) {
  const companies = new Map<string, readonly string[]>();
  const known = new Map<string, Float32Array>();
  let reached = 0; // batches whose texts have their companies: those before a kill, too, although they are not asked again
  return async (batch: number): Promise<ReadonlyMap<string, Float32Array>> => {
    for (; reached <= batch; reached++) {
      const company = [...new Set(textsOf(reached))].filter((text) => !companies.has(text));
      for (const text of company) companies.set(text, company);
    }
    const missing = new Set(textsOf(batch).flatMap((text) => (known.has(text) ? [] : [companies.get(text) ?? [text]])));
    for (const company of missing) {
      const vectors = await encoder.encodeTexts(company);
      company.forEach((text, i) => known.set(text, vectors[i] as Float32Array));
    }
    return known;
  };
}

/** The options in the order in which they are shown; the release lists the right one first and shows them so. */
export function shownOptions(
  { id, options }: Pick<BenchmarkItem, "id" | "options">,
  { optionOrder, seed = 42 }: OptionOrder,
): readonly string[] {
  if (optionOrder === "released") return options;
  return new Random(seed).fork(`options of ${id}`).shuffle(options);
}

/** @throws LabError for none, or for one that names no class */
function requireTemplates(templates: readonly string[]): void {
  const wrong = templates.find((template) => !template.includes("{class}"));
  if (wrong === undefined && templates.length > 0) return;
  const remedy = "Put {class} where the class name belongs.";
  throw new LabError(wrong === undefined ? "there is no template" : "the template names no class", remedy, {
    subject: wrong ?? "templates",
  });
}

function sentence(template: string, name: string, item: BenchmarkItem): string {
  return template.replaceAll("{superCategory}", item.image.subCategory.superCategory).replaceAll("{class}", name);
}

/** What an answer keeps of its question. */
function asked({ id, image, groundTruth }: BenchmarkItem, options: readonly string[] | null) {
  const { superCategory, seen } = image.subCategory;
  return { id, image: image.id, domain: superCategory, seen, truth: groundTruth, options };
}

type AskBatch = Asking<BenchmarkItem, Answer>["ask"];

/** Has every item answered once, and keeps the answers where a file is named. */
async function answerAll(
  items: readonly BenchmarkItem[],
  settings: AskingSettings & { readonly batchSize: number },
  ask: AskBatch,
  { answersFile, ...run }: AskingRun & Pick<Asking<BenchmarkItem, Answer>, "label" | "ahead" | "usage">,
  thinking: boolean,
): Promise<Answer[]> {
  const { batchSize } = settings;
  const store = answersFile === undefined ? undefined : openAnswers(answersFile, settings);
  const isRight = (answer: Answer): boolean => accuracy.of(answer, { thinking, classes: [] }) === true;
  return inBatches(items, { ...run, batchSize, store, ask, isRight });
}
