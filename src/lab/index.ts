/**
 * Where experiments are put together and run: profiles, stages, methods, records. It knows every part and no single experiment.
 */

export { loadProfile, type Profile } from "./profile";
export { labOf, type Lab } from "./lab";
export { openDataset } from "./datasets";
export { openEncoder, type OpenedEncoder } from "./encoder";
export { givenCheckpoint, givenDataset, givenEncoder } from "./given";
export { defineStage, withInputs, type Given, type Stage, type StageDefinition } from "./stage";
export { make, makeAll } from "./make";
export { cotStage, readTriplets, tripletStage } from "./kinds/data";
export { rlExamples, rlStage, sftStage, type Trained } from "./kinds/training";
export { answersStage, similarityStage, testItems, type Strategy } from "./kinds/asking";
export { sharesStage } from "./kinds/shares";
export { onePerClass, pairsOf, separabilityStage } from "./kinds/states";
export { profileTable } from "./profileTable";
export { chains, cotSft, dapo, fineR1, grpo, labelSft, rl, separability, sft, shares, triplets } from "./recipe";
export { encoderRows, modelRows, row } from "./rows";
export { defineExperiment, variant, type Experiment, type Method, type Recipe } from "./experiment";
export { answersOf, makeMethods, planRun, score, stagesOf, type MadeMethod } from "./run";
export { classSheet, lookAtAnswers, lookAtChains, lookAtRollouts, lookAtTriplets, tripletStrip } from "./look";
export { openLab, type NotebookLab, type NotebookRun } from "./notebook";
export { findingsOf, type Findings } from "./findings";
export { beginRun, publish, type Published } from "./publish";
export { keptFolder, readKept, worldOf } from "./kept";
export { exportScorecard, scorecardOf, type Scorecard } from "./scorecard";
