import { spawn } from "node:child_process";
import * as readline from "node:readline";
import type { z } from "zod";
import { parserOf } from "../../src/config/stored";
import { LabError, messageOf } from "../../src/core/errors";
import { larger, memoryOfTree, type Memory } from "./memory";
import { readySchema, type Command, type Ready } from "./protocol";

/** A program that takes its turn in a bench: a process that answers JSON lines. */
export interface Side {
  readonly name: string;
  readonly ready: Ready;
  /** Has it do something and waits for the answer. */
  ask<T>(command: Exclude<Command, { command: "stop" }>, answer: z.ZodType<T>): Promise<T>;
  /** Of the process and all that it started: the most so far, looked at after each answer. */
  memory(): Memory | undefined;
  /** Ends the process and waits for it. */
  stop(): Promise<void>;
}

/** How a side is started. */
export interface SideProgram {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/**
 * Starts a side and waits until it says that it is ready.
 * @throws LabError when the process ends or answers something else than what was asked for; what it wrote to stderr is shown
 */
export async function startSide({ name, command, args, environment = {} }: SideProgram): Promise<Side> {
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
  child.stdin.on("error", () => undefined); // a side that died is reported by `read`
  const lines = readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const read = async <T>(schema: z.ZodType<T>): Promise<T> => {
    const next: IteratorResult<string, undefined> = await lines.next();
    if (next.done !== true) return parserOf(schema)(JSON.parse(next.value));
    await ended;
    throw new LabError(`the side "${name}" ended early:\n${complaints}`, "Run `node bench/setup-peer.mjs` again.");
  };
  const send = (message: Command): void => {
    child.stdin.write(`${JSON.stringify(message)}\n`);
  };
  let memory: Memory | undefined;
  const look = (): void => {
    memory = larger(memory, child.pid === undefined ? undefined : memoryOfTree(child.pid));
  };
  return {
    name,
    ready: await read(readySchema),
    ask: async (message, answer) => {
      send(message);
      const answered = await read(answer);
      look();
      return answered;
    },
    memory: () => memory,
    async stop() {
      if (child.exitCode === null) send({ command: "stop" });
      await ended;
    },
  };
}

/** Starts several sides one after the other, hands them over, and ends them whatever happens. */
export async function withSides<T>(programs: readonly SideProgram[], use: (sides: Side[]) => Promise<T>): Promise<T> {
  const sides: Side[] = [];
  try {
    for (const program of programs) sides.push(await startSide(program));
    return await use(sides);
  } finally {
    for (const side of sides) await side.stop();
  }
}

/**
 * Has all sides do the same thing in turns: a, b, c, a, b, c, …, so that whatever else the machine does hits all of them.
 * @param warmUp rounds that are thrown away
 * @returns a list of `rounds` answers for each side
 */
export async function takeTurns<T>(
  sides: readonly Side[],
  { rounds, warmUp }: { readonly rounds: number; readonly warmUp: number },
  turn: (side: Side, round: number) => Promise<T>,
): Promise<T[][]> {
  const answers: T[][] = sides.map(() => []);
  for (let round = 0; round < warmUp + rounds; round++) {
    for (const [i, side] of sides.entries()) {
      const answer = await turn(side, round);
      if (round >= warmUp) answers[i]?.push(answer);
    }
  }
  return answers;
}
