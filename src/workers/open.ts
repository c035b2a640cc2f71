import * as fs from "node:fs";
import * as path from "node:path";
import { ROOT } from "../config/load";
import { LabError } from "../core/errors";
import { workerCount } from "./count";
import { Pool } from "./pool";

/** What a worker process runs; compiled, since workers start without a compiler. */
const PROGRAM = path.join(ROOT, "dist", "worker.js");

/**
 * Worker processes for all that is computed in pieces; `undefined` where one process does as well. They start with the first
 * piece. Called after `loadBackend`.
 * @param asked a number or "auto", as `--workers` gives it
 * @param say told a line where there are fewer than cores
 * @throws LabError where the workers' program has not been built
 */
export function openWorkers(asked?: string, say: (line: string) => void = () => undefined): Pool | undefined {
  const { workers, because } = workerCount(asked);
  if (because !== undefined) say(because);
  if (workers === 1) return undefined;
  if (!fs.existsSync(PROGRAM)) {
    throw new LabError("is not there", "Run `npm run build`.", { subject: path.relative(ROOT, PROGRAM) });
  }
  return new Pool(workers, PROGRAM);
}
