import * as os from "node:os";

/** Up to so much of a core is the machine's own noise. */
const QUIET = 0.15;
const WATCHED_MS = 2000;

/** What a speed figure depends on; every result of the bench carries it. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGib: number;
  readonly system: string;
  readonly node: string;
  /** Cores' worth of time that was in use in the two seconds before the run began. */
  readonly busyBefore: number;
}

export async function describeMachine(): Promise<Machine> {
  return {
    cpu: (os.cpus()[0]?.model ?? "unknown").trim(),
    cores: os.availableParallelism(),
    memoryGib: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.type()} ${os.arch()}`,
    node: process.version,
    busyBefore: Math.round(100 * (await busyCores())) / 100,
  };
}

async function busyCores(): Promise<number> {
  const before = busyMs();
  await new Promise((resolve) => setTimeout(resolve, WATCHED_MS));
  return (busyMs() - before) / WATCHED_MS;
}

function busyMs(): number {
  return os.cpus().reduce((sum, { times: { user, nice, sys, irq } }) => sum + user + nice + sys + irq, 0);
}

/** One line for the head of a table. */
export function machineLine(machine: Machine): string {
  const { cpu, cores, memoryGib, system, node, busyBefore } = machine;
  const warning = busyBefore > QUIET ? " (**not a quiet machine: do not quote**)" : "";
  return `${cpu}, ${cores} cores, ${memoryGib} GiB, ${system}, Node ${node}; ${busyBefore} cores busy before the run${warning}`;
}

/** Peak resident memory of this process, MiB. */
export function peakMib(): number {
  return process.resourceUsage().maxRSS / 1024;
}
