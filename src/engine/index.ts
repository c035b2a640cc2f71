/**
 * Optimiser, schedules, the resumable training loop. It knows tensors and steps, and no model.
 */

export { AdamW, ADAMW_DEFAULTS, type AdamWOptions } from "./adamw";
export { constant, cosine, linear, oneCycle, type Schedule } from "./schedule";
export { microBatch, type Gradient, type Loss, type MicroBatch, type PreparedLoss } from "./gradient";
export { train, type Step, type StepFigures, type TrainOptions, type TrainTask } from "./train";
