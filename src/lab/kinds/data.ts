import * as path from "node:path";
import { z } from "zod";
import { readStored } from "../../config/stored";
import { LabError, required } from "../../core/errors";
import { writeJson } from "../../core/files";
import { curate, DEFAULT_CURATION_SETTINGS, type CotItem } from "../../cot/curate";
import { DEFAULT_MODEL_TEACHER_OPTIONS, modelTeacher } from "../../cot/modelTeacher";
import { curationReportSchema, summariseOutcomes, type CurationReport } from "../../cot/outcomes";
import { RECORDS_FILE, writeCotRecords } from "../../cot/records";
import { readReleased } from "../../cot/released";
import { importReleased, RELEASE } from "../../cot/releasedFindings";
import { COT_FORMS, type CotForm } from "../../cot/stages";
import type { Dataset } from "../../data/dataset";
import { readEmbeddings } from "../../data/embeddings";
import { groupByClass } from "../../data/fewshot";
import { maskedImage } from "../../data/masking";
import {
  hardestNegative,
  maskedNegative,
  NEGATIVES,
  ofClass,
  randomNegative,
  sameNegative,
} from "../../data/negatives";
import type { NegativeDraw, Negatives } from "../../data/negatives";
import { drawTriplets, hardNegativesBy, mineHardNegatives } from "../../data/triplets";
import type { LabelledImage, Triplet } from "../../data/types";
import { openModel } from "../../model/open";
import { openEncoder } from "../encoder";
import { embeddingsFile } from "../given";
import { defineStage, givenSchema, REPLIES, type Given } from "../stage";

/** Chains of thought (§4.2). */
export interface CotInputs {
  readonly dataset: Given;
  /** A model that writes them; the dataset's own teacher where absent, so that it is no part of that key. */
  readonly teacher?: Given | undefined;
  /** Chains are written for every n-th seen class; 1 for all. */
  readonly everyNthClass: number;
  readonly imagesPerClass: number;
  readonly descriptions: number;
  readonly maxAttempts: number;
  readonly form: CotForm;
  readonly seed: number;
  /** The released stage-1 file: its chains about training pictures of the dataset are taken, and none written. */
  readonly released?: Given | undefined;
}

const count = z.int().min(1);

/** Curates chains with a model for a teacher, or the dataset's own. Leaves `records.jsonl`. */
export const cotStage = defineStage<CotInputs, CurationReport>({
  kind: "cot",
  version: 1,
  inputs: z.strictObject({
    dataset: givenSchema,
    teacher: givenSchema.optional(),
    everyNthClass: count,
    imagesPerClass: count,
    descriptions: count,
    maxAttempts: count,
    form: z.enum(COT_FORMS),
    seed: z.int().min(0),
    released: givenSchema.optional(),
  }),
  result: curationReportSchema,
  asks: () => ({ teacher: ["generate"] }),
  scraps: [REPLIES],
  run: async (inputs, bench) => {
    const { dataset, teacher: given, released, everyNthClass, imagesPerClass } = inputs;
    const { descriptions, maxAttempts, form, seed } = inputs;
    const data = await bench.dataset(dataset);
    if (released !== undefined) return takeReleased(released, data, bench.folder);
    const settings = { ...DEFAULT_CURATION_SETTINGS, seed, descriptions, maxAttempts, form };
    const { folder } = bench;
    const { progress, signal } = bench.context;
    const items = cotItems(data, everyNthClass, imagesPerClass);
    if (given === undefined) {
      const teacher = required(data.teacher, () => noTeacher(data));
      return (await curate(items, teacher, settings, { folder, progress, signal })).report;
    }
    const model = await openModel(given.at, ["generate"], { ...bench.context, replies: path.join(folder, REPLIES) });
    try {
      const usage = model.usage?.bind(model);
      const teacher = modelTeacher(model, { ...DEFAULT_MODEL_TEACHER_OPTIONS, signal });
      return (await curate(items, teacher, settings, { folder, progress, signal, usage })).report;
    } finally {
      model.dispose();
    }
  },
});

function takeReleased({ at }: Given, data: Dataset, folder: string): CurationReport {
  const all = readReleased(at);
  const records = importReleased(all, data);
  if (records.length === 0) {
    const remedy =
      "Open the dataset with chains=FILE (docs/published-sets.md): then its shots begin with the chains' pictures.";
    throw new LabError(`has no chain about a training picture of ${data.name}`, remedy, { subject: at });
  }
  writeCotRecords(path.join(folder, RECORDS_FILE), records);
  const taken = records.map((record) => ({ imageId: record.imageId, attempts: 1, rejections: {}, record }));
  return summariseOutcomes(RELEASE, 0, taken);
}

function cotItems(dataset: Dataset, everyNthClass: number, imagesPerClass: number): CotItem[] {
  const classes = [...groupByClass(dataset.train).values()].filter((_, index) => index % everyNthClass === 0);
  return classes.flatMap((images) =>
    images.slice(0, imagesPerClass).map((image) => ({ image, question: dataset.question(image) })),
  );
}

function noTeacher({ name }: Dataset): LabError {
  const remedy = "Name a model that writes them (cot.teacher, docs/served.md), or take a method without CoT SFT.";
  return new LabError("has no teacher that could write chains of thought", remedy, { subject: name });
}

/** Triplets (§4.3): each training picture, another of its class, and a negative; by default of the class most easily taken for it. */
export interface TripletInputs {
  readonly dataset: Given;
  /** Its image tower, or a file of its vectors, says which classes are alike: needed for "hard" negatives, and left out for others, which do not ask it. */
  readonly encoder?: Given | undefined;
  /** Which picture is the negative; "hard", mined by the encoder, where absent, so that it is no part of that key. */
  readonly negatives?: Negatives | undefined;
  /** Chance of a patch to be hidden, for "masked" negatives; 0.6 by default, as in PAPO. */
  readonly maskedShare?: number | undefined;
  readonly seed: number;
}

const tripletFields = z.strictObject({
  dataset: givenSchema,
  encoder: givenSchema.optional(),
  negatives: z.enum(NEGATIVES).optional(),
  maskedShare: z.number().min(0).max(1).optional(),
  seed: z.int().min(0),
}) satisfies z.ZodType<TripletInputs>;

const tripletInputs = z.preprocess(
  deciding,
  tripletFields.superRefine(({ encoder, negatives, maskedShare }, context) => {
    const reject = (key: string, message: string): void => {
      context.addIssue({ code: "custom", path: [key], message });
    };
    if (negatives === undefined && encoder === undefined)
      reject("encoder", "hard negatives are mined by one, and there is none");
    if (negatives !== "masked" && maskedShare !== undefined) reject("maskedShare", "only masked negatives take it");
  }),
) satisfies z.ZodType<TripletInputs>;

const groupSchema = z.record(z.string(), z.unknown());

/** What decides the triplets, and so their key: not that negatives are the usual ones, nor an encoder that is not asked. */
function deciding(given: unknown): unknown {
  const group = groupSchema.safeParse(given);
  if (!group.success) return given;
  const { encoder, negatives, ...others } = group.data;
  if (negatives === undefined || negatives === "hard") return encoder === undefined ? others : { ...others, encoder };
  return { ...others, negatives, ...(negatives === "masked" ? { maskedShare: MASKED_SHARE, ...others } : {}) };
}

/** PAPO's code: black_prob. */
const MASKED_SHARE = 0.6;

const TRIPLETS = "triplets.json";
const masked = z.strictObject({ masked: z.string(), share: z.number(), seed: z.int() });
const tripletsSchema = z.array(z.tuple([z.string(), z.string(), z.union([z.string(), masked])]));

/** Draws the triplets of the training pictures. Leaves their ids in `triplets.json`, and the mask of what is masked. */
export const tripletStage = defineStage<TripletInputs, { triplets: number }>({
  kind: "triplets",
  version: 1,
  inputs: tripletInputs,
  result: z.strictObject({ triplets: z.int().min(1) }),
  run: async (inputs, bench) => {
    const data = await bench.dataset(inputs.dataset);
    const drawn = drawTriplets(data, await negativesOf(inputs, data), inputs.seed);
    writeJson(path.join(bench.folder, TRIPLETS), drawn.map(idsOf));
    return { triplets: drawn.length };
  },
});

async function negativesOf({ encoder, negatives, maskedShare }: TripletInputs, data: Dataset): Promise<NegativeDraw> {
  switch (negatives) {
    case "hardest":
      return hardestNegative(data);
    case "random":
      return randomNegative(data);
    case "same":
      return sameNegative(data);
    case "masked":
      return maskedNegative(maskedShare ?? MASKED_SHARE);
    default:
      return minedBy(
        required(encoder, () => new RangeError("negativesOf: no encoder")),
        data,
      );
  }
}

async function minedBy(given: Given, data: Dataset): Promise<NegativeDraw> {
  const file = embeddingsFile(given.at);
  if (file !== undefined) {
    const mined = hardNegativesBy(data, readEmbeddings(file));
    return ofClass(data, ({ id }) => mined[id]?.negative);
  }
  const encoder = openEncoder(given);
  try {
    const mined = await mineHardNegatives(data, (images) => encoder.encodeImages(images));
    return ofClass(data, ({ id }) => mined[id]?.negative);
  } finally {
    encoder.dispose();
  }
}

function idsOf({ anchor, positive, negative }: Triplet): z.output<typeof tripletsSchema>[number] {
  const third = "mask" in negative ? { masked: negative.id, ...negative.mask } : negative.id;
  return [anchor.id, positive.id, third];
}

/** The triplets that a stage drew. @throws LabError when they are about other pictures */
export function readTriplets({ name, train }: Dataset, folder: string): Triplet[] {
  const file = path.join(folder, TRIPLETS);
  const images = new Map(train.map((image) => [image.id, image]));
  const find = (id: string): LabelledImage =>
    required(
      images.get(id),
      () => new LabError(`names "${id}", no training picture of ${name}`, "Mine again.", { subject: file }),
    );
  const negativeOf = (third: string | z.output<typeof masked>): Triplet["negative"] => {
    if (typeof third === "string") return find(third);
    const { masked: id, ...mask } = third;
    return maskedImage(find(id), mask);
  };
  return readStored(file, tripletsSchema, "file of triplets", "Remove its folder, and they are mined again.").map(
    ([anchor, positive, third]) => ({
      anchor: find(anchor),
      positive: find(positive),
      negative: negativeOf(third),
    }),
  );
}
