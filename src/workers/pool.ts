import type * as tf from "@tensorflow/tfjs-core";
import { LabError, messageOf } from "../core/errors";
import type { Job, Replicable, Runner, Workers } from "./job";
import { receivedError, variablesByName, type StaleWeights } from "./protocol";
import { Regions, SharedMemory } from "./sharedMemory";
import { Died, WorkerProcess } from "./workerProcess";

/** A job that ends its worker this often is not tried again. */
export const MOST_DEATHS = 3;

/** A model that jobs are done with, as this process knows it. */
interface Shared {
  readonly number: number;
  /** Of the shared memory, where its weights lie; none before they are first written, and after it was forgotten. */
  region: number | undefined;
  readonly model: Replicable;
  readonly variables: readonly tf.Variable[];
  /** Of each variable: what it held when it was last written to the shared memory, and how often that was. */
  readonly seen: (tf.DataId | undefined)[];
  readonly versions: number[];
  readonly offsets: readonly number[];
  running: number;
}

interface Waiting {
  readonly shared: Shared;
  readonly job: string;
  readonly data: unknown;
  readonly signal: AbortSignal | undefined;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
  deaths: number;
}

/**
 * Worker processes, one tensor thread each, that do the jobs of several models. A job is a function of weights and data, so
 * that it does not matter which worker does it: jobs are handed out in the order in which they were asked for, and what a dead
 * worker was doing is done again by another. Workers start with the first job and do not keep this process from ending.
 */
export class Pool implements Workers {
  private readonly queue: Waiting[] = [];
  private workers: WorkerProcess[] = [];
  private readonly models = new Map<Replicable, Shared>();
  private memory: SharedMemory | undefined;
  private readonly regions = new Regions();
  private nextModel = 0;
  private closed = false;
  /** How often a worker died in the midst of a job. */
  deaths = 0;

  /**
   * @param size how many workers
   * @param program the script that they run: `serve` with what they can do
   */
  constructor(
    readonly size: number,
    private readonly program: string,
  ) {}

  runner<M extends Replicable>(model: M): Runner<M> {
    return {
      lanes: this.size,
      run: <D, R>(job: Job<M, D, R>, data: D, signal?: AbortSignal): Promise<R> =>
        this.ask(this.shared(model), job.name, data, signal) as Promise<R>,
    };
  }

  forget(model: Replicable): void {
    const known = this.models.get(model);
    if (known === undefined) return;
    this.models.delete(model);
    for (const worker of this.workers) worker.forget(known.number);
    this.letGo(known);
  }

  /** The workers' process numbers. */
  get pids(): readonly number[] {
    return this.workers.flatMap(({ pid }) => pid ?? []);
  }

  /** Ends the workers. Jobs that were not done fail. */
  close(): void {
    this.closed = true;
    for (const { reject } of this.queue.splice(0)) reject(closedError());
    for (const worker of this.workers) worker.close();
    this.workers = [];
    this.memory?.close();
    this.memory = undefined;
  }

  private ask(shared: Shared, job: string, data: unknown, signal: AbortSignal | undefined): Promise<unknown> {
    if (this.closed) return Promise.reject(closedError());
    signal?.throwIfAborted();
    let leave = (): void => undefined;
    const done = new Promise((resolve, reject) => {
      const waiting: Waiting = { shared, job, data, signal, resolve, reject, deaths: 0 };
      leave = (): void => {
        const at = this.queue.indexOf(waiting);
        if (at < 0) return; // a worker has it, and is told
        this.queue.splice(at, 1);
        reject(signal?.reason as Error);
      };
      signal?.addEventListener("abort", leave, { once: true });
      this.queue.push(waiting);
      this.handOut();
    });
    return done.finally(() => signal?.removeEventListener("abort", leave));
  }

  private handOut(): void {
    for (const worker of this.workers.filter(({ alive }) => !alive)) this.bury(worker);
    while (this.workers.length < Math.min(this.size, this.queue.length + this.busy()) && this.hire());
    for (const worker of this.workers) {
      if (!worker.idle) continue;
      const next = this.queue.shift();
      if (next === undefined) return;
      void this.give(worker, next);
    }
  }

  private busy(): number {
    return this.workers.filter(({ idle }) => !idle).length;
  }

  /** Whether there is one more now. Those that are there go on without; where there are none, what waits fails. */
  private hire(): boolean {
    const region = this.regions.take();
    try {
      this.memory ??= SharedMemory.make();
      this.workers.push(new WorkerProcess(this.program, this.memory, region));
      return true;
    } catch (error) {
      this.regions.giveBack(region);
      const why = error instanceof LabError ? error : new Died(messageOf(error), "", true).asError();
      if (this.workers.length === 0) for (const { reject } of this.queue.splice(0)) reject(why);
      return false;
    }
  }

  /** A worker that has died: nobody writes to its region any more. */
  private bury(worker: WorkerProcess): void {
    const at = this.workers.indexOf(worker);
    if (at < 0) return;
    this.workers.splice(at, 1);
    this.regions.giveBack(worker.region);
  }

  /** A model that was forgotten has no region any more, once no worker reads there. */
  private letGo(shared: Shared): void {
    if (shared.running > 0 || this.models.get(shared.model) === shared || shared.region === undefined) return;
    this.regions.giveBack(shared.region);
    shared.region = undefined;
    shared.seen.fill(undefined);
  }

  /** Has a worker do a job, and when it dies puts the job back at the head of the queue. */
  private async give(worker: WorkerProcess, waiting: Waiting): Promise<void> {
    const { shared, job, data, signal } = waiting;
    try {
      const weights = this.publish(shared);
      shared.running++;
      const { number: model, versions } = shared;
      const reply = await worker
        .run({
          ...{ job, data, signal, model, weights, replica: shared.model.replica, versions },
          stale: (known) => staleSince(known, shared),
        })
        .finally(() => {
          shared.running--;
          this.letGo(shared);
        });
      if ("error" in reply) waiting.reject(signal?.aborted === true ? signal.reason : receivedError(reply.error));
      else waiting.resolve(reply.result);
    } catch (error) {
      if (error instanceof Died) this.replace(worker, waiting, error);
      else waiting.reject(error);
    }
    if (!this.closed) this.handOut();
  }

  private replace(worker: WorkerProcess, waiting: Waiting, death: Died): void {
    this.bury(worker);
    waiting.deaths++;
    this.deaths++;
    if (this.closed) waiting.reject(closedError());
    else if (waiting.signal?.aborted === true) waiting.reject(waiting.signal.reason);
    else if (waiting.deaths >= MOST_DEATHS) waiting.reject(death.asError());
    else this.queue.unshift(waiting);
  }

  private shared(model: Replicable): Shared {
    const known = this.models.get(model);
    if (known !== undefined) return known;
    let offset = 0;
    const variables = variablesByName(model);
    const offsets = variables.map(({ size }) => (offset += size) - size);
    const shared: Shared = {
      number: this.nextModel++,
      region: undefined,
      model,
      variables,
      seen: [],
      versions: offsets.map(() => 0),
      offsets,
      running: 0,
    };
    this.models.set(model, shared);
    return shared;
  }

  /**
   * Writes the weights that have changed since the last time. A variable that was assigned to holds other data.
   * @returns the region where they lie
   */
  private publish(shared: Shared): number {
    const { variables, seen, versions, offsets, running } = shared;
    const region = (shared.region ??= this.regions.take());
    for (const [at, variable] of variables.entries()) {
      if (seen[at] === variable.dataId) continue;
      if (running > 0) throw new RangeError("Pool: weights changed while jobs with them were going on");
      this.memory?.write(region, offsets[at] as number, variable.dataSync<"float32">());
      seen[at] = variable.dataId;
      versions[at] = (versions[at] as number) + 1;
    }
    return region;
  }
}

function staleSince(known: readonly number[], { versions, offsets }: Shared): StaleWeights[] {
  return versions.flatMap((version, index) =>
    version === known[index] ? [] : [{ index, offset: offsets[index] as number }],
  );
}

function closedError(): Error {
  return new Error("the workers were sent away before this was done");
}
