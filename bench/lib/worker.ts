import { spawn } from "node:child_process";
import * as readline from "node:readline";
import { LabError, messageOf } from "../../src/core/errors";
import type { Command, Ready, StepReport } from "./protocol";

/** A child process that answers JSON lines. */
export interface Worker {
  readonly ready: Ready;
  step(): Promise<StepReport>;
  /** Ends the process and waits for it. */
  stop(): Promise<void>;
}

/**
 * Starts a worker and waits until it says that it is ready.
 * @throws LabError when the process ends or answers something else than JSON; what it wrote to stderr is shown
 */
export async function startWorker(
  name: string,
  command: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<Worker> {
  const child = spawn(command, args, { env: { ...process.env, ...environment }, stdio: ["pipe", "pipe", "pipe"] });
  let complaints = "";
  child.stderr.on("data", (chunk: Buffer) => {
    complaints = (complaints + chunk.toString("utf8")).slice(-4000);
  });
  const ended = new Promise<void>((resolve) => {
    child.once("close", () => {
      resolve();
    });
    child.once("error", (error) => {
      complaints += messageOf(error);
      resolve();
    });
  });
  child.stdin.on("error", () => undefined); // a worker that died is reported by `read`
  const input = readline.createInterface({ input: child.stdout });
  const lines: AsyncIterator<string, undefined> = input[Symbol.asyncIterator]();
  const read = async (): Promise<unknown> => {
    const line = (await lines.next()).value;
    if (line === undefined) {
      await ended;
      throw new LabError(`the ${name} worker ended early:\n${complaints}`, "Run `node bench/setup-peer.mjs` again.");
    }
    return JSON.parse(line) as unknown;
  };
  const send = (message: Command): void => {
    child.stdin.write(`${JSON.stringify(message)}\n`);
  };
  return {
    ready: (await read()) as Ready,
    async step() {
      send({ command: "step" });
      return (await read()) as StepReport;
    },
    async stop() {
      if (child.exitCode === null) send({ command: "stop" });
      await ended;
    },
  };
}
