import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { LabError } from "../core/errors";
import { curate, DEFAULT_CURATION_SETTINGS, type CotItem } from "../cot/curate";
import { miniTeacher } from "../cot/miniTeacher";
import type { CurationReport } from "../cot/outcomes";
import { readCotRecords, type CotRecord } from "../cot/records";
import { groupByClass } from "../data/fewshot";
import { renderAnswer } from "../data/miniworld/chain";
import { buildTrainingPrompt } from "../data/prompts";
import { mineTriplets, type ImageEmbedder } from "../data/triplets";
import type { LabelledImage, Triplet } from "../data/types";
import { finishTraining, type StepFigures } from "../engine/train";
import { QwenModel } from "../model/qwen/model";
import { sft, type SftExample } from "../sft/train";
import type { SftOptions } from "../sft/options";
import type { TapoExample } from "../tapo/rollouts";
import { tapo } from "../tapo/train";
import type { TapoOptions } from "../tapo/options";
import type { Lab } from "./lab";
import { runStage, type Finished } from "./stage";

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

/** A checkpoint that was not made by a stage, such as a shipped base; its key is the hash of its weights. */
export function givenCheckpoint(folder: string): Checkpoint {
  const file = path.join(folder, "model.safetensors");
  if (!fs.existsSync(file)) {
    throw new LabError(
      "the checkpoint is not there",
      "Make it with `npx fine-r1 base build`, or correct the profile.",
      { subject: file },
    );
  }
  return { folder, key: createHash("sha256").update(fs.readFileSync(file)).digest("hex") };
}

/** The checkpoint that a training stage made. */
export function checkpointOf(stage: Finished<Trained>): Checkpoint {
  return { folder: path.join(stage.folder, "model"), key: stage.key };
}

/** Writes the chains of thought (§4.2): one image a seen class, several at most, through the curation pipeline. */
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
    { world: world.digest, settings, items: items.map((i) => i.image.id) },
    async (folder) => {
      const curation = await curate(items, miniTeacher(world), settings, {
        folder,
        progress: lab.progress,
        ...signalOf(lab),
      });
      return curation.report;
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
    return { id: record.imageId, prompt: () => question(lab, image, "sft", true), completion: record.text };
  });
}

/** Plain SFT: question and image → the label. All training images. */
export function labelExamples(lab: Lab): SftExample[] {
  return lab.world.train.map((image) => ({
    id: image.id,
    prompt: () => question(lab, image, "sft", false),
    completion: renderAnswer(image.subCategory.name),
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
    world: lab.world.digest,
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
  const examples = triplets.map((triplet) => rlExample(lab, triplet));
  const ids = triplets.map((t) => [t.anchor.id, t.positive.id, t.negative.id]);
  const inputs = { from: from.key, world: lab.world.digest, options, train, microBatchSize, triplets: ids };
  return trainingStage(lab, name, from, inputs, (model, folder) =>
    tapo(model, examples, options, {
      label: name,
      folder,
      train,
      microBatchSize,
      checkpointEvery,
      ...watchers(lab, name),
    }),
  );
}

/** Mines the triplets of the training images with an image encoder (§4.3), once. */
export async function tripletStage(lab: Lab, embed: ImageEmbedder, embedder: string): Promise<Triplet[]> {
  return mineTriplets(lab.world, embed, {
    seed: lab.profile.seed,
    embedder,
    cacheFile: path.join(lab.folder, `triplets-${embedder.slice(0, 10)}.json`),
  });
}

function trainingStage(
  lab: Lab,
  name: string,
  from: Checkpoint,
  inputs: unknown,
  body: (model: QwenModel, folder: string) => Promise<StepFigures[]>,
): Promise<Finished<Trained>> {
  return runStage(lab, name, inputs, async (folder) => {
    const model = await QwenModel.load(from.folder);
    try {
      const figures = await body(model, folder);
      await model.save(path.join(folder, "model"));
      finishTraining(folder);
      const { seconds: _, ...last } = figures[figures.length - 1] ?? { step: 0, seconds: 0 };
      return { steps: figures.length, last };
    } finally {
      model.dispose();
    }
  });
}

function cotItems(lab: Lab): CotItem[] {
  return [...groupByClass(lab.world.train).values()].flatMap((images) =>
    images.slice(0, lab.profile.cot.imagesPerClass).map((image) => ({ image, question: questionText(image) })),
  );
}

function rlExample(lab: Lab, triplet: Triplet): TapoExample {
  return {
    id: triplet.anchor.id,
    triplet,
    answer: triplet.anchor.subCategory.name,
    prompt: (which) => question(lab, triplet[which], "tapo", true),
  };
}

async function question(lab: Lab, image: LabelledImage, stage: "sft" | "tapo", thinking: boolean) {
  return buildTrainingPrompt(lab.profile.promptSet, stage, {
    question: questionText(image),
    superCategory: image.subCategory.superCategory,
    image: await image.load(),
    thinking,
  });
}

function questionText(image: LabelledImage): string {
  return `${image.subCategory.superCategory} ?`;
}

function watchers(lab: Lab, stage: string) {
  const { onStep } = lab;
  return {
    progress: lab.progress,
    ...signalOf(lab),
    ...(onStep === undefined
      ? {}
      : {
          onStep: (figures: StepFigures) => {
            onStep(stage, figures);
          },
        }),
  };
}

function signalOf(lab: Lab): { signal?: AbortSignal } {
  return lab.signal === undefined ? {} : { signal: lab.signal };
}
