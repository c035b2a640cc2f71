import * as fs from "node:fs";
import * as os from "node:os";
import { LabError } from "../core/errors";
import { nativeOnCpu } from "../core/backend";

/** Memory that a worker takes at the mini-world's sizes (docs/performance.md: 967 MiB with two, 1,565 with four), and that is left to all else. */
const WORKER_BYTES = 300 * 2 ** 20;
const OTHERS_BYTES = 400 * 2 ** 20;

/** How many workers, and a sentence on why there are no more where that may surprise. */
export interface WorkerCount {
  readonly workers: number;
  readonly because?: string;
}

/** More is a slip of the keyboard. */
const MOST = 1024;

/**
 * How many worker processes to use: what FINE_R1_WORKERS says, else one for each core that this process may use, as far as
 * memory goes. 1 means that all work is done in this process. No result depends on it.
 * @param asked what a command's `--workers` says, which goes before FINE_R1_WORKERS
 */
export function workerCount(asked = process.env["FINE_R1_WORKERS"] ?? ""): WorkerCount {
  const wanted = readWorkers(asked);
  if (!nativeOnCpu()) {
    const why = "No workers: only the native engine on the CPU shares its work.";
    return wanted === "auto" || wanted === 1 ? { workers: 1 } : { workers: 1, because: why };
  }
  if (wanted !== "auto") return { workers: wanted };
  const cores = coresHere();
  const fitting = Math.max(1, Math.floor((process.availableMemory() - OTHERS_BYTES) / WORKER_BYTES));
  if (fitting >= cores) return { workers: cores };
  const free = Math.round(process.availableMemory() / 2 ** 20);
  const fewer = fitting === 1 ? "No workers" : `${fitting} workers`;
  return { workers: fitting, because: `${fewer} on ${cores} cores, since only ${free} MiB of memory are free.` };
}

/** What `--workers` or FINE_R1_WORKERS says; an empty text is "auto". @throws LabError unless it is that or a whole number from 1 to `MOST` */
export function readWorkers(asked: string): number | "auto" {
  if (asked === "" || asked === "auto") return "auto";
  const count = /^\d+$/.test(asked) ? Number(asked) : NaN;
  if (count >= 1 && count <= MOST) return count;
  throw new LabError(
    `cannot be "${asked}"`,
    `Give a whole number from 1 (no workers: all in one process) to ${MOST}, or "auto" for one on each core.`,
    { subject: "--workers (FINE_R1_WORKERS)" },
  );
}

/** The cores that this process may use: those it may run on, and what its control group allows of their time. */
export function coresHere(): number {
  return Math.max(1, Math.min(os.availableParallelism(), Math.ceil(quota())));
}

/** Processors' worth of time that cgroup v2 allows; without bound where it sets none. */
function quota(): number {
  try {
    const [most, period] = fs.readFileSync("/sys/fs/cgroup/cpu.max", "utf8").trim().split(" ").map(Number);
    return most === undefined || period === undefined || !(most > 0) ? Infinity : most / period;
  } catch {
    return Infinity;
  }
}
