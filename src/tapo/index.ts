/**
 * Stage 2 (§4.3): rewards, advantages, the objective term by term, rollouts, training. Loss terms are pure functions.
 */

export { groupAdvantages } from "./advantages";
export { isInformative, nextMove } from "./dynamicSampling";
export { sampledEntropy } from "./entropy";
export { k3, negativeKl } from "./negativeKl";
export { OBJECTIVE_FIGURES, readFigures, tapoObjective } from "./objective";
export type { ObjectiveFigures, ObjectiveInput, ObjectiveOutput } from "./objective";
export { DAPO, DEFAULTS, GRPO, TAPO, type ObjectiveOptions, type TapoOptions } from "./options";
export { policyTerm, type ClipRange } from "./policyLoss";
export { reward, type Reward } from "./rewards";
export { collectRollouts, type Rollout, type RolloutBatch, type TapoExample } from "./rollouts";
export { tokenWeights, weightedSum } from "./tokenMean";
export { tapo, tapoSteps, type TapoRun } from "./train";
