/**
 * Asking, and metrics as pure functions of raw answers; measurements, intervals and statistics. No tables.
 */

export { scoreOf, tableColumns, tableScores, type Metric, type SplitScores, type TableScores } from "./aggregate";
export { ask, type Answered, type AskOptions, type ScoredName } from "./ask";
export { choiceCheck, type ChoiceCheck } from "./choice";
export { firstPositionBias, seenNameShare } from "./diagnostics";
export { evaluateDualEncoder } from "./dualEncoder";
export { evaluate, type EvaluationOptions } from "./evaluate";
export { averageScore, meanScore, wilson, type Score } from "./intervals";
export { isClosedCorrect, isTextIncluded, relativeSimilarity } from "./judge";
export { readRecords, type EvaluationRecord } from "./records";
export { cosineSimilarity, type TextSimilarity } from "./similarity";
