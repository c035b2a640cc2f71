import * as os from "node:os";

/** A load average up to this is the machine's own noise. */
const QUIET = 0.5;

/** What a speed figure depends on; every result of the bench carries it. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGib: number;
  readonly system: string;
  readonly node: string;
  /** Load average over the last minute when the run began. */
  readonly loadBefore: number;
}

export function describeMachine(): Machine {
  return {
    cpu: (os.cpus()[0]?.model ?? "unknown").trim(),
    cores: os.availableParallelism(),
    memoryGib: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.type()} ${os.arch()}`,
    node: process.version,
    loadBefore: Math.round((os.loadavg()[0] ?? 0) * 100) / 100,
  };
}

/** One line for the head of a table. */
export function machineLine(machine: Machine): string {
  const { cpu, cores, memoryGib, system, node, loadBefore } = machine;
  const warning = loadBefore > QUIET ? " (**not a quiet machine: do not quote**)" : "";
  return `${cpu}, ${cores} cores, ${memoryGib} GiB, ${system}, Node ${node}; load average before the run ${loadBefore}${warning}`;
}

/** Peak resident memory of this process, MiB. */
export function peakMib(): number {
  return process.resourceUsage().maxRSS / 1024;
}
