import { setTimeout as delay } from "node:timers/promises";
import type { RayClient } from "./client";
import { isOver, requireJob, type Job } from "./replies";

export interface WatchOptions {
  /** Told what the job prints, as it prints it: each part once, and all of it when the job has ended. */
  readonly heard?: (text: string) => void;
  /** Told of the job each time that it is asked for. */
  readonly seen?: (job: Job) => void;
  /** Its end stops the job. */
  readonly signal?: AbortSignal | undefined;
}

/** Seconds between two questions: at first, and of a job that runs for long. */
const [SOONEST, LATEST] = [0.5, 5];

/**
 * Watches a job to its end.
 * @throws the reason of the signal, once the job has ended by it; one that waits in the cluster's queue ends when its turn comes
 */
export async function watchJob(
  client: RayClient,
  id: string,
  { heard, seen, signal }: WatchOptions = {},
): Promise<Job> {
  const over = new AbortController();
  const log = heard === undefined ? undefined : followLog(client, id, heard, over.signal);
  let [asked, pause] = [false, SOONEST];
  try {
    for (;;) {
      const job = requireJob(await client.job(id), id);
      seen?.(job);
      if (isOver(job)) {
        if (typeof job.driver_exit_code === "number") await log?.rest(); // else its node may be gone, and the log with it
        if (asked) signal?.throwIfAborted();
        return job;
      }
      if (signal?.aborted === true && !asked) {
        asked = true;
        await client.stop(id);
        if (job.status === "PENDING") signal.throwIfAborted();
        pause = SOONEST;
      }
      await delay(1000 * pause, undefined, asked ? {} : { signal }).catch(() => undefined);
      pause = Math.min(LATEST, pause * 1.1);
    }
  } finally {
    over.abort();
  }
}

/** Hands on a job's log as it grows, however often the line is cut, until `over`; then `rest` hands on what is left of it. */
function followLog(
  client: RayClient,
  id: string,
  heard: (text: string) => void,
  over: AbortSignal,
): { rest(): Promise<void> } {
  let known = 0; // characters that were handed on
  let done = false;
  /** @param at characters of the log before the text */
  const hear = (text: string, at: number): void => {
    const fresh = text.slice(Math.max(0, known - at));
    known = Math.max(known, at + text.length);
    if (fresh !== "" && !done) heard(fresh);
  };
  const follow = async (): Promise<void> => {
    for (let pause = 1; !over.aborted; pause = Math.min(30, 1.5 * pause)) {
      let at = 0;
      await client.tail(id, (text) => { hear(text, at); at += text.length; }, over); // prettier-ignore
      await delay(1000 * pause, undefined, { signal: over }).catch(() => undefined);
    }
  };
  follow().catch(() => undefined); // a log that cannot be followed is read at the end
  return {
    rest: async () => {
      const whole = await client.logs(id).catch(() => "");
      if (whole.length > known) hear(whole, 0);
      done = true;
    },
  };
}
