/**
 * Stage 1: supervised fine-tuning. A loss, its options and a loop; no chains, names or datasets:
 * where its examples come from is the caller's part.
 */

export { nextTokenLoss } from "./loss";
export type { SftOptions } from "./options";
export { sft, type SftExample, type SftRun } from "./train";
