import * as fs from "node:fs";
import * as path from "node:path";
import { z } from "zod";
import { parserOf } from "../config/stored";
import { LabError } from "../core/errors";
import { hashFile } from "../core/hash";
import { Random } from "../core/random";
import { curate, DEFAULT_CURATION_SETTINGS, type CotItem } from "../cot/curate";
import { miniTeacher } from "../miniworld/teacher";
import { parseCurationReport, type CurationReport } from "../cot/outcomes";
import { readCotRecords, type CotRecord } from "../cot/records";
import { groupByClass } from "../data/fewshot";
import { answerText, buildTrainingPrompt, type PromptRequest } from "../data/prompts";
import { mineTriplets, type ImageEmbedder } from "../data/triplets";
import type { LabelledImage, Triplet } from "../data/types";
import { figuresSchema, finishTraining, lastFigures, type StepFigures } from "../engine/train";
import type { Prompt } from "../model/contract";
import { locateWeights } from "../model/qwen/checkpointFiles";
import { QwenModel } from "../model/qwen/model";
import { sft, type SftExample } from "../sft/train";
import type { SftOptions } from "../sft/options";
import type { TapoExample } from "../tapo/rollouts";
import { tapo } from "../tapo/train";
import type { TapoOptions } from "../tapo/options";
import type { Lab } from "./lab";
import { digest, runStage, type Finished } from "../store/stage";

/** A checkpoint on disk and the key of everything that went into it. */
export interface Checkpoint {
  readonly folder: string;
  readonly key: string;
}

/** What a training stage leaves: a checkpoint, and the figures of its steps in metrics.jsonl. */
export interface Trained {
  readonly steps: number;
  readonly last: Readonly<Record<string, number>>;
}

const trainedSchema: z.ZodType<Trained> = z.strictObject({ steps: z.int().min(0), last: figuresSchema });

/** The weight files of a checkpoint folder: one, or its shards. @throws LabError when they are not there, with how they are made */
export function weightFiles(folder: string): string[] {
  if (fs.existsSync(folder)) return locateWeights(folder);
  throw new LabError("the checkpoint is not there", "Make it with `npx fine-r1 base build`, or correct the profile.", {
    subject: folder,
  });
}

/** A checkpoint that was not made by a stage, such as a shipped base; its key is the hash of its weights, file by file. */
export function givenCheckpoint(folder: string): Checkpoint {
  const hashes = weightFiles(folder).map(hashFile);
  return { folder, key: hashes.length === 1 ? (hashes[0] as string) : digest(hashes) };
}

/** The checkpoint that a training stage made. */
export function checkpointOf(stage: Finished<Trained>): Checkpoint {
  return { folder: path.join(stage.folder, "model"), key: stage.key };
}

/** Writes the chains of thought (§4.2) through the curation pipeline, for as many seen classes as the profile says. */
export function cotStage(lab: Lab): Promise<Finished<CurationReport>> {
  const { world, profile } = lab;
  const items = cotItems(lab);
  const settings = {
    ...DEFAULT_CURATION_SETTINGS,
    seed: profile.seed,
    descriptions: profile.cot.descriptions,
    maxAttempts: profile.cot.maxAttempts,
    form: "short" as const,
  };
  return runStage(
    lab,
    "cot",
    { world: world.fingerprint, settings, items: items.map((i) => i.image.id) },
    {
      parse: parseCurationReport,
      run: async (folder) => {
        const curation = await curate(items, miniTeacher(world), settings, {
          folder,
          progress: lab.progress,
          signal: lab.signal,
        });
        return curation.report;
      },
    },
  );
}

/** The records that a CoT stage wrote. */
export function cotRecords(stage: Finished<CurationReport>): CotRecord[] {
  return readCotRecords(path.join(stage.folder, "records.jsonl"));
}

/** CoT SFT: question and image → the whole chain. */
export function cotExamples(lab: Lab, records: readonly CotRecord[]): SftExample[] {
  const images = new Map(lab.world.train.map((image) => [image.id, image]));
  return records.map((record) => {
    const image = images.get(record.imageId);
    if (image === undefined)
      throw new LabError("is not a training image of this world", "Curate again.", { subject: record.imageId });
    return { id: record.imageId, prompt: () => sftPrompt(lab, image, true), completion: record.text };
  });
}

/** Plain SFT: question and image → the label. All training images. */
export function labelExamples(lab: Lab): SftExample[] {
  return lab.world.train.map((image) => ({
    id: image.id,
    prompt: () => sftPrompt(lab, image, false),
    completion: answerText(lab.profile.promptSet, image.subCategory.name),
  }));
}

/** Fine-tunes a checkpoint on examples. */
export function sftStage(
  lab: Lab,
  name: string,
  from: Checkpoint,
  examples: readonly SftExample[],
  options: SftOptions,
): Promise<Finished<Trained>> {
  const inputs = {
    from: from.key,
    world: lab.world.fingerprint,
    options,
    examples: examples.map((e) => [e.id, e.completion]),
  };
  return trainingStage(lab, name, from, inputs, (model, folder) =>
    sft(model, examples, options, { label: name, folder, checkpointEvery: 10, ...watchers(lab, name) }),
  );
}

/** Stage 2 from a checkpoint. DAPO, TAPO and their ablations differ in their options only. */
export function rlStage(
  lab: Lab,
  name: string,
  from: Checkpoint,
  triplets: readonly Triplet[],
  options: TapoOptions,
): Promise<Finished<Trained>> {
  const { train, microBatchSize, checkpointEvery } = lab.profile.rl;
  const examples = rlExamples(lab, triplets, options);
  const ids = triplets.map((t) => [t.anchor.id, t.positive.id, t.negative.id]);
  const inputs = { from: from.key, world: lab.world.fingerprint, options, train, microBatchSize, triplets: ids };
  return trainingStage(lab, name, from, inputs, async (model, folder) => {
    const reference = options.objective.referenceKl === 0 ? undefined : await QwenModel.load(from.folder);
    try {
      const run = { label: name, folder, train, microBatchSize, checkpointEvery, reference, ...watchers(lab, name) };
      return await tapo(model, examples, options, run);
    } finally {
      reference?.dispose();
    }
  });
}

/** Mines the triplets of the training images with an image encoder (§4.3), once. */
export async function tripletStage(lab: Lab, embed: ImageEmbedder, embedder: string): Promise<Triplet[]> {
  return mineTriplets(lab.world, embed, {
    seed: lab.profile.seed,
    embedder,
    cacheFile: path.join(lab.folder, `triplets-${embedder.slice(0, 10)}.json`),
  });
}

async function trainingStage(
  lab: Lab,
  name: string,
  from: Checkpoint,
  inputs: unknown,
  body: (model: QwenModel, folder: string) => Promise<StepFigures[]>,
): Promise<Finished<Trained>> {
  const run = async (folder: string): Promise<Trained> => {
    const model = await QwenModel.load(from.folder);
    try {
      const figures = await body(model, folder);
      await model.save(path.join(folder, "model"));
      return { steps: figures.length, last: lastFigures(figures) };
    } finally {
      model.dispose();
    }
  };
  const stage = await runStage(lab, name, inputs, { run, parse: parserOf(trainedSchema) });
  finishTraining(stage.folder); // now that stage.json is there: a kill before it finds the checkpoints
  return stage;
}

function cotItems(lab: Lab): CotItem[] {
  const { imagesPerClass, everyNthClass } = lab.profile.cot;
  const classes = [...groupByClass(lab.world.train).values()].filter((_, index) => index % everyNthClass === 0);
  return classes.flatMap((images) =>
    images.slice(0, imagesPerClass).map((image) => ({ image, question: questionText(image) })),
  );
}

/** Stage 2's questions about the images of each triplet; with `stage2Options: "four"` they name look-alikes. */
export function rlExamples(lab: Lab, triplets: readonly Triplet[], options: TapoOptions): TapoExample[] {
  return triplets.map((triplet) => {
    const { id, subCategory } = triplet.anchor;
    const shuffled = new Random(options.seed).fork(`options ${id}`).shuffle(lab.world.optionsFor(subCategory));
    const candidates = options.stage2Options === "four" ? { options: shuffled } : {};
    return {
      id,
      triplet,
      answer: subCategory.name,
      prompt: async (which) => {
        const request = { ...(await openQuestion(triplet[which], true)), ...candidates };
        return buildTrainingPrompt(options.promptSet, "tapo", request);
      },
    };
  });
}

async function sftPrompt(lab: Lab, image: LabelledImage, thinking: boolean): Promise<Prompt> {
  return buildTrainingPrompt(lab.profile.promptSet, "sft", await openQuestion(image, thinking));
}

async function openQuestion(image: LabelledImage, thinking: boolean): Promise<PromptRequest> {
  const { superCategory } = image.subCategory;
  return { question: questionText(image), superCategory, image: await image.load(), thinking };
}

function questionText(image: LabelledImage): string {
  return `${image.subCategory.superCategory} ?`;
}

function watchers({ progress, signal, onStep }: Lab, stage: string) {
  const report = (figures: StepFigures): void => onStep?.(stage, figures);
  return { progress, signal, onStep: report };
}
