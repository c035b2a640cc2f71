/**
 * Stage 2 (§4.3): rewards, advantages, the objective and its terms (`terms.ts`, pure functions), rollouts, training. DAPO and GRPO are
 * the same with other options. No datasets, folders or stages.
 */

export { groupAdvantages } from "./advantages";
export { isInformative, nextMove } from "./dynamicSampling";
export { OBJECTIVE_FIGURES, readFigures, tapoObjective } from "./objective";
export type { ObjectiveFigures, ObjectiveInput, ObjectiveOutput } from "./objective";
export { withMinedNegatives } from "./mining";
export { DAPO, DEFAULTS, GRPO, TAPO, type ObjectiveOptions, type TapoOptions } from "./options";
export { reward, type Reward } from "./rewards";
export { collectRollouts, type Rollout, type RolloutBatch, type TapoExample } from "./rollouts";
export { matchedWeight, sizedGamma, TERM_CHOICES, termShares } from "./shares";
export type { Share, TermChoice, TermShare, TermShares } from "./shares";
export { k3, negativeKl, policyTerm, sampledEntropy, TERMS, type ClipRange, type Term, type TermData } from "./terms";
export { tokenWeights, weightedSum } from "./tokenMean";
export { tapo, tapoSteps, type TapoRun } from "./train";
