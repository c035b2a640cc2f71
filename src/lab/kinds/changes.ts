import * as path from "node:path";
import { z } from "zod";
import { required } from "../../core/errors";
import { readAnswers } from "../../eval/answers";
import { accuracy } from "../../eval/metrics";
import { changeOf, countChanges, type ChangeCounts, type Changes } from "../../eval/changes";
import { defineStage, refSchema, type Ref } from "../stage";
import { ANSWERS } from "./asking";

/** Two models' answers to the same questions. */
export interface ChangesInputs {
  readonly before: Ref;
  readonly after: Ref;
  /** Whether each came with a chain of thought. */
  readonly thinking: readonly [boolean, boolean];
  /** How a name is judged (`accuracy`). */
  readonly superCategory: "dataset" | "released";
}

const count = z.int().min(0);
const countsSchema: z.ZodType<ChangeCounts> = z.strictObject({
  counts: z.strictObject({ mended: count, spoiled: count, "both right": count, "both wrong": count }),
  p: z.number().min(0).max(1),
});

/** Counts what becomes of answers from one model to another: the two by two table of McNemar's test. */
export const changesStage = defineStage<ChangesInputs, Changes>({
  kind: "changes",
  version: 1,
  inputs: z.strictObject({
    before: refSchema,
    after: refSchema,
    thinking: z.tuple([z.boolean(), z.boolean()]),
    superCategory: z.enum(["dataset", "released"]),
  }),
  result: z.strictObject({ seen: countsSchema, unseen: countsSchema }),
  run: ({ before, after, thinking: [first, last], superCategory }, bench) => {
    const answersOf = (ref: Ref) => readAnswers(path.join(bench.place(ref), ANSWERS));
    const earlier = new Map(answersOf(before).map((answer) => [answer.id, answer]));
    const changes = answersOf(after).map((answer) => {
      const other = required(earlier.get(answer.id), () => new RangeError(`changes: ${answer.id} was asked once`));
      const isRight = (one: typeof answer, thinking: boolean): boolean =>
        accuracy.of(one, { thinking, classes: [], superCategory }) === true;
      return { seen: answer.seen, change: changeOf(isRight(other, first), isRight(answer, last)) };
    });
    const of = (split: boolean): ChangeCounts =>
      countChanges(changes.filter(({ seen }) => seen === split).map(({ change }) => change));
    return Promise.resolve({ seen: of(true), unseen: of(false) });
  },
});
