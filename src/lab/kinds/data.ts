import * as path from "node:path";
import { z } from "zod";
import { readStored } from "../../config/stored";
import { LabError, required } from "../../core/errors";
import { writeJson } from "../../core/files";
import { curate, DEFAULT_CURATION_SETTINGS, type CotItem } from "../../cot/curate";
import { curationReportSchema, type CurationReport } from "../../cot/outcomes";
import { COT_FORMS, type CotForm } from "../../cot/stages";
import type { Dataset } from "../../data/dataset";
import { groupByClass } from "../../data/fewshot";
import { mineTriplets } from "../../data/triplets";
import type { LabelledImage, Triplet } from "../../data/types";
import { openEncoder } from "../encoder";
import { defineStage, givenSchema, type Given } from "../stage";

/** Chains of thought (§4.2). */
export interface CotInputs {
  readonly dataset: Given;
  /** Chains are written for every n-th seen class; 1 for all. */
  readonly everyNthClass: number;
  readonly imagesPerClass: number;
  readonly descriptions: number;
  readonly maxAttempts: number;
  readonly form: CotForm;
  readonly seed: number;
}

const count = z.int().min(1);

/** Curates chains with the dataset's teacher. Leaves `records.jsonl`. */
export const cotStage = defineStage<CotInputs, CurationReport>({
  kind: "cot",
  version: 1,
  inputs: z.strictObject({
    dataset: givenSchema,
    everyNthClass: count,
    imagesPerClass: count,
    descriptions: count,
    maxAttempts: count,
    form: z.enum(COT_FORMS),
    seed: z.int().min(0),
  }),
  result: curationReportSchema,
  run: async ({ dataset, everyNthClass, imagesPerClass, descriptions, maxAttempts, form, seed }, bench) => {
    const data = await bench.dataset(dataset);
    const teacher = required(data.teacher, () => noTeacher(data));
    const settings = { ...DEFAULT_CURATION_SETTINGS, seed, descriptions, maxAttempts, form };
    const { progress, signal } = bench.context;
    const items = cotItems(data, everyNthClass, imagesPerClass);
    return (await curate(items, teacher, settings, { folder: bench.folder, progress, signal })).report;
  },
});

function cotItems(dataset: Dataset, everyNthClass: number, imagesPerClass: number): CotItem[] {
  const classes = [...groupByClass(dataset.train).values()].filter((_, index) => index % everyNthClass === 0);
  return classes.flatMap((images) =>
    images.slice(0, imagesPerClass).map((image) => ({ image, question: dataset.question(image) })),
  );
}

function noTeacher({ name }: Dataset): LabError {
  const remedy = "Start from chains of your own, or from a method without CoT SFT.";
  return new LabError("has no teacher that could write chains of thought", remedy, { subject: name });
}

/** Triplets (§4.3): each training picture, another of its class, and one of the class most easily taken for it. */
export interface TripletInputs {
  readonly dataset: Given;
  /** Its image tower says which classes are alike. */
  readonly encoder: Given;
  readonly seed: number;
}

const TRIPLETS = "triplets.json";
const tripletsSchema = z.array(z.tuple([z.string(), z.string(), z.string()]));

/** Mines the triplets of the training pictures. Leaves their ids in `triplets.json`. */
export const tripletStage = defineStage<TripletInputs, { triplets: number }>({
  kind: "triplets",
  version: 1,
  inputs: z.strictObject({ dataset: givenSchema, encoder: givenSchema, seed: z.int().min(0) }),
  result: z.strictObject({ triplets: z.int().min(1) }),
  run: async ({ dataset, encoder: given, seed }, bench) => {
    const data = await bench.dataset(dataset);
    const encoder = openEncoder(given);
    try {
      const mined = await mineTriplets(data, (images) => encoder.encodeImages(images), { seed });
      const ids = mined.map(({ anchor, positive, negative }) => [anchor.id, positive.id, negative.id]);
      writeJson(path.join(bench.folder, TRIPLETS), ids);
      return { triplets: mined.length };
    } finally {
      encoder.dispose();
    }
  },
});

/** The triplets that a stage mined. @throws LabError when they are about other pictures */
export function readTriplets({ name, train }: Dataset, folder: string): Triplet[] {
  const file = path.join(folder, TRIPLETS);
  const images = new Map(train.map((image) => [image.id, image]));
  const find = (id: string): LabelledImage =>
    required(
      images.get(id),
      () => new LabError(`names "${id}", no training picture of ${name}`, "Mine again.", { subject: file }),
    );
  return readStored(file, tripletsSchema, "file of triplets", "Remove its folder, and they are mined again.").map(
    ([anchor, positive, negative]) => ({ anchor: find(anchor), positive: find(positive), negative: find(negative) }),
  );
}
