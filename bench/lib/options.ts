import * as os from "node:os";
import * as path from "node:path";
import { LabError } from "../../src/core/errors";

/** The project's folder, seen from the compiled bench in .setup/bench-build/bench/lib. */
export const ROOT = path.resolve(__dirname, "..", "..", "..", "..");
export const RESULTS = path.join(ROOT, "results", "bench");

/** A whole number of at least 1 given on the command line. @throws LabError otherwise */
export function count(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) {
    throw new LabError(`must be a whole number of at least 1, not "${text}"`, "Repair the command.", {
      subject: `--${name}`,
    });
  }
  return value;
}

/** Thread counts such as "1,all", without repetition. */
export function threadCounts(text: string): number[] {
  const counts = text.split(",").map((t) => (t === "all" ? os.availableParallelism() : count("threads", t)));
  return [...new Set(counts)];
}

/** Runs a command; when it fails, ends the process with 1 and the remedy, or a stack where there is none. */
export function runMain(main: () => Promise<void>): void {
  main().catch((error: unknown) => {
    console.error(error instanceof LabError || isUsageError(error) ? error.message : error);
    process.exit(1); // even while a worker's standard input is open
  });
}

/** What `parseArgs` throws of the command line. */
function isUsageError(error: unknown): error is Error {
  return error instanceof Error && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS");
}
