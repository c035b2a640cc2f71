import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { LabError } from "./errors";

/** How much memory may still be taken, and of what. */
export interface FreeMemory {
  readonly bytes: number;
  /** Completes "… are free". */
  readonly where: string;
}

/**
 * Memory that this process may still take: what FINE_R1_MEMORY says, in GiB; else what the machine has left, or the container where that
 * is less. Files that the system merely keeps at hand count as free: a checkpoint that was just downloaded fills a container with them.
 */
export function freeMemory(): FreeMemory {
  const given = process.env["FINE_R1_MEMORY"] ?? "";
  if (given !== "") {
    if (!(Number(given) > 0)) throw new LabError(`"${given}" is no size in GiB`, "Correct or unset it.", { subject: "FINE_R1_MEMORY" }); // prettier-ignore
    return { bytes: Number(given) * 2 ** 30, where: "by FINE_R1_MEMORY" };
  }
  const limit = process.constrainedMemory();
  const available = process.availableMemory();
  if (!(limit > 0 && limit < os.totalmem())) return { bytes: available, where: "on this machine" };
  return { bytes: Math.min(limit, available + keptFiles(), os.freemem()), where: "in this container" };
}

/** Bytes of files that the container's control group holds in memory and could drop (cgroup v2). */
function keptFiles(): number {
  try {
    const [, own = "/"] = /^0::(.*)$/mu.exec(fs.readFileSync("/proc/self/cgroup", "utf8")) ?? [];
    const stat = fs.readFileSync(path.join("/sys/fs/cgroup", own, "memory.stat"), "utf8");
    const of = (key: string): number => Number(new RegExp(`^${key} (\\d+)$`, "mu").exec(stat)?.[1] ?? 0);
    return of("inactive_file") + of("active_file");
  } catch {
    return 0;
  }
}

/** Memory of the first NVIDIA card that this process sees, what is free and all of it; `undefined` where none answers. */
export function gpuMemory(): { readonly free: FreeMemory; readonly all: FreeMemory } | undefined {
  const [first = ""] = (process.env["CUDA_VISIBLE_DEVICES"] ?? "").split(",");
  const query = ["--query-gpu=memory.free,memory.total", "--format=csv,noheader,nounits", "-i", first === "" ? "0" : first]; // prettier-ignore
  const { status, stdout } = spawnSync("nvidia-smi", query, { encoding: "utf8", timeout: 20_000 });
  const [free = NaN, all = NaN] = status === 0 ? stdout.trim().split(",").map(Number) : [];
  const on = (mebibytes: number): FreeMemory => ({ bytes: mebibytes * 2 ** 20, where: "on the GPU" });
  return free >= 0 && all > 0 ? { free: on(free), all: on(all) } : undefined;
}

/** Bytes as gibibytes with one decimal. */
export function gibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
