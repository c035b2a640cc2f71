import * as path from "node:path";
import type { QwenOptions } from "../../src/model/qwen/model";
import { Pool } from "../../src/workers";

/** What a model of the bench is opened with so that its work is shared among processes. */
export type Workers = Pick<QwenOptions, "workers">;

/** What a worker process runs, compiled together with the bench. */
const PROGRAM = path.join(__dirname, "..", "..", "src", "worker.js");

/**
 * Opens as many worker processes and hands them over; they end with `use`.
 * @param count 1: all is done in this process, as users have it
 */
export async function withWorkers(count: number, use: (workers: Workers) => Promise<void>): Promise<void> {
  if (count === 1) return use({});
  const workers = new Pool(count, PROGRAM);
  try {
    await use({ workers });
  } finally {
    workers.close();
  }
}
