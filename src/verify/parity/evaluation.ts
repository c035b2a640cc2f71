import * as z from "zod";
import { promptText } from "../../data/prompts";
import {
  answerOf,
  isClosedCorrect,
  isTextIncluded,
  openPrediction,
  relativeSimilarity,
  releasedSuperCategory,
} from "../../eval/judge";
import { largestError, ParityCollector, readReference, type ParityRow } from "./rows";

/** Similarities are sums of a few doubles: what is left is their rounding. */
const ROUNDING = 1e-9;

const caseSchema = z.strictObject({
  item: z.strictObject({
    image_path: z.string(),
    question: z.string(),
    options: z.array(z.string()).min(1),
    ground_truth: z.string(),
  }),
  output: z.string(),
  expected: z.strictObject({
    parsedAnswer: z.string().nullable(),
    closedCorrect: z.boolean(),
    textInclusionCorrect: z.boolean(),
    superCategory: z.string(),
    similarityPrediction: z.number(),
    similaritySuperCategory: z.number(),
    relativeSemanticSimilarity: z.number(),
  }),
});
type Case = z.infer<typeof caseSchema>;

const fileSchema = z.strictObject({
  note: z.unknown().optional(),
  cases: z.array(caseSchema).min(1),
  aggregate: z.strictObject({
    closedAccuracy: z.number(),
    textInclusion: z.number(),
    meanRelativeSemanticSimilarity: z.number(),
  }),
  closedPromptOfFirst: z.string(),
  openPromptOfFirst: z.string(),
});

interface Judged {
  readonly closed: boolean;
  readonly included: boolean;
  readonly relative: number;
}

/**
 * Compares answer parsing, both worlds' decisions, SS_relative (Eq. 5), their aggregates and the released prompts with a
 * file in the format of `tests/reference/golden/evaluation.json`. Decisions and texts must be equal (the error counts
 * those that are not); similarities agree within 1e-9.
 * @throws LabError naming the file when it is not of that shape
 */
export function parityEvaluation(file: string): ParityRow[] {
  const reference = readReference(file, fileSchema);
  const rows = new ParityCollector();
  const judged = reference.cases.map((one) => compare(one, rows));
  const mean = (f: (one: Judged) => number): number => judged.reduce((sum, one) => sum + f(one), 0) / judged.length;
  const { aggregate } = reference;
  const closed = 100 * mean((one) => (one.closed ? 1 : 0));
  const included = 100 * mean((one) => (one.included ? 1 : 0));
  rows.add("closedAccuracy", largestError([closed], [aggregate.closedAccuracy]), ROUNDING);
  rows.add("textInclusion", largestError([included], [aggregate.textInclusion]), ROUNDING);
  const relative = mean((one) => one.relative);
  rows.add(
    "meanRelativeSemanticSimilarity",
    largestError([relative], [aggregate.meanRelativeSemanticSimilarity]),
    ROUNDING,
  );
  const first = (reference.cases[0] as Case).item;
  const request = { question: first.question, superCategory: "", thinking: true };
  const closedPrompt = promptText("released", { ...request, options: first.options });
  rows.add("closedPromptOfFirst", mismatch(closedPrompt, reference.closedPromptOfFirst), 0);
  rows.add("openPromptOfFirst", mismatch(promptText("released", request), reference.openPromptOfFirst), 0);
  return rows.finish();
}

function compare(one: Case, rows: ParityCollector): Judged {
  const { item, output, expected } = one;
  const answer = answerOf(output, true);
  const prediction = openPrediction(answer, output);
  const superCategory = releasedSuperCategory(item.image_path);
  const closed = isClosedCorrect(answer, item.ground_truth);
  const included = isTextIncluded(prediction, item.ground_truth, superCategory === "car");
  const similarity = bigramJaccard(prediction, item.ground_truth);
  const standard = bigramJaccard(superCategory, item.ground_truth);
  const relative = relativeSimilarity(similarity, standard);
  rows.add("parsedAnswer", mismatch(answer, expected.parsedAnswer), 0);
  rows.add("closedCorrect", mismatch(closed, expected.closedCorrect), 0);
  rows.add("textInclusionCorrect", mismatch(included, expected.textInclusionCorrect), 0);
  rows.add("superCategory", mismatch(superCategory, expected.superCategory), 0);
  rows.add("similarityPrediction", largestError([similarity], [expected.similarityPrediction]), ROUNDING);
  rows.add("similaritySuperCategory", largestError([standard], [expected.similaritySuperCategory]), ROUNDING);
  rows.add("relativeSemanticSimilarity", largestError([relative], [expected.relativeSemanticSimilarity]), ROUNDING);
  return { closed, included, relative };
}

function mismatch<T>(ours: T, theirs: T): number {
  return ours === theirs ? 0 : 1;
}

/** The text similarity of the reference file, which needs no weights: Jaccard index of lower-cased character bigrams. */
export function bigramJaccard(a: string, b: string): number {
  const left = bigrams(a);
  const right = bigrams(b);
  const union = new Set([...left, ...right]).size;
  if (union === 0) return a.toLowerCase() === b.toLowerCase() ? 1 : 0;
  const common = [...left].filter((pair) => right.has(pair)).length;
  return common / union;
}

function bigrams(text: string): Set<string> {
  const characters = Array.from(text.toLowerCase());
  return new Set(characters.slice(1).map((character, i) => `${characters[i] ?? ""}${character}`));
}
