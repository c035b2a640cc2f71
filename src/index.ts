/**
 * The library as notebooks use it: `import { … } from "../dist"`. A name that is not here is no part of the public
 * surface and may change without notice.
 */

// the tensors that losses and models work on
export * as tf from "@tensorflow/tfjs-core";

// core: errors, seeded random numbers, progress, the tensor engine, answers
export { loadBackend, requireTraining, type BackendInfo } from "./core/backend";
export { LabError, messageOf } from "./core/errors";
export { formatAnswer, includesText, parseAnswer, type ParsedAnswer } from "./core/answer";
export { Random } from "./core/random";
export { check, silent, type Progress, type ProgressTask } from "./core/progress";
export { readJson, readJsonl, writeJson } from "./core/files";
export type { RgbImage } from "./core/image";
export { openSafetensors, writeSafetensors, type SafetensorsFile } from "./core/safetensors";

// config: strict YAML files
export { checkConfig, loadConfig, ROOT } from "./config/load";
export { recordFolder, reportFolder, resultsRoot, runFolder, runsRoot } from "./config/places";
export { COLOURS, DOMAINS, loadWorldConfig, PATTERNS, TAILS, type WorldConfig } from "./miniworld/config";

// model: one contract; Qwen2-VL and Qwen2.5-VL in TensorFlow.js, a scripted model, a SigLIP-style encoder
export type {
  ChatMessage,
  Completion,
  HiddenStateOptions,
  PreparedBatch,
  Prompt,
  SamplingOptions,
  Scored,
  TrainableModel,
  VisionLanguageModel,
} from "./model/contract";
export type { DualEncoder } from "./model/dualEncoder";
export { EVERYTHING, LANGUAGE_ONLY, selectParameters, type TrainableParts } from "./model/parameters";
export { readQwenConfig, type QwenConfig } from "./model/qwen/config";
export { fitImage, processImage, smartResize, type ImageProcessorConfig } from "./model/qwen/imageProcessor";
export { QwenModel, type QwenOptions } from "./model/qwen/model";
export { QwenTokenizer } from "./model/qwen/tokenizer";
export { readScript, type Script, type ScriptedAnswer } from "./model/scripted/script";
export { ScriptedModel } from "./model/scripted/scriptedModel";
export { MiniDualEncoder } from "./model/siglip/dualEncoder";

// engine: optimiser, schedules, the resumable training loop
export { AdamW, ADAMW_DEFAULTS, type AdamWOptions } from "./engine/adamw";
export { constant, cosine, linear, oneCycle, type Schedule } from "./engine/schedule";
export { train, type MicroBatch, type Step, type StepFigures, type TrainOptions, type TrainTask } from "./engine/train";

// data: the mini-world, few-shot sampling, triplets, prompts, pictures
export type { BenchmarkItem, LabelledImage, SubCategory, Triplet } from "./data/types";
export { groupByClass, sampleFewShot } from "./data/fewshot";
export { decodeImage, readImage } from "./data/images";
export { encodePng } from "./data/rasters";
export { buildPrompt, buildTrainingPrompt, promptText, type PromptRequest, type PromptSet } from "./data/prompts";
export { splitClasses } from "./data/splits";
export { drawTriplets, mineHardNegatives, mineTriplets, type TripletOptions } from "./data/triplets";
export { describe, SLOTS, type Attributes } from "./miniworld/attributes";
export { writeChain } from "./miniworld/chain";
export { chainOutcomes, checkChain, checkInWords } from "./data/chains";
export type { ChainCheck, ChainJudge, MarkedStep } from "./data/chains";
export type { Dataset } from "./data/dataset";
export type { WorldClass } from "./miniworld/classes";
export { buildMiniWorld } from "./miniworld/world";
export type { ClassPicture, MiniWorld } from "./miniworld/types";

// cot: concepts, prompts, curation → records
export { checkChainText, REJECTION_REASONS, type RejectionReason } from "./cot/checks";
export { extractConcepts, selectConcepts, type ConceptOptions } from "./cot/concepts";
export { curate, DEFAULT_CURATION_SETTINGS, type CurationSettings } from "./cot/curate";
export { miniTeacher } from "./miniworld/teacher";
export { modelTeacher } from "./cot/modelTeacher";
export type { CurationReport } from "./cot/outcomes";
export { readCotRecords, writeCotRecords, type CotRecord } from "./cot/records";
export { parseTagged, renderTagged, renderText, type CotStages } from "./cot/stages";
export type { Teacher } from "./data/teacher";
export { COT_TEMPLATE, cotPrompt } from "./cot/template";

// sft: records → checkpoint
export { nextTokenLoss } from "./sft/loss";
export type { SftOptions } from "./sft/options";
export { sft, type SftExample, type SftRun } from "./sft/train";

// tapo: rewards, advantages, the objective term by term, rollouts, training
export { groupAdvantages } from "./tapo/advantages";
export { isInformative, nextMove } from "./tapo/dynamicSampling";
export { sampledEntropy } from "./tapo/entropy";
export { k3, negativeKl } from "./tapo/negativeKl";
export { OBJECTIVE_FIGURES, readFigures, tapoObjective } from "./tapo/objective";
export type { ObjectiveFigures, ObjectiveInput, ObjectiveOutput } from "./tapo/objective";
export { DAPO, DEFAULTS, GRPO, TAPO, type ObjectiveOptions, type TapoOptions } from "./tapo/options";
export { policyTerm, type ClipRange } from "./tapo/policyLoss";
export { reward, type Reward } from "./tapo/rewards";
export { collectRollouts, type Rollout, type RolloutBatch, type TapoExample } from "./tapo/rollouts";
export { tokenWeights, weightedSum } from "./tapo/tokenMean";
export { tapo, tapoSteps, type TapoRun } from "./tapo/train";

// eval: closed world, open world, encoders, scores with intervals
export { scoreOf, tableColumns, tableScores, type Metric, type SplitScores, type TableScores } from "./eval/aggregate";
export { ask, type Answered, type AskOptions, type ScoredName } from "./eval/ask";
export { choiceCheck, type ChoiceCheck } from "./eval/choice";
export { firstPositionBias, seenNameShare } from "./eval/diagnostics";
export { evaluateDualEncoder } from "./eval/dualEncoder";
export { evaluate, type EvaluationOptions } from "./eval/evaluate";
export { averageScore, meanScore, wilson, type Score } from "./eval/intervals";
export { isClosedCorrect, isTextIncluded, relativeSimilarity } from "./eval/judge";
export { readRecords, type EvaluationRecord } from "./eval/records";
export { cosineSimilarity, type TextSimilarity } from "./eval/similarity";

// analysis: where chains break, principal components, separability (H3)
export { chainAnswers, chainErrorRows, type ChainErrorRow } from "./analysis/chainErrors";
export { ridgeRegression, valueAt, type LinearFunction } from "./analysis/leastSquares";
export { pca, project, reconstruct, type Pca } from "./analysis/pca";
export { namePairs, pairPrompt, pairStates, separability } from "./analysis/separability";
export type { NamePair, Separability } from "./analysis/separability";

// experiments: profiles, cached stages, the quickstart, the base models, run records
export { loadProfile, loadVariant, type Profile } from "./lab/profile";
export { openLab, type Lab, type LabOptions } from "./lab/lab";
export { digest, quietContext, runStage, type Finished, type RunContext } from "./store/stage";
export { checkpointOf, cotExamples, cotRecords, cotStage, givenCheckpoint } from "./lab/training";
export { labelExamples, rlStage, sftStage, tripletStage } from "./lab/training";
export type { Checkpoint, Trained } from "./lab/training";
export { evaluateEncoderStage, evaluateStage, testItems, type Asking } from "./lab/evaluation";
export { openEncoder, type OpenedEncoder } from "./lab/encoder";
export { contrasts, minedTriplets, separabilityStage, type Contrast } from "./lab/explore";
export { dapoOptions, quickstart, QUICKSTART_ROWS } from "./experiments/quickstart";
export type { QuickstartResult, QuickstartRow, QuickstartRowName } from "./experiments/quickstart";
export { buildBase, type BaseWork, type BuiltBase } from "./miniworld/base/build";
export { measureGates, type Gate } from "./miniworld/base/gates";
export { startRun, type RunRecord } from "./lab/provenance";
export { versionsNow } from "./store/facts";

// report: tables and figures as data, their exports, the notebook's displays
export { resultTable, type Column, type Estimate, type ResultTable, type Row } from "./report/table/table";
export { toCsv } from "./report/table/csv";
export { toDataFrame } from "./report/table/dataframe";
export { exportTable } from "./report/table/export";
export { toHtml } from "./report/table/html";
export { toLatex } from "./report/table/latex";
export { toMarkdown } from "./report/table/markdown";
export { toText } from "./report/table/text";
export { groupedBars } from "./report/figure/bars";
export { trainingCurves } from "./report/figure/curves";
export { exportFigure, figurePng, figureSvg } from "./report/figure/export";
export type { Figure, PlotlyFigure } from "./report/figure/figure";
export { heatMap } from "./report/figure/matrix";
export { pcaScatter } from "./report/figure/scatter";
export { imageStrip, type CaptionedImage } from "./report/figure/strip";
export { interruptSignal } from "./report/display/interrupt";
export { notebook, type Notebook } from "./report/display/notebook";
export { terminalProgress } from "./report/display/terminal";
export { together } from "./report/display/together";
export { accuracyFigure, METHOD_COLOURS, rlFigure, sftFigure } from "./report/quickstart/figures";
export { genusSheet, tripletPictures } from "./report/quickstart/pictures";
export { publishQuickstart, quickstartFolder, quickstartSpec, quickstartTables } from "./report/quickstart/publish";
export { separabilityFigure } from "./report/quickstart/separabilityFigure";
export { contrastTable, curationTable, profileTable, recordTable, stageLine } from "./report/quickstart/stepTables";
export { chainErrorTable, quickstartTable } from "./report/quickstart/tables";
