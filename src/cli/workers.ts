import type { Command } from "commander";
import { readWorkers } from "../workers/count";
import { openWorkers } from "../workers/open";
import type { Pool } from "../workers/pool";

/** How many processes share a command's work. */
export interface WorkersArgument {
  readonly workers?: string;
}

export function addWorkersOption(command: Command): Command {
  return command.option(
    "--workers <n>",
    "processes that share the work, or auto: one on each core, as far as memory goes (FINE_R1_WORKERS)",
    (asked: string) => {
      readWorkers(asked);
      return asked;
    },
  );
}

/** Does work with worker processes, and ends them. Called after `loadBackend`. */
export async function withWorkers<T>(
  { workers: asked }: WorkersArgument,
  body: (workers: Pool | undefined) => Promise<T>,
): Promise<T> {
  const workers = openWorkers(asked, (line) => {
    console.error(line);
  });
  try {
    return await body(workers);
  } finally {
    workers?.close();
    const deaths = workers?.deaths ?? 0;
    if (deaths > 0)
      console.error(`Workers that died at work: ${deaths}. No result depends on it; memory may be short.`);
  }
}
