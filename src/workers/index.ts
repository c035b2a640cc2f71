/**
 * Worker processes that share the work of models, piece by piece, and the memory that they share. Whoever does a piece, the result is
 * the same to the bit. It knows jobs and weights by name, and no model.
 */

export { openWorkers } from "./open";
export { workerCount, type WorkerCount } from "./count";
export { allOf, runAll, runHere, sideBySide, type Job, type Runner, type Task } from "./job";
export { Pool } from "./pool";
