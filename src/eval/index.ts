/**
 * Asking, and measuring what was answered. A model is asked every question once (`asking.ts`), its answers are kept as they were
 * said (`answers.ts`), and every metric (`metrics.ts`) is a pure function of them, laid out as tidy rows (`measure.ts`) with
 * intervals over items and over seeds. No stages, experiments or tables, and no metric that asks a model.
 */

export { readAnswers, saidIn, type Answer } from "./answers";
export { ask, type Answered, type AskOptions, type ScoredName } from "./ask";
export { askAll, chooseAll, type AskingOptions, type ChoosingOptions } from "./asking";
export { pairedBootstrap, type BootstrapDifference, type BootstrapOptions, type SeedDifference } from "./bootstrap";
export {
  judge,
  VERDICT_RULE,
  WORLDS_RULE,
  type Claim,
  type ClaimedDifference,
  type JudgedClaim,
  type Verdict,
} from "./claims";
export { effectOf, withoutSeed, type Difference, type Effect, type WorldResults } from "./effects";
export { changeMeasurements, changeOf, CHANGES, countChanges } from "./changes";
export type { Change, ChangeCounts, Changes } from "./changes";
export { averageScore, meanScore, wilson, type Score } from "./intervals";
export { isClosedCorrect, isTextIncluded, relativeSimilarity } from "./judge";
export { measure, scoreOf, type Measuring } from "./measure";
export { askQuestions, countAnswers, isRight, questionMeasurements } from "./questions";
export type { QuestionAnswer, QuestionAsking, QuestionCounts } from "./questions";
export { select, type Measurement } from "./measurements";
export { chainMetrics, metricNamed, METRICS, type Metric, type MetricContext, type Setting } from "./metrics";
export { outcomesOf, type Outcomes } from "./outcomes";
export { detectableOverSeeds, powerOverSeeds } from "./power";
export { cosineSimilarity, similarities, type TextSimilarity } from "./similarity";
export { independentTTest, mcnemar, meanOverSeeds, pairedTTest } from "./statistics";
export type { ItemDifference, SeedMean, TTest } from "./statistics";
export { judgeOver, worldsFor, type PooledClaim, type WorldNote } from "./worlds";
export { drawDemonstrations, type Strategies } from "./strategies";
