import * as path from "node:path";
import { ROOT } from "./load";

/** Where finished tables, figures and run records go: results/, or the folder that FINE_R1_RESULTS names. */
export function resultsRoot(): string {
  return path.resolve(process.env["FINE_R1_RESULTS"] ?? path.join(ROOT, "results"));
}

/** Where work that can be resumed is kept: runs/, or the folder that FINE_R1_RUNS names. */
export function runsRoot(): string {
  return path.resolve(process.env["FINE_R1_RUNS"] ?? path.join(ROOT, "runs"));
}
