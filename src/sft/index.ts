/**
 * Stage 1: supervised fine-tuning. A loss, its options and a loop.
 */

export { nextTokenLoss } from "./loss";
export type { SftOptions } from "./options";
export { sft, type SftExample, type SftRun } from "./train";
