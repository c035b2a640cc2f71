/**
 * Worker processes that share the work of a model, piece by piece. Whoever does a piece, the result is the same to the bit.
 */

export { openWorkers } from "./open";
export { workerCount, type WorkerCount } from "./count";
export { allOf, inOrder, runAll, runHere, type Job, type Runner, type Task } from "./job";
export { Pool } from "./pool";
