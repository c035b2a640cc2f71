import * as fs from "node:fs";
import * as path from "node:path";
import { z } from "zod";
import { resultsRoot } from "../../config/places";
import { readStored } from "../../config/stored";
import { loadBackend, nativeOnCpu, numericsMode } from "../../core/backend";
import { processorModel } from "../../store/facts";
import { writeJson } from "../../core/files";
import { numericsDigest, type NumericsDigest } from "./digest";

/** The arithmetic that the tables in results/ were made with. */
export interface RecordedNumerics extends NumericsDigest {
  readonly processor: string;
}

const recordSchema: z.ZodType<RecordedNumerics> = z.object({
  digest: z.string(),
  parts: z.record(z.string(), z.string()),
  processor: z.string(),
});

/** results/numerics.json */
export function numericsFile(): string {
  return path.join(resultsRoot(), "numerics.json");
}

/** What was recorded; `undefined` where nothing was. @throws LabError when the file is damaged */
export function readRecordedNumerics(file: string = numericsFile()): RecordedNumerics | undefined {
  if (!fs.existsSync(file)) return undefined;
  return readStored(
    file,
    recordSchema,
    "record of the arithmetic",
    "Restore it: `git checkout results/numerics.json`.",
  );
}

/** Records this machine's arithmetic. @returns the file */
export async function recordNumerics(): Promise<string> {
  const { digest, parts } = await numericsDigest();
  const file = numericsFile();
  writeJson(file, { digest, parts, processor: processorModel() });
  return file;
}

/** Says in a sentence that this machine's digits can differ from the recorded ones, and why; `undefined` where they do not. */
export async function numericsRemark(): Promise<string | undefined> {
  const recorded = readRecordedNumerics();
  if (recorded === undefined) return undefined;
  const here = await numericsDigest();
  if (here.digest === recorded.digest) return undefined;
  const parts = Object.keys(recorded.parts).filter(
    (part) => part in here.parts && here.parts[part] !== recorded.parts[part],
  );
  return (
    `This machine's last digits differ from the recorded ones, so numbers can differ from those in results/: ` +
    `${await reason()} (digest ${here.digest}, recorded ${recorded.digest} on ${recorded.processor}; ${parts.join(", ")}).`
  );
}

async function reason(): Promise<string> {
  const { name } = await loadBackend();
  if (name !== "tensorflow") return `the ${name} engine computes in an order of its own`;
  if (!nativeOnCpu()) return "the engine computes on the GPU";
  if (numericsMode() === "native") return "FINE_R1_NUMERICS=native takes the processor's own way";
  return processorGap() ?? "the engine, its threads or its version differ; `fine-r1 doctor` shows them";
}

/**
 * Why digits can differ on this processor: no x86-64, or one without AVX2 and FMA; `undefined` where it has them, or where
 * the system does not say.
 * @param cpuinfo Linux's description of the processor
 */
export function processorGap(arch: string = process.arch, cpuinfo: string = readCpuinfo()): string | undefined {
  if (arch !== "x64") return `the processor is ${arch}, the recorded ones are x86-64`;
  const flags = /^flags\s*:(.*)$/m.exec(cpuinfo)?.[1]?.split(" ");
  const missing = flags === undefined ? [] : ["AVX2", "FMA"].filter((flag) => !flags.includes(flag.toLowerCase()));
  return missing.length === 0 ? undefined : `the processor has no ${missing.join(" and no ")}`;
}

function readCpuinfo(): string {
  try {
    return fs.readFileSync("/proc/cpuinfo", "utf8");
  } catch {
    return ""; // not Linux
  }
}
