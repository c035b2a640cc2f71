import * as fs from "node:fs";

/** Memory of a process and of all that it started, MiB. */
export interface Memory {
  /** Peak resident sets, added up: what several processes share (libraries, weights) counts in each of them. */
  readonly peakMib: number;
  /** At the moment, with what is shared counted once among those who share it. */
  readonly proportionalMib: number;
  readonly processes: number;
}

/** Reads what Linux keeps under /proc. @returns undefined on another system, or when the process has ended */
export function memoryOfTree(pid: number, proc = "/proc"): Memory | undefined {
  const pids = familyOf(pid, proc);
  const sum = (file: string, key: string): number =>
    pids.reduce((total, one) => total + kibOf(proc, one, file, key), 0);
  const peak = sum("status", "VmHWM");
  if (peak === 0) return undefined;
  return { peakMib: peak / 1024, proportionalMib: sum("smaps_rollup", "Pss") / 1024, processes: pids.length };
}

/** Each figure's larger value. */
export function larger(a: Memory | undefined, b: Memory | undefined): Memory | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return {
    peakMib: Math.max(a.peakMib, b.peakMib),
    proportionalMib: Math.max(a.proportionalMib, b.proportionalMib),
    processes: Math.max(a.processes, b.processes),
  };
}

/** A process and its children, grandchildren, … */
function familyOf(pid: number, proc: string): number[] {
  const parents = processes(proc).map((one) => [one, parentOf(proc, one)] as const);
  const family = [pid];
  for (const member of family) {
    family.push(...parents.filter(([, parent]) => parent === member).map(([one]) => one));
  }
  return family;
}

function processes(proc: string): number[] {
  if (!fs.existsSync(proc)) return [];
  return fs
    .readdirSync(proc)
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function parentOf(proc: string, pid: number): number | undefined {
  return numberAfter(read(`${proc}/${pid}/status`), "PPid");
}

function kibOf(proc: string, pid: number, file: string, key: string): number {
  return numberAfter(read(`${proc}/${pid}/${file}`), key) ?? 0;
}

/** The number in a line such as `VmHWM:     1234 kB`. */
function numberAfter(text: string, key: string): number | undefined {
  const found = new RegExp(`^${key}:\\s*(\\d+)`, "m").exec(text)?.[1];
  return found === undefined ? undefined : Number(found);
}

/** A process may end while it is looked at. */
function read(file: string): string {
  try {
    return fs.readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
