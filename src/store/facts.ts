import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { z } from "zod";
import { ROOT } from "../config/load";
import { projectPath } from "../config/places";
import { readStored } from "../config/stored";
import { LabError } from "../core/errors";
import { hashFile } from "../core/hash";

/** A file as it was: relative path with forward slashes, size and SHA-256. */
export interface FileFact {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

export interface GitState {
  readonly commit: string;
  /** True if files differed from the commit when the run began. */
  readonly dirty: boolean;
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
  const dependencies = Object.keys(own.dependencies ?? {}).flatMap((name): [string, string][] => {
    const file = path.join(ROOT, "node_modules", name, "package.json");
    return fs.existsSync(file) ? [[name, installedVersion(file)]] : [];
  });
  const tensorflow = tensorflowVersion();
  return {
    node: process.version,
    [own.name]: own.version,
    ...Object.fromEntries(dependencies),
    ...(tensorflow === undefined ? {} : { tensorflow }),
  };
}

/** The processor's name. */
export function processorModel(): string {
  return os.cpus()[0]?.model.trim() ?? "unknown";
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

const packageSchema = z.object({
  name: z.string(),
  version: z.string(),
  dependencies: z.record(z.string(), z.string()).optional(),
});

function packageFile(file: string): z.infer<typeof packageSchema> {
  return readStored(file, packageSchema, "package.json", "Set up again: npm start.");
}

/** The version of an installed package. One that is half installed is told, and no reason to lose a run's record. */
function installedVersion(file: string): string {
  try {
    return packageFile(file).version;
  } catch (error) {
    if (error instanceof LabError) return "unreadable";
    throw error;
  }
}
