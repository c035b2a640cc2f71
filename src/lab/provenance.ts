import * as path from "node:path";
import { z } from "zod";
import { ROOT } from "../config/load";
import { readStored } from "../config/stored";
import { NUMERICS_MODES, numericsMode, type NumericsMode } from "../core/backend";
import { numericsDigest } from "../verify/numerics/digest";
import { fileFacts, gitState, machineNow, versionsNow, type FileFact, type GitState } from "../store/facts";

/** What it takes to make the same numbers again, and to see that they are the same. */
export interface RunRecord {
  readonly version: 1;
  readonly experiment: string;
  readonly profile: string;
  /** The resolved configuration, every default filled in. */
  readonly config: unknown;
  readonly seeds: Readonly<Record<string, number | string>>;
  /** The arguments of the command; of absolute paths only the last part. */
  readonly command: readonly string[];
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly seconds: number;
  readonly versions: Readonly<Record<string, string>>;
  readonly machine: Readonly<Record<string, string | number>>;
  readonly numerics: Numerics;
  /** `null` outside a git checkout. */
  readonly git: GitState | null;
  readonly inputs: readonly FileFact[];
  readonly outputs: readonly FileFact[];
}

/** How products were computed, and what the machine's arithmetic comes to (`numericsDigest`). */
export interface Numerics {
  readonly mode: NumericsMode;
  readonly digest: string;
}

export interface RunSpec {
  readonly experiment: string;
  readonly profile: string;
  readonly config: unknown;
  readonly seeds: Readonly<Record<string, number | string>>;
  /** Files that the run reads: checkpoints, item lists, … */
  readonly inputs?: readonly string[];
}

/** What is read again of a run's record. */
export interface RecordedRun {
  readonly config: Readonly<Record<string, unknown>>;
  readonly seeds: Readonly<Record<string, number | string>>;
  readonly inputs: readonly Pick<FileFact, "path" | "sha256">[];
  readonly machine: { readonly processor?: string | undefined };
  /** Missing in records of earlier versions. */
  readonly numerics?: Numerics | undefined;
}

const recordedRunSchema: z.ZodType<RecordedRun> = z.object({
  config: z.record(z.string(), z.unknown()),
  seeds: z.record(z.string(), z.union([z.number(), z.string()])),
  inputs: z.array(z.object({ path: z.string(), sha256: z.string() })),
  machine: z.object({ processor: z.string().optional() }),
  numerics: z.object({ mode: z.enum(NUMERICS_MODES), digest: z.string() }).optional(),
});

/** Reads a run's record. @throws LabError that names the file and what is wrong with it */
export function readRunRecord(file: string): RecordedRun {
  return readStored(file, recordedRunSchema, "record of a run", "Remove it and run again.");
}

/** A run whose end is not yet known. */
export interface OpenRun {
  readonly spec: RunSpec;
  /** The inputs as they were when the run began. */
  readonly inputs: readonly FileFact[];
  /** The record, with the files that the run wrote. Call it once they are complete. */
  finish(outputs: readonly string[]): Promise<RunRecord>;
}

/**
 * Begins a run's record: time, commit and inputs are taken now, outputs and time at `finish`.
 * @param root the folder that recorded paths are relative to; default: this package's
 */
export function startRun(spec: RunSpec, root: string = ROOT): OpenRun {
  const started = new Date();
  const began = performance.now(); // a clock that nobody sets back
  const git = gitState(root);
  const inputs = fileFacts(spec.inputs ?? [], root);
  return {
    spec,
    inputs,
    finish: async (outputs) => {
      const elapsed = performance.now() - began;
      return {
        version: 1,
        experiment: spec.experiment,
        profile: spec.profile,
        config: spec.config,
        seeds: spec.seeds,
        command: process.argv.slice(2).map((part) => (path.isAbsolute(part) ? path.basename(part) : part)),
        startedAt: started.toISOString(),
        finishedAt: new Date(started.getTime() + elapsed).toISOString(),
        seconds: elapsed / 1000,
        versions: versionsNow(),
        machine: machineNow(),
        numerics: { mode: numericsMode(), digest: (await numericsDigest()).digest },
        git,
        inputs,
        outputs: fileFacts(outputs, root),
      };
    },
  };
}
