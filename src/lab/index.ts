/**
 * Where experiments are put together and run: profiles, stages, methods, records. It knows every part and no single experiment.
 */

export { loadProfile, type Profile } from "./profile";
export { labOf, type Lab } from "./lab";
export { openDataset } from "./datasets";
export { openEncoder, type OpenedEncoder } from "./encoder";
export { givenCheckpoint, givenDataset, givenEncoder, meetModels } from "./given";
export { defineStage, withInputs, type Given, type Stage, type StageDefinition } from "./stage";
export { make, makeAll } from "./make";
export { rayExecutor, type RayOptions } from "./ray/executor";
export type { Executor } from "./stage";
export { cotStage, readTriplets, tripletStage } from "./kinds/data";
export { rlExamples, rlStage, sftStage, type Trained } from "./kinds/training";
export { answersStage, similarityStage, testItems, type Strategy } from "./kinds/asking";
export { questionsOf, questionsStage } from "./kinds/questions";
export { changesStage } from "./kinds/changes";
export { sharesStage } from "./kinds/shares";
export { probeStage, taxonomyStage, type Taxonomy } from "./kinds/knowledge";
export { onePerClass, pairsOf, readStates, separabilityStage, statesStage } from "./kinds/states";
export type { LayeredSeparability } from "./kinds/states";
export { changesFrom, generalQuestions, gradientShares, nameSeparability, pictureProbe, taxonomy } from "./analyses";
export { profileTable } from "./profileTable";
export {
  ablation,
  anchorOnly,
  chains,
  changes,
  cotSft,
  dapo,
  fineR1,
  grpo,
  labelSft,
  matched,
  objective,
} from "./recipe";
export {
  questions,
  rl,
  separability,
  sft,
  shares,
  sized,
  states,
  testAnswers,
  triplets,
  withoutNegative,
} from "./recipe";
export { encoderRows, modelRows, row, trainingSteps } from "./rows";
export {
  defineAnalysis,
  defineExperiment,
  variant,
  type Analysis,
  type Experiment,
  type Method,
  type Recipe,
  type ViewSpec,
} from "./experiment";
export { answersOf, makeMethods, planRun, stagesOf, type MadeMethod } from "./run";
export { score } from "./score";
export { classSheet, lookAtAnswers, lookAtCases, lookAtChains } from "./look";
export { lookAtPairs, lookAtRollouts, lookAtSpecies, lookAtTriplets, optionsStrip, tripletStrip } from "./look";
export { openLab, type NotebookLab, type NotebookRun } from "./notebook";
export { parameters, readSeeds, scorecardParameters, type Parameters } from "./parameters";
export { findingsOf, type Findings } from "./findings";
export { beginRun, publish, type Published } from "./publish";
export { keptFolder, readKept, worldOf } from "./kept";
export { exportScorecard, scorecardFolder, scorecardOf, verdictsOf, worldsOf, type Scorecard } from "./scorecard";
