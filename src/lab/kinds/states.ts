import * as path from "node:path";
import { z } from "zod";
import type { PictureState } from "../../analysis/classProbe";
import { mirroredPairs, type NamePair } from "../../analysis/namePairs";
import { PAIR_STATES, pairStates, separability, type Separability } from "../../analysis/separability";
import { readStored } from "../../config/stored";
import { LabError, required } from "../../core/errors";
import { writeJson } from "../../core/files";
import { check } from "../../core/progress";
import { withSafetensors, writeSafetensors } from "../../core/safetensors";
import type { Dataset } from "../../data/dataset";
import { PROMPT_SETS, type PromptSet } from "../../data/prompts";
import type { BenchmarkItem, LabelledImage } from "../../data/types";
import type { VisionLanguageModel } from "../../model/contract";
import { openModel } from "../../model/open";
import { defineStage, givenSchema, refSchema, type Given, type Ref } from "../stage";
import { testItems } from "./asking";
import { checkpointFolder } from "./training";

/** What a model has of the training and test pictures (H1, H2). */
export interface StatesInputs {
  readonly model: Ref;
  readonly dataset: Given;
}

const STATES = "states.safetensors";
const PICTURES = "pictures.json";
/** Pictures in memory at a time. It cuts batches, and so is a part of the digits. */
const CHUNK = 96;

/**
 * The mean of a picture's tokens after the last layer, one vector per picture, as rows of "states" in `states.safetensors`; the
 * pictures' ids in `pictures.json`. The prompt is the picture alone: its tokens look at nothing that would come after them.
 */
export const statesStage = defineStage<StatesInputs, { pictures: number; width: number }>({
  kind: "states",
  version: 1,
  inputs: z.strictObject({ model: refSchema, dataset: givenSchema }),
  result: z.strictObject({ pictures: z.int().min(1), width: z.int().min(1) }),
  asks: () => ({ model: ["hiddenStates"] }),
  run: async ({ model: ref, dataset: given }, bench) => {
    const pictures = picturesOf(await bench.dataset(given));
    const model = await openModel(checkpointFolder(bench, ref), ["hiddenStates"], bench.context);
    const bar = bench.context.progress.start(bench.label, pictures.length);
    const states: Float32Array[] = [];
    try {
      for (let at = 0; at < pictures.length; at += CHUNK) {
        check(bench.context.signal);
        states.push(...(await pictureStates(model, pictures.slice(at, at + CHUNK))));
        bar.update(states.length);
      }
    } finally {
      bar.finish();
      model.dispose();
    }
    const width = states[0]?.length ?? 0;
    const data = new Float32Array(states.length * width);
    states.forEach((state, row) => {
      data.set(state, row * width);
    });
    const file = path.join(bench.folder, STATES);
    writeSafetensors(file, [{ name: "states", shape: [states.length, width], data }]);
    writeJson(
      path.join(bench.folder, PICTURES),
      pictures.map(({ id }) => id),
    );
    return { pictures: states.length, width };
  },
});

/** The mean of each picture's tokens after a model's last layer. @returns [N] vectors of the hidden width */
async function pictureStates(model: VisionLanguageModel, pictures: readonly LabelledImage[]): Promise<Float32Array[]> {
  const images = await Promise.all(pictures.map((picture) => picture.load()));
  const prompts = images.map((image) => ({
    messages: [{ role: "user" as const, content: "<image>" }],
    images: [image],
  }));
  return model.hiddenStates(prompts, { layer: "last", pool: "imageMean" });
}

/** The training pictures, then those of the test questions. */
function picturesOf(dataset: Dataset): LabelledImage[] {
  return [...dataset.train, ...testItems(dataset).map(({ image }) => image)];
}

/** What a states stage left. @throws LabError when it is about other pictures */
export function readStates(dataset: Dataset, folder: string): Record<"train" | "test", PictureState[]> {
  const remedy = `Remove ${folder}, and it is made again.`;
  const ids = readStored(path.join(folder, PICTURES), z.array(z.string()), "list of pictures", remedy);
  const { data, width } = withSafetensors(path.join(folder, STATES), (file) => {
    const all = file.readFloat32("states");
    return { data: all, width: all.length / ids.length };
  });
  const rows = new Map(ids.map((id, row) => [id, row]));
  const stateOf = ({ id, subCategory }: LabelledImage): PictureState => {
    const stranger = (): LabError =>
      new LabError(`has no states of "${id}", a picture of ${dataset.name}`, remedy, { subject: folder });
    const row = required(rows.get(id), stranger);
    const { id: classId, superCategory: domain, seen } = subCategory;
    return { id, classId, domain, seen, state: data.slice(row * width, (row + 1) * width) };
  };
  return { train: dataset.train.map(stateOf), test: testItems(dataset).map(({ image }) => stateOf(image)) };
}

/** H3 for one model: a test picture of every class, beside its name and beside a wrong one. */
export interface SeparabilityInputs {
  readonly model: Ref;
  readonly dataset: Given;
  readonly promptSet: PromptSet;
  readonly seed: number;
}

/** After the last layer, with the pairs themselves, and the numbers after every layer. */
export interface LayeredSeparability extends Separability {
  readonly pairs: readonly JudgedPair[];
  /** Of layers 1 to L. The embedding has none: every question ends in the same token, which has seen nothing yet. */
  readonly layers: readonly Pick<Separability, "accuracy" | "fisher" | "silhouette">[];
}

/** A pair as plain JSON. */
export interface JudgedPair extends Pick<NamePair, "name" | "positive"> {
  readonly image: Pick<LabelledImage, "id">;
  readonly domain: string;
  readonly seen: boolean;
}

const pair = z.tuple([z.number(), z.number()]);
const score = z.strictObject({ value: z.number(), low: z.number(), high: z.number(), n: z.int().min(1) });
const numbers = { accuracy: score, fisher: z.number().min(0), silhouette: z.number().min(-1).max(1) };
const separabilitySchema: z.ZodType<LayeredSeparability> = z.strictObject({
  points: z.array(pair),
  explained: pair,
  right: z.array(z.boolean()),
  ...numbers,
  pairs: z.array(
    z.strictObject({
      image: z.strictObject({ id: z.string() }),
      name: z.string(),
      positive: z.boolean(),
      domain: z.string(),
      seen: z.boolean(),
    }),
  ),
  layers: z.array(z.strictObject(numbers)).min(1),
});

/** Measures how far a model's hidden states tell right picture–name pairs from wrong ones, layer by layer (H3, Fig. 4). */
export const separabilityStage = defineStage<SeparabilityInputs, LayeredSeparability>({
  kind: "separability",
  version: 6,
  inputs: z.strictObject({
    model: refSchema,
    dataset: givenSchema,
    promptSet: z.enum(PROMPT_SETS),
    seed: z.int().min(0),
  }),
  result: separabilitySchema,
  asks: () => ({ model: PAIR_STATES }),
  run: async ({ model: ref, dataset, promptSet, seed }, bench) => {
    const pairs = pairsOf(await bench.dataset(dataset), seed);
    const model = await openModel(checkpointFolder(bench, ref), PAIR_STATES, bench.context);
    try {
      const [, ...layers] = await pairStates(model, promptSet, pairs);
      const found = layers.map((states) => separability(pairs, states, seed));
      const numbersOf = ({ accuracy, fisher, silhouette }: Separability) => ({ accuracy, fisher, silhouette });
      const last = required(found.at(-1), () => new RangeError("separability: a model without layers"));
      return { ...last, pairs: pairs.map(judged), layers: found.map(numbersOf) };
    } finally {
      model.dispose();
    }
  },
});

function judged({ image, name, positive }: NamePair): JudgedPair {
  const { superCategory: domain, seen } = image.subCategory;
  return { image: { id: image.id }, name, positive, domain, seen };
}

/** The pairs that a separability stage looks at. */
export function pairsOf(dataset: Dataset, seed: number): NamePair[] {
  return mirroredPairs(dataset.subCategories, onePerClass(testItems(dataset)), seed);
}

/** The first item of every class. */
export function onePerClass(items: readonly BenchmarkItem[]): BenchmarkItem[] {
  const known = new Set<string>();
  return items.filter(({ image }) => {
    if (known.has(image.subCategory.id)) return false;
    known.add(image.subCategory.id);
    return true;
  });
}
