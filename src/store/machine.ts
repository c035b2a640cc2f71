import * as fs from "node:fs";
import * as os from "node:os";
import { isRunning } from "../core/leftovers";

/** Where process numbers mean what they mean here; "" for what this system does not tell. */
export interface Machine {
  readonly host: string;
  /** Another one after every start of the machine. */
  readonly boot: string;
  /** Containers on one machine number their processes each for itself. */
  readonly namespace: string;
}

/** A process, told from later ones of the same number by the time of its start. */
export interface ProcessName {
  readonly pid: number;
  /** In ticks since the machine started; "" where the system does not tell. */
  readonly started: string;
}

export const MACHINE: Machine = {
  host: os.hostname(),
  boot: told(() => fs.readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()),
  namespace: told(() => fs.readlinkSync("/proc/self/ns/pid")),
};

export function thisProcess(): ProcessName {
  return { pid: process.pid, started: statusOf(process.pid).started };
}

/** What can be said of a process from here. "unknown": it is elsewhere, or its number may be another's by now. */
export type Standing = "alive" | "gone" | "unknown";

export function standingOf(owner: Machine & ProcessName): Standing {
  const here = owner.host === MACHINE.host && owner.boot === MACHINE.boot && owner.namespace === MACHINE.namespace;
  if (!here) return "unknown";
  if (!isRunning(owner.pid)) return "gone";
  const { state, started } = statusOf(owner.pid);
  if (state === "Z" || state === "X") return "gone"; // ended, and its parent has not asked how
  if (started === "" || owner.started === "") return "unknown";
  return started === owner.started ? "alive" : "gone";
}

/** Fields 3 and 22 of /proc/<pid>/stat (proc_pid_stat(5)); the second one, a name in brackets, may hold anything. */
function statusOf(pid: number): { readonly state: string; readonly started: string } {
  const text = told(() => fs.readFileSync(`/proc/${pid}/stat`, "latin1"));
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return { state: fields[0] ?? "", started: fields[22 - 3] ?? "" };
}

function told(ask: () => string): string {
  try {
    return ask();
  } catch {
    return "";
  }
}
