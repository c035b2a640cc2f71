import { SHARE_ENV, Worker } from "node:worker_threads";

/** What this thread tells the worker; any message of the worker says that its work can be stopped and resumed. */
export type ToWorker = "stop" | { readonly columns: number; readonly rows: number };

/** What the worker knows of where its words go, since its own streams are no terminals. */
export interface Terminal {
  readonly columns?: number;
}

const PATIENCE_MS = 3000;
/** Short enough for one line of a narrow terminal. */
const PATIENCE = "Stopping after this step; Ctrl-C again stops at once.";

/** Whoever read what we print has gone, or its file is full: the work goes on, and what it makes is written to its own files. */
function keepWorking(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") process.exitCode = 1;
}

/**
 * Runs the command line in a worker thread, so that this thread has nothing to do but to take signals. TensorFlow's products
 * do not bear a signal in their midst (environment.md), and the system hands a process's signals to its main thread.
 * Ctrl-C asks the work to stop at a place that it can go on from; pressed again, or where nothing can be resumed, it
 * ends the process at once.
 */
export function runInWorker(program: string): void {
  for (const stream of [process.stdout, process.stderr]) stream.on("error", keepWorking);
  const workerData: Terminal = process.stdout.isTTY ? { columns: process.stdout.columns } : {};
  const worker = new Worker(program, { argv: process.argv.slice(2), env: SHARE_ENV, workerData });
  let [stoppable, stopping] = [false, false];
  worker.on("message", () => {
    stoppable = true;
  });
  worker.on("error", (error) => {
    console.error(error);
    process.exitCode = 1;
  });
  worker.on("exit", (code) => {
    process.exit(process.exitCode ?? code);
  });
  const tell = (message: ToWorker): void => {
    worker.postMessage(message);
  };
  const onInterrupt = (): void => {
    if (stopping || !stoppable) {
      process.off("SIGINT", onInterrupt);
      process.kill(process.pid, "SIGINT"); // its default action ends the process, as others expect it
      return;
    }
    stopping = true;
    tell("stop");
    setTimeout(() => {
      // below the bars, where the cursor waits: a line more, and they would be drawn over it
      process.stderr.write(`\r${PATIENCE}${process.stderr.isTTY ? "" : "\n"}`);
    }, PATIENCE_MS).unref();
  };
  process.on("SIGINT", onInterrupt);
  // started by a command of ours, with a channel that says nothing: its end tells that the other one is gone
  process.once("disconnect", () => process.kill(process.pid, "SIGKILL"));
  if (process.stderr.isTTY) {
    process.stderr.on("resize", () => {
      tell({ columns: process.stderr.columns, rows: process.stderr.rows });
    });
  }
}
