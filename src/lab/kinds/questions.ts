import * as path from "node:path";
import { z } from "zod";
import { LabError, required } from "../../core/errors";
import type { Dataset } from "../../data/dataset";
import { PROMPT_SETS, type PromptSet } from "../../data/prompts";
import type { QuestionSet } from "../../data/questions";
import { askQuestions, countAnswers, questionCountsSchema, type QuestionCounts } from "../../eval/questions";
import { openModel } from "../../model/open";
import { promptStyleSchema, styled, type PromptStyle } from "../../model/styled";
import { defineStage, givenSchema, REPLIES, refSchema, type Given, type Ref } from "../stage";
import { ANSWERS } from "./asking";
import { checkpointFolder } from "./training";

/** A model and the questions of a dataset that ask for more than a name. */
export interface QuestionsInputs {
  readonly model: Ref;
  readonly dataset: Given;
  readonly promptSet: PromptSet;
  /** Whether it reasons where it is to name a picture. */
  readonly thinking: boolean;
  /** Draws the questions. A part of the benchmark, not of a run: every run of every seed is asked the same. */
  readonly seed: number;
  readonly maxNewTokens: number;
  readonly batchSize: number;
  /** How the model's family wants any prompt; left out: as it is. */
  readonly style?: PromptStyle | undefined;
}

/** Asks a model once; its answers, raw, are in `answers.jsonl`. */
export const questionsStage = defineStage<QuestionsInputs, QuestionCounts>({
  kind: "questions",
  version: 1,
  inputs: z.strictObject({
    model: refSchema,
    dataset: givenSchema,
    promptSet: z.enum(PROMPT_SETS),
    thinking: z.boolean(),
    seed: z.int().min(0),
    maxNewTokens: z.int().min(1),
    batchSize: z.int().min(1),
    style: promptStyleSchema.optional(),
  }),
  result: questionCountsSchema,
  asks: () => ({ model: ["generate"] }),
  scraps: [REPLIES],
  run: async ({ model: ref, dataset: given, seed, style, ...asking }, bench) => {
    const data = await bench.dataset(given);
    const { kinds, draw } = questionsOf(data);
    // of a benchmark, which is nothing but questions: they are no part of what is asked, and are told
    const skipped = data.subCategories.length === 0 ? (data.report?.skipped.length ?? 0) : 0;
    const { progress, signal } = bench.context;
    const watched = { answersFile: path.join(bench.folder, ANSWERS), label: bench.label, progress, signal };
    const opening = { ...bench.context, replies: path.join(bench.folder, REPLIES) };
    const model = styled(await openModel(checkpointFolder(bench, ref), ["generate"], opening), style);
    try {
      const counts = countAnswers(await askQuestions(model, draw(seed), { ...asking, ...watched }), kinds);
      return { counts, ...(skipped === 0 ? {} : { skipped }) };
    } finally {
      model.dispose();
    }
  },
});

/** A dataset's questions for more than a name. @throws LabError where it has none */
export function questionsOf({ name, questions }: Pick<Dataset, "name" | "questions">): QuestionSet {
  const remedy = "Take a dataset that knows more of its classes than their names, such as a mini-world.";
  return required(questions, () => new LabError("has no general questions", remedy, { subject: name }));
}
