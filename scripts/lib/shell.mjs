// Starting programs: with their output in a log file, or in the user's terminal.
import { spawn, spawnSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { noteProgram } from "./lock.mjs";
import { keptVariables } from "./environment.mjs";
import { LOGS, ROOT, projectEnvironment } from "./places.mjs";

/** An error whose message is meant for the user: no stack is printed. */
export class SetupError extends Error {}

/** The trimmed standard output of a short command, or undefined when it cannot run or fails. */
export function ask(command, args) {
  const result = spawnSync(command, args, { encoding: "utf8", timeout: 20_000, env: keptVariables(process.env) });
  return result.status === 0 ? result.stdout.trim() : undefined;
}

/** Runs a program with its output in .setup/logs/<name>.log; a failure shows the end of that log. */
export async function logged(name, command, args, { cwd = ROOT, env = {}, timeout } = {}) {
  mkdirSync(LOGS, { recursive: true });
  const log = join(LOGS, `${name}.log`);
  const out = openSync(log, "w");
  const why = await new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...projectEnvironment(), ...env },
      stdio: ["ignore", out, out],
      timeout,
      killSignal: "SIGKILL",
    });
    if (child.pid !== undefined) noteProgram(child.pid);
    child.on("error", (error) => resolve(error.message));
    child.on("exit", (status, signal) =>
      resolve(status === 0 ? undefined : signal ? `ended by ${signal}` : `exit ${status}`),
    );
  });
  closeSync(out);
  if (why === undefined) return;
  const tail = readFileSync(log, "utf8").trimEnd().split("\n").slice(-25).join("\n");
  throw new SetupError(`${[command, ...args].join(" ")} failed (${why}).\n${tail}\nThe whole output is in ${log}.`);
}

/** Runs a program in the user's terminal, hands signals on, and resolves to its exit status. */
export function interactive(command, args, { cwd = ROOT, env = {} } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env: { ...projectEnvironment(), ...env }, stdio: "inherit" });
    // A terminal's Ctrl-C reaches the child by itself; we only have to outlive it. A SIGTERM or a SIGHUP reaches us alone.
    const ignore = () => undefined;
    const terminate = () => child.kill("SIGTERM");
    process.on("SIGINT", ignore);
    for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, terminate);
    child.on("error", reject);
    child.on("exit", (status, signal) => {
      process.off("SIGINT", ignore);
      for (const signal of ["SIGTERM", "SIGHUP"]) process.off(signal, terminate);
      resolve(status ?? 128 + (constants.signals[signal] ?? 1));
    });
  });
}

/** Runs a script's main function; a SetupError is printed as it is, anything else with its stack. */
export async function main(run) {
  try {
    process.exitCode = await run();
  } catch (error) {
    console.error(error instanceof SetupError ? `\n${error.message}` : error);
    process.exitCode = 1;
  }
}
