import * as path from "node:path";
import { z } from "zod";
import { readStored } from "../../config/stored";
import { writeJson } from "../../core/files";
import type { Dataset } from "../../data/dataset";
import { encoderTemplate, PROMPT_SETS, type PromptSet } from "../../data/prompts";
import type { BenchmarkItem } from "../../data/types";
import { readAnswers } from "../../eval/answers";
import { askAll, chooseAll } from "../../eval/asking";
import { SETTINGS, type Setting } from "../../eval/metrics";
import { similarities } from "../../eval/similarity";
import { openModel } from "../../model/open";
import { openEncoder } from "../encoder";
import { defineStage, givenSchema, refSchema, type Given, type Ref } from "../stage";
import { checkpointFolder } from "./training";

/** A model and the test questions that it is asked, of both splits. */
export interface AnswersInputs {
  /** A checkpoint, a training stage or an encoder (closed world only). */
  readonly model: Ref;
  readonly dataset: Given;
  readonly setting: Setting;
  readonly thinking: boolean;
  readonly promptSet: PromptSet;
  /** "shuffled" by the seed and the item's id, or as released with the right option first [17]. */
  readonly optionOrder: "shuffled" | "released";
  /** Orders the options. A part of the benchmark, not of a run: every run of every seed is asked the same. */
  readonly seed: number;
  readonly maxNewTokens: number;
  readonly batchSize: number;
}

export const ANSWERS = "answers.jsonl";

/** Asks a model once; its answers, raw, are in `answers.jsonl`. */
export const answersStage = defineStage<AnswersInputs, { answers: number }>({
  kind: "answers",
  version: 2,
  inputs: z.strictObject({
    model: refSchema,
    dataset: givenSchema,
    setting: z.enum(SETTINGS),
    thinking: z.boolean(),
    promptSet: z.enum(PROMPT_SETS),
    optionOrder: z.enum(["shuffled", "released"]),
    seed: z.int().min(0),
    maxNewTokens: z.int().min(1),
    batchSize: z.int().min(1),
  }),
  result: z.strictObject({ answers: z.int().min(0) }),
  asks: { model: ["generate"] },
  run: async ({ model: ref, dataset, ...asking }, bench) => {
    const items = testItems(await bench.dataset(dataset));
    const { progress, signal } = bench.context;
    const watched = { answersFile: path.join(bench.folder, ANSWERS), label: bench.label, progress, signal };
    if ("given" in ref && ref.given === "encoder") {
      const encoder = openEncoder(ref);
      const { promptSet, optionOrder, seed } = asking;
      const options = { template: encoderTemplate(promptSet), optionOrder, seed, ...watched };
      try {
        return { answers: (await chooseAll(encoder, items, options)).length };
      } finally {
        encoder.dispose();
      }
    }
    const model = await openModel(checkpointFolder(bench, ref), ["generate"], bench.context);
    try {
      return { answers: (await askAll(model, items, { ...asking, ...watched })).length };
    } finally {
      model.dispose();
    }
  },
});

/** The test questions of both splits, seen classes first. */
export function testItems(dataset: Dataset): BenchmarkItem[] {
  return [...dataset.test("seen"), ...dataset.test("unseen")];
}

/** SS_relative (Eq. 5) of open-world answers. */
export interface SimilarityInputs {
  readonly answers: Ref;
  /** Whether they came with a chain of thought, which is not compared. */
  readonly thinking: boolean;
  /** Its text tower is Sim. */
  readonly encoder: Given;
  /** ĉ: the dataset's super-category, or found in the picture's id as in the release [15]. */
  readonly superCategory: "dataset" | "released";
}

const SIMILARITY = "similarity.json";
const similaritySchema = z.record(z.string(), z.number());

/** Compares answers with the truth by an encoder of texts. Leaves a number per answer in `similarity.json`. */
export const similarityStage = defineStage<SimilarityInputs, { answers: number }>({
  kind: "similarity",
  version: 1,
  inputs: z.strictObject({
    answers: refSchema,
    thinking: z.boolean(),
    encoder: givenSchema,
    superCategory: z.enum(["dataset", "released"]),
  }),
  result: z.strictObject({ answers: z.int().min(0) }),
  run: async ({ answers: ref, thinking, encoder: given, superCategory }, bench) => {
    const answers = readAnswers(path.join(bench.place(ref), ANSWERS));
    const encoder = openEncoder(given);
    try {
      const scores = await similarities(answers, { similarity: encoder.similarity, thinking, superCategory });
      writeJson(path.join(bench.folder, SIMILARITY), Object.fromEntries(scores));
      return { answers: scores.size };
    } finally {
      encoder.dispose();
    }
  },
});

/** What a similarity stage left, by the answers' ids. */
export function readSimilarities(folder: string): ReadonlyMap<string, number> {
  const file = path.join(folder, SIMILARITY);
  return new Map(Object.entries(readStored(file, similaritySchema, "file of similarities", `Remove ${folder}.`)));
}
