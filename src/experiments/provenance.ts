import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { z } from "zod";
import { ROOT } from "../config/load";
import { projectPath } from "../config/places";
import { readStored } from "../config/stored";
import { NUMERICS_MODES, numericsMode, type NumericsMode } from "../core/backend";
import { hashFile } from "../core/hash";
import { numericsDigest } from "./numerics/digest";
import { processorModel } from "./numerics/record";

/** A file as it was: relative path with forward slashes, size and SHA-256. */
export interface FileFact {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

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

export interface GitState {
  readonly commit: string;
  /** True if files differed from the commit when the run began. */
  readonly dirty: boolean;
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

/** Size and SHA-256 of files. @throws LabError that names the one that cannot be read */
export function fileFacts(files: readonly string[], root: string): FileFact[] {
  return files.map((file) => {
    const sha256 = hashFile(file);
    return { path: projectPath(file, root), bytes: fs.statSync(file).size, sha256 };
  });
}

/** The commit of a checkout, and whether its files differ from it; `null` where there is none. */
export function gitState(folder: string): GitState | null {
  const git = (...args: string[]): string | undefined => {
    const answer = spawnSync("git", args, { cwd: folder, encoding: "utf8", timeout: 20_000 });
    return answer.status === 0 ? answer.stdout.trim() : undefined;
  };
  const commit = git("rev-parse", "HEAD");
  // results/ is what a run writes: its own files do not make it dirty
  const changes = git("status", "--porcelain", "--", ".", ":(exclude,top)results");
  return commit === undefined || changes === undefined ? null : { commit, dirty: changes !== "" };
}

/** Versions of Node.js, this package, its dependencies as installed, and TensorFlow's library where it is loaded. */
export function versionsNow(): Record<string, string> {
  const own = packageFile(path.join(ROOT, "package.json"));
  const dependencies = Object.keys(own.dependencies).flatMap((name): [string, string][] => {
    const file = path.join(ROOT, "node_modules", name, "package.json");
    return fs.existsSync(file) ? [[name, packageFile(file).version]] : [];
  });
  const tensorflow = tensorflowVersion();
  return {
    node: process.version,
    [own.name]: own.version,
    ...Object.fromEntries(dependencies),
    ...(tensorflow === undefined ? {} : { tensorflow }),
  };
}

/** The version of this package. */
export function ownVersion(): string {
  return packageFile(path.join(ROOT, "package.json")).version;
}

/** This machine, as a run's record describes it. */
export function machineNow(): { readonly processor: string } & Readonly<Record<string, string | number>> {
  return {
    platform: `${os.platform()} ${os.arch()}`,
    processor: processorModel(),
    cores: os.availableParallelism(),
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    engine: tf.getBackend() || "none",
    intraOpThreads: process.env["TF_NUM_INTRAOP_THREADS"] ?? "all",
  };
}

/** The native binding names the library's version; the other engines have none. */
function tensorflowVersion(): string | undefined {
  if (tf.getBackend() !== "tensorflow") return undefined;
  const engine: object = tf.backend();
  if (!("binding" in engine) || typeof engine.binding !== "object" || engine.binding === null) return undefined;
  return "TF_Version" in engine.binding ? String(engine.binding.TF_Version) : undefined;
}

function packageFile(file: string): { name: string; version: string; dependencies: Readonly<Record<string, unknown>> } {
  const content: unknown = JSON.parse(fs.readFileSync(file, "utf8"));
  const field = (key: string): unknown =>
    typeof content === "object" && content !== null
      ? Object.entries(content).find(([name]) => name === key)?.[1]
      : undefined;
  const dependencies = field("dependencies");
  return {
    name: String(field("name")),
    version: String(field("version")),
    dependencies: typeof dependencies === "object" && dependencies !== null ? { ...dependencies } : {},
  };
}
