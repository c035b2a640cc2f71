import * as path from "node:path";
import { z } from "zod";
import { LabError } from "../../core/errors";
import { Random } from "../../core/random";
import { sameName } from "../../cot/names";
import { readCotRecords, RECORDS_FILE, type CotRecord } from "../../cot/records";
import { RELEASE } from "../../cot/releasedFindings";
import type { Dataset } from "../../data/dataset";
import { groupByClass } from "../../data/fewshot";
import { isRival, lonely } from "../../data/negatives";
import { answerText, buildTrainingPrompt, PROMPT_SETS, type PromptSet } from "../../data/prompts";
import type { LabelledImage, Triplet } from "../../data/types";
import { figuresSchema, lastFigures, type StepFigures } from "../../engine/train";
import { CHECKPOINTS } from "../../engine/checkpoint";
import type { Prompt, TrainableModel } from "../../model/contract";
import { trainablePartsSchema, type TrainableParts } from "../../model/parameters";
import { openModel, openTrainable } from "../../model/open";
import { sftFields, type SftOptions } from "../../sft/options";
import { sft, type SftExample } from "../../sft/train";
import type { TapoOptions } from "../../tapo/options";
import type { TapoExample } from "../../tapo/rollouts";
import { sizedGamma, termSharesSchema } from "../../tapo/shares";
import { usesReference } from "../../tapo/terms";
import { tapoOptionsWith } from "../../tapo/schema";
import { tapo } from "../../tapo/train";
import { readRecord } from "../../store/record";
import { defineStage, givenSchema, refSchema, type Given, type Ref, type Workbench } from "../stage";
import { readTriplets } from "./data";

/** What a training stage leaves beside its checkpoint (`model/`) and the figures of its steps (`metrics.jsonl`). */
export interface Trained {
  readonly steps: number;
  readonly last: Readonly<Record<string, number>>;
}

const trainedSchema: z.ZodType<Trained> = z.strictObject({ steps: z.int().min(0), last: figuresSchema });

/** Where a training stage's checkpoint lies in its folder. */
export function modelIn(folder: string): string {
  return path.join(folder, "model");
}

/** The folder of a checkpoint, given or trained. */
export function checkpointFolder(bench: Pick<Workbench, "place">, from: Ref): string {
  return "given" in from ? from.at : modelIn(bench.place(from));
}

/** Stage 1 (§4.2), or plain supervised fine-tuning on names. */
export interface SftInputs extends SftOptions {
  readonly from: Ref;
  readonly dataset: Given;
  /** A stage that wrote chains of thought, or "labels": each training picture's name alone. */
  readonly examples: Ref | "labels";
  /** How much of the examples is used, drawn by the seed (`shareOf`); all where absent, as in every experiment: for a reader's own variants (notebook 07). */
  readonly share?: number | undefined;
  readonly promptSet: PromptSet;
}

export const sftStage = defineStage<SftInputs, Trained>({
  kind: "sft",
  version: 2,
  inputs: z.strictObject({
    from: refSchema,
    dataset: givenSchema,
    examples: z.union([z.literal("labels"), refSchema]),
    share: z.number().gt(0).max(1).optional(),
    promptSet: z.enum(PROMPT_SETS),
    ...sftFields,
  }),
  result: trainedSchema,
  asks: () => ({ from: ["train"] }),
  scraps: [CHECKPOINTS],
  run: async ({ from, dataset, examples, share = 1, promptSet, ...options }, bench) => {
    const data = await bench.dataset(dataset);
    const all =
      examples === "labels"
        ? labelExamples(data, promptSet)
        : cotExamples(data, promptSet, path.join(bench.place(examples), RECORDS_FILE));
    const list = shareOf(all, share, options.seed);
    return train(checkpointFolder(bench, from), options.train, bench, (model) =>
      sft(model, list, options, { ...watchers(bench), checkpointEvery: 10 }),
    );
  },
});

/** A share of some examples, in their order, and one at least. With one seed, what a smaller share holds is part of a larger one. */
export function shareOf<T>(examples: readonly T[], share: number, seed: number): T[] {
  const order = new Random(seed).fork("share of the examples").shuffle([...examples.keys()]);
  const drawn = new Set(order.slice(0, Math.max(1, Math.round(share * examples.length))));
  return examples.filter((_, index) => drawn.has(index));
}

/**
 * CoT SFT: question and picture → the whole chain.
 * @param file records, as a `cot` stage leaves them
 * @throws LabError for a file without a record, or with one of another dataset
 */
export function cotExamples(dataset: Dataset, promptSet: PromptSet, file: string): SftExample[] {
  const images = new Map(dataset.train.map((image) => [image.id, image]));
  const records = readCotRecords(file);
  if (records.length === 0) {
    const remedy = "How many were turned down, and why, stands in report.json beside it: take another teacher, or more attempts (cot.maxAttempts)."; // prettier-ignore
    throw new LabError("holds no chain of thought to learn from", remedy, { subject: file });
  }
  const seen = new Set<string>(); // the release's own chains are taken as they are: `data chains` tells what is found of them
  return records.map((record) => {
    const image = images.get(record.imageId);
    if (image === undefined) {
      throw new LabError("is no training picture of this dataset", "Curate again.", { subject: record.imageId });
    }
    const fault = seen.has(image.id) ? "has a second chain of thought" : nameFault(record, image);
    seen.add(image.id);
    if (fault !== undefined && record.provenance.teacher !== RELEASE)
      throw new LabError(fault, `Correct that record of ${file}, or remove it.`, { subject: image.id });
    return { id: record.imageId, prompt: () => sftPrompt(dataset, promptSet, image, true), completion: record.text };
  });
}

function nameFault({ label }: CotRecord, { subCategory: { name } }: LabelledImage): string | undefined {
  return sameName(name, label) ? undefined : `shows "${name}", and its chain of thought is about "${label}"`;
}

/** Plain SFT: question and picture → the name. */
function labelExamples(dataset: Dataset, promptSet: PromptSet): SftExample[] {
  return dataset.train.map((image) => ({
    id: image.id,
    prompt: () => sftPrompt(dataset, promptSet, image, false),
    completion: answerText(promptSet, image.subCategory.name),
  }));
}

async function sftPrompt(dataset: Dataset, set: PromptSet, image: LabelledImage, thinking: boolean): Promise<Prompt> {
  return buildTrainingPrompt(set, "sft", { ...(await questionAbout(dataset, image)), thinking });
}

async function questionAbout(dataset: Dataset, image: LabelledImage) {
  const { superCategory } = image.subCategory;
  return { question: dataset.question(image), superCategory, image: await image.load() };
}

/** Stage 2 (§4.3). TAPO, DAPO, GRPO and their ablations differ in their options only. */
export interface RlInputs extends TapoOptions {
  readonly from: Ref;
  readonly dataset: Given;
  readonly triplets: Ref;
  /** Whether the questions ask for reasoning before the answer. */
  readonly thinking: boolean;
  /** Rollouts in one backward pass. */
  readonly microBatchSize: number;
  readonly train: TrainableParts;
  /** A stage of shares: γ is then the size of its term beside the policy's gradient as measured there, no weight (`sizedGamma`). */
  readonly sizedBy?: Ref | undefined;
}

export const rlInputsSchema: z.ZodType<RlInputs> = tapoOptionsWith({
  from: refSchema,
  dataset: givenSchema,
  triplets: refSchema,
  thinking: z.boolean().default(true),
  microBatchSize: z.int().min(1),
  train: trainablePartsSchema,
  sizedBy: refSchema.optional(),
});

export const rlStage = defineStage<RlInputs, Trained>({
  kind: "rl",
  version: 2,
  inputs: rlInputsSchema,
  result: trainedSchema,
  asks: () => ({ from: ["train"] }),
  scraps: [CHECKPOINTS],
  run: async ({ from, dataset, triplets, thinking, microBatchSize, train: parts, sizedBy, ...given }, bench) => {
    const options = sizedBy === undefined ? given : sized(given, bench.place(sizedBy));
    const data = await bench.dataset(dataset);
    const examples = rlExamples(data, readTriplets(data, bench.place(triplets)), { ...options, thinking });
    const folder = checkpointFolder(bench, from);
    return train(folder, parts, bench, async (model) => {
      const reference = usesReference(options.objective)
        ? await openModel(folder, ["score"], bench.context)
        : undefined;
      try {
        const run = { ...watchers(bench), train: parts, microBatchSize, reference, checkpointEvery: 3 };
        return await tapo(model, examples, options, run);
      } finally {
        reference?.dispose();
      }
    });
  },
});

function sized<O extends TapoOptions>(options: O, shares: string): O {
  return { ...options, objective: sizedGamma(options.objective, termSharesSchema.parse(readRecord(shares)?.result)) };
}

/** Stage 2's questions about the pictures of each triplet; with `stage2Options: "four"` they name look-alikes. */
export function rlExamples(
  dataset: Dataset,
  triplets: readonly Triplet[],
  options: Pick<RlInputs, "seed" | "stage2Options" | "promptSet" | "thinking">,
): TapoExample[] {
  const groups = [...groupByClass(dataset.train).values()];
  return triplets.map((triplet) => {
    const { id, subCategory } = triplet.anchor;
    const shuffled = new Random(options.seed).fork(`options ${id}`).shuffle(dataset.optionsFor(triplet.anchor));
    const candidates = options.stage2Options === "four" ? { options: shuffled } : {};
    const ask = async (image: LabelledImage): Promise<Prompt> => {
      const request = { ...(await questionAbout(dataset, image)), thinking: options.thinking, ...candidates };
      return buildTrainingPrompt(options.promptSet, "tapo", request);
    };
    return {
      id,
      triplet,
      answer: subCategory.name,
      prompt: (which) => ask(triplet[which]),
      rivals: (count, random) => {
        const others = groups.filter(([image]) => image !== undefined && isRival(image, subCategory));
        if (others.length === 0) throw lonely(subCategory.id, "is the only class of its super-category");
        return Promise.all(
          random
            .shuffle(others)
            .slice(0, count)
            .map((images) => ask(random.pick(images))),
        );
      },
    };
  });
}

async function train(
  from: string,
  parts: TrainableParts,
  { folder, context }: Workbench,
  body: (model: TrainableModel) => Promise<StepFigures[]>,
): Promise<Trained> {
  const model = await openTrainable(from, parts, context);
  try {
    const figures = await body(model);
    await model.save(modelIn(folder));
    return { steps: figures.length, last: lastFigures(figures) };
  } finally {
    model.dispose();
  }
}

function watchers({ folder, label, context }: Workbench) {
  const { progress, signal } = context;
  const onStep = (figures: StepFigures): void => context.onStep?.(label, figures);
  return { folder, label, progress, signal, onStep };
}
