import type { Agent } from "node:http";
import { keptOpen, reasonOf } from "../../core/http";
import { limit } from "../../core/limits";

/** Those that are open in this process, by the API. */
const gates = new Map<string, Gate>();

/**
 * The way to one API, which all who ask it in this process share: however many models and stages they are, so many requests are under way at a
 * time, and a pause that the server asks of one is kept by all.
 */
export class Gate {
  /** Requests at a time. */
  readonly lanes = limit("FINE_R1_SERVED_LANES");
  readonly agent: Agent;
  private readonly waiting: (() => void)[] = [];
  private users = 0;
  private busy = 0;
  private quietUntil = 0;

  private constructor(private readonly api: string) {
    this.agent = keptOpen(api);
  }

  /** The gate to an API. Whoever has it gives it back once (`close`). */
  static to(api: string): Gate {
    const gate = gates.get(api) ?? new Gate(api);
    gates.set(api, gate);
    gate.users++;
    return gate;
  }

  /** The last one closes the connections. */
  close(): void {
    if (--this.users > 0) return;
    gates.delete(this.api);
    this.agent.destroy();
  }

  /** Waits for a lane; first come, first served. @throws the signal's reason */
  async enter(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    if (this.busy < this.lanes) {
      this.busy++;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const go = (): void => {
        signal?.removeEventListener("abort", leave);
        resolve();
      };
      const leave = (): void => {
        this.waiting.splice(this.waiting.indexOf(go), 1);
        reject(reasonOf(signal));
      };
      signal?.addEventListener("abort", leave, { once: true });
      this.waiting.push(go);
    });
  }

  /** Gives the lane to the next one. */
  leave(): void {
    const next = this.waiting.shift();
    if (next === undefined) this.busy--;
    else next(); // it takes over the lane
  }

  /** Nobody asks for so long. */
  keepQuiet(ms: number): void {
    this.quietUntil = Math.max(this.quietUntil, performance.now() + ms);
  }

  /** Waits for the end of the pause that the server asked for, of whomever it did and however late. */
  async quiet(signal: AbortSignal | undefined): Promise<void> {
    while (this.quietUntil > performance.now()) await pause(this.quietUntil - performance.now(), signal);
  }
}

/** @throws the signal's reason */
export async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  if (ms <= 0) return;
  await new Promise<void>((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(reasonOf(signal));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal?.addEventListener("abort", stop, { once: true });
  });
}
