import * as os from "node:os";
import * as path from "node:path";
import { parseArgs } from "node:util";
import { LabError } from "../../src/core/errors";
import { writeFileAtomic, writeJson } from "../../src/core/files";

/** The project's folder, seen from the compiled bench in .setup/bench-build/bench/lib. */
export const ROOT = path.resolve(__dirname, "..", "..", "..", "..");
const RESULTS = path.join(ROOT, "results", "bench");

/** An option of a bench's command line that takes a value. */
interface Option {
  readonly is: string;
  readonly usual: string;
  /** The value under `--quick`; where absent, the usual one. */
  readonly quick?: string;
}

/**
 * Reads a bench's command line, or prints its help and ends the process. Every bench knows `--out`, `--quick` (a smoke run: its
 * numbers mean nothing) and `--help` beside its own options.
 */
export function readOptions<K extends string>(
  what: string,
  own: Readonly<Record<K, Option>>,
): Record<K | "out", string> & { quick: boolean } {
  const options: Record<string, Option> = {
    ...own,
    out: { is: "folder of the results; by default the committed record", usual: RESULTS },
  };
  const types = Object.keys(options).map((name) => [name, { type: "string" as const }] as const);
  const { values } = parseArgs({
    options: { ...Object.fromEntries(types), quick: { type: "boolean" }, help: { type: "boolean", short: "h" } },
  });
  if (values.help === true) {
    const lines = Object.entries(options).map(([name, { is, usual }]) => `  --${name.padEnd(12)} ${is} (${usual})`);
    console.log(
      [what, "", ...lines, "  --quick        a smoke run: nothing is repeated, the numbers mean nothing"].join("\n"),
    );
    process.exit(0);
  }
  const quick = values.quick === true;
  const chosen = Object.entries(options).map(([name, { usual, quick: smoke }]) => {
    const given = (values as Readonly<Record<string, unknown>>)[name];
    return [name, typeof given === "string" ? given : quick ? (smoke ?? usual) : usual];
  });
  return { ...(Object.fromEntries(chosen) as Record<K | "out", string>), quick };
}

/** Where results go: a smoke run's into a folder of their own. */
export function outputFolder({ out, quick }: { readonly out: string; readonly quick: boolean }): string {
  return quick ? path.join(out, "quick") : out;
}

/** Writes a bench's figures and its table beside each other, and shows the table. */
export function publish(
  name: string,
  options: { readonly out: string; readonly quick: boolean },
  figures: object,
  text: string,
): void {
  const folder = outputFolder(options);
  writeJson(path.join(folder, `${name}.json`), figures);
  writeFileAtomic(path.join(folder, `${name}.md`), text);
  console.log(text);
}

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

/** Numbers such as "1,2,all", without repetition; "all" is the number of cores. */
export function counts(name: string, text: string): number[] {
  return [...new Set(text.split(",").map((one) => (one === "all" ? os.availableParallelism() : count(name, one))))];
}

/** Runs a command; when it fails, ends the process with 1 and the remedy, or a stack where there is none. */
export function runMain(main: () => Promise<void>): void {
  main().catch((error: unknown) => {
    console.error(error instanceof LabError || isUsageError(error) ? error.message : error);
    process.exit(1); // even while a side's standard input is open
  });
}

/** What `parseArgs` throws of the command line. */
function isUsageError(error: unknown): error is Error {
  return error instanceof Error && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS");
}
