import * as path from "node:path";
import { z } from "zod";
import { readStored } from "../../config/stored";
import { LabError } from "../../core/errors";
import { writeJson } from "../../core/files";
import { renderAnalysis } from "../../cot/stages";
import type { Dataset } from "../../data/dataset";
import { chainForm, encoderTemplates, hasStepByStep, PROMPT_SETS, type PromptSet } from "../../data/prompts";
import type { BenchmarkItem, SubCategory } from "../../data/types";
import { readAnswers } from "../../eval/answers";
import { askAll, chooseAll } from "../../eval/asking";
import { SETTINGS, type Setting } from "../../eval/metrics";
import { similarities } from "../../eval/similarity";
import type { Strategies } from "../../eval/strategies";
import type { Capability } from "../../model/contract";
import { openModel } from "../../model/open";
import { promptStyleSchema, styled, type PromptStyle } from "../../model/styled";
import { openEncoder } from "../encoder";
import { defineStage, givenSchema, isEncoder, REPLIES, refSchema, type Given, type Ref } from "../stage";
import { checkpointFolder } from "./training";

/**
 * An inference strategy (§5.3, Fig. 3b): what is done for a model when it is asked, beyond the plain question. "stepByStep" asks for a
 * chain of thought by a sentence (zero-shot CoT), "inContext" first shows a training picture of each candidate that has some; templates
 * are the sentences that an encoder reads for a class (prompt ensembling). `analysis` is no help but an intervention: the chain's visual
 * analysis is written for the model, that of the picture's own class or of the one most easily taken for it, and it goes on from there.
 */
export type Strategy =
  "stepByStep" | "inContext" | { readonly templates: readonly string[] } | { readonly analysis: "own" | "lookalike" };

const strategySchema: z.ZodType<Strategy> = z.union([
  z.enum(["stepByStep", "inContext"]),
  z.strictObject({ templates: z.array(z.string().includes("{class}")).min(1) }),
  z.strictObject({ analysis: z.enum(["own", "lookalike"]) }),
]);

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
  /** Left out, it is the plain question, or the wording's one sentence for a class: so the keys of such answers stay as they were. */
  readonly strategy?: Strategy | undefined;
  /** How the model's family wants any prompt; left out: as it is. */
  readonly style?: PromptStyle | undefined;
}

/** Why a strategy is none for these inputs; `undefined` where it is one. */
function misuse({ model, setting, thinking, promptSet, strategy }: AnswersInputs): string | undefined {
  const chooses = isEncoder(model);
  if (chooses && setting === "open") return "an encoder chooses among options: ask in the closed setting";
  if (strategy === undefined) return undefined;
  const hasTemplates = typeof strategy === "object" && "templates" in strategy;
  if (chooses !== hasTemplates)
    return chooses ? "an encoder has templates for its strategy" : "templates are for encoders: a model is asked";
  if (strategy === "inContext" && setting === "open") return "inContext needs candidates: ask in the closed setting";
  if (typeof strategy === "object" && "analysis" in strategy)
    return thinking ? undefined : "an analysis is part of a chain: thinking must be true";
  if (strategy !== "stepByStep") return undefined;
  if (!thinking) return "stepByStep asks for reasoning: thinking must be true";
  return hasStepByStep(promptSet) ? undefined : `the wording ${promptSet} has no sentence for stepByStep: leave it out`;
}

/** What is asked of a model: with an analysis that is written for it, to go on from there. */
function needsOf(strategy: Strategy | undefined): readonly Capability[] {
  return typeof strategy === "object" && "analysis" in strategy ? ["generate", "goOn"] : ["generate"];
}

export const ANSWERS = "answers.jsonl";

/** Asks a model once; its answers, raw, are in `answers.jsonl`. */
export const answersStage = defineStage<AnswersInputs, { answers: number }>({
  kind: "answers",
  version: 2,
  inputs: z
    .strictObject({
      model: refSchema,
      dataset: givenSchema,
      setting: z.enum(SETTINGS),
      thinking: z.boolean(),
      promptSet: z.enum(PROMPT_SETS),
      optionOrder: z.enum(["shuffled", "released"]),
      seed: z.int().min(0),
      maxNewTokens: z.int().min(1),
      batchSize: z.int().min(1),
      strategy: strategySchema.optional(),
      style: promptStyleSchema.optional(),
    })
    .superRefine((inputs, context) => {
      const message = misuse(inputs);
      if (message !== undefined) context.addIssue({ code: "custom", path: ["strategy"], message });
    }),
  result: z.strictObject({ answers: z.int().min(0) }),
  asks: ({ strategy }) => ({ model: needsOf(strategy) }),
  scraps: [REPLIES],
  run: async ({ model: ref, dataset: given, strategy, style, ...asking }, bench) => {
    const dataset = await bench.dataset(given);
    const items = testItems(dataset);
    const { progress, signal } = bench.context;
    const watched = { answersFile: path.join(bench.folder, ANSWERS), label: bench.label, progress, signal };
    if (isEncoder(ref)) {
      const encoder = openEncoder(ref);
      const { promptSet, optionOrder, seed } = asking;
      const own = typeof strategy === "object" && "templates" in strategy ? strategy.templates : undefined;
      const templates = own ?? encoderTemplates(promptSet).slice(0, 1);
      const options = { templates, optionOrder, seed, ...watched };
      try {
        return { answers: (await chooseAll(encoder, items, options)).length };
      } finally {
        encoder.dispose();
      }
    }
    const opening = { ...bench.context, replies: path.join(bench.folder, REPLIES) };
    const model = styled(await openModel(checkpointFolder(bench, ref), needsOf(strategy), opening), style);
    try {
      const how = { ...asking, ...strategiesOf(strategy, dataset, asking.promptSet), ...watched };
      return { answers: (await askAll(model, items, how)).length };
    } finally {
      model.dispose();
    }
  },
});

function strategiesOf(strategy: Strategy | undefined, dataset: Dataset, promptSet: PromptSet): Strategies {
  if (strategy === "stepByStep") return { stepByStep: true };
  if (strategy === "inContext") return { demonstrations: dataset.train };
  if (strategy === undefined || "templates" in strategy) return {};
  const { describe, lookalikes, name } = dataset;
  if (describe === undefined || lookalikes === undefined) {
    const remedy = "Leave it out, or take a dataset that knows, such as a mini-world.";
    throw new LabError("does not know what its classes look like, so no analysis can be written", remedy, {
      subject: name,
    });
  }
  const shown = ({ image: { subCategory: own } }: BenchmarkItem): SubCategory =>
    strategy.analysis === "own" ? own : (lookalikes(own).find(({ id }) => id !== own.id) ?? own);
  return { beginning: (item) => renderAnalysis(chainForm(promptSet), describe(shown(item))) };
}

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
