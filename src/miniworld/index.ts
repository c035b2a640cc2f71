/**
 * One dataset: a world of drawings that any laptop trains on, with its teacher, its judge of chains and the base models made for
 * it. Nothing outside knows what an attribute is.
 */

export { COLOURS, DOMAINS, loadWorldConfig, PATTERNS, TAILS, type WorldConfig } from "./config";
export { describe, SLOTS, type Attributes } from "./attributes";
export { writeChain } from "./chain";
export type { WorldClass } from "./classes";
export { buildMiniWorld, isMiniWorld } from "./world";
export type { ClassPicture, MiniWorld } from "./types";
export { STEP_KINDS as CHAIN_STEPS } from "./chainMarks";
export { miniTeacher } from "./teacher";
export { buildBase, type BaseWork, type BuiltBase } from "./base/build";
export { measureGates, type Gate } from "./base/gates";
