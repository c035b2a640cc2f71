import { fork, type ChildProcess } from "node:child_process";
import { LabError } from "../core/errors";
import type { Replicable } from "./job";
import type { FromWorker, StaleWeights, ToWorker } from "./protocol";
import type { SharedMemory } from "./sharedMemory";

/** The end of what a worker wrote to its stderr that is kept. */
const LAST_WORDS = 2000;

/** A job for a worker, and what it must know to do it. */
export interface Assignment {
  readonly job: string;
  readonly data: unknown;
  readonly signal: AbortSignal | undefined;
  readonly model: number;
  /** The region where its weights lie. */
  readonly weights: number;
  readonly replica: Replicable["replica"];
  /** The weights that a worker lacks that has those of these versions. */
  readonly stale: (known: readonly number[]) => StaleWeights[];
  readonly versions: readonly number[];
}

type Reply = Extract<FromWorker, { id: number }>;

/** A worker process ended before it had done its job. */
export class Died extends Error {
  constructor(
    readonly how: string,
    readonly lastWords: string,
    /** Whether it never came to be ready for work. */
    readonly atStart: boolean,
  ) {
    super(`a worker process ended (${how})`);
  }

  asError(): LabError {
    const lines = this.lastWords.trim().split("\n");
    const telling = lines.find((line) => /Error\b/u.test(line)) ?? lines.at(-1) ?? "";
    const said = telling === "" ? "" : `: ${telling}`;
    const reason = this.atStart ? "could not start" : "ended each time that it did this piece of work";
    return new LabError(
      `a worker process ${reason} (${this.how})${said}`,
      "Memory may be short: ask for fewer workers with `--workers`, or set FINE_R1_WORKERS=1 to do without.",
    );
  }
}

/** Of a model of which it is not known whether the worker came to make it, or to have its weights: both are sent again. */
const UNSURE: readonly number[] = [];

/** One worker process, which does one job at a time. */
export class WorkerProcess {
  private readonly child: ChildProcess;
  /** The versions of the weights that it has, of each model that was ever sent to it and is not forgotten. */
  private readonly models = new Map<number, readonly number[]>();
  private readonly ready: Promise<void>;
  private current: { readonly id: number; settle(reply: Reply | Died): void } | undefined;
  private jobs = 0;
  private lastWords = "";
  private isReady = false;
  private death: Died | undefined;

  /** @param region of the shared memory, for long vectors of its results */
  constructor(
    program: string,
    private readonly memory: SharedMemory,
    readonly region: number,
  ) {
    // of its own process group: Ctrl-C is for the process that started it, and TensorFlow bears no signals (environment.md)
    const child = fork(program, [], {
      detached: true,
      serialization: "advanced",
      stdio: ["ignore", "ignore", "pipe", "ipc", memory.descriptor],
      execArgv: [],
    });
    this.child = child;
    child.stderr?.on("data", (text: Buffer) => {
      this.lastWords = (this.lastWords + text.toString()).slice(-LAST_WORDS);
    });
    this.ready = new Promise((resolve) => {
      child.on("message", (message: FromWorker) => {
        if (!("ready" in message)) {
          this.current?.settle(message);
          return;
        }
        this.isReady = true;
        resolve();
      });
    });
    child.on("error", (error) => {
      this.end(error.message);
    });
    child.on("close", (code, signal) => {
      this.end(signal === null ? `exit code ${String(code)}` : `signal ${signal}`);
    });
    this.hold(false);
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  get alive(): boolean {
    return this.death === undefined;
  }

  get idle(): boolean {
    return this.current === undefined;
  }

  /** @throws Died when it ends before it has answered */
  run(assignment: Assignment): Promise<Extract<Reply, { error: unknown }> | { readonly result: unknown }> {
    const { job, data, signal, model, weights, replica, stale, versions } = assignment;
    const id = this.jobs++;
    let sent = false;
    const cancel = (): void => {
      if (sent) this.send({ cancel: id });
      else this.current?.settle({ id, error: { message: "stopped before it began", stack: undefined } });
    };
    return new Promise((resolve, reject) => {
      this.current = {
        id,
        settle: (reply) => {
          this.current = undefined;
          signal?.removeEventListener("abort", cancel);
          this.hold(false);
          if (reply instanceof Died) reject(reply);
          else if ("error" in reply) {
            this.models.set(model, UNSURE);
            resolve(reply);
          } else resolve({ result: this.whole(reply) });
        },
      };
      this.hold(true);
      if (this.death !== undefined) {
        this.current.settle(this.death);
        return;
      }
      signal?.addEventListener("abort", cancel, { once: true });
      const known = this.models.get(model) ?? UNSURE;
      const made = known === UNSURE ? { make: replica } : {};
      void this.ready.then(() => {
        if (this.current?.id !== id) return; // stopped while the worker was starting
        sent = true;
        this.send({ job, id, data, model, weights, ...made, stale: stale(known), region: this.region });
      });
      this.models.set(model, [...versions]);
    });
  }

  forget(model: number): void {
    if (this.models.delete(model)) this.send({ forget: model });
  }

  /** Lets it end: now, or as soon as its job is done. One that somebody halted goes on for that. */
  close(): void {
    if (this.child.connected) this.child.disconnect();
    this.child.kill("SIGCONT");
  }

  /** The result with its long vectors, taken out of the shared memory before the next job writes there. */
  private whole({ result, lengths }: { readonly result: unknown; readonly lengths?: readonly number[] }): unknown {
    if (lengths === undefined) return result;
    let offset = 0;
    const vectors = lengths.map((length) => this.memory.read(this.region, (offset += length) - length, length));
    return { ...(result as object), vectors };
  }

  private send(message: ToWorker): void {
    if (this.child.connected) this.child.send(message);
  }

  private end(how: string): void {
    this.death ??= new Died(how, this.lastWords, !this.isReady);
    this.current?.settle(this.death);
  }

  /** Whether this process waits for the worker before it ends. */
  private hold(busy: boolean): void {
    const { child } = this;
    const change = busy ? "ref" : "unref";
    child[change]();
    child.channel?.[change]();
    (child.stderr as unknown as { ref(): void; unref(): void } | null)?.[change]();
  }
}
