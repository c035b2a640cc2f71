import { setTimeout as delay } from "node:timers/promises";
import { isOver, requireJob, type Job, type RayClient } from "./client";

export interface WatchOptions {
  /** Told what the job prints, as it prints it. */
  readonly heard?: (text: string) => void;
  /** Told of the job each time that it is asked for. */
  readonly seen?: (job: Job) => void;
  /** Its end stops the job. */
  readonly signal?: AbortSignal | undefined;
  /** Hear all that it printed before this returns: up to `DRAIN_SECONDS` more. */
  readonly whole?: boolean;
}

const DRAIN_SECONDS = 10;
/** Seconds between two questions: at first, and of a job that runs for long. */
const [SOONEST, LATEST] = [0.5, 5];

/**
 * Watches a job to its end.
 * @throws the reason of the signal, once the job has ended by it; one that waits in the cluster's queue ends when its turn comes
 */
export async function watchJob(
  client: RayClient,
  id: string,
  { heard = () => undefined, seen, signal, whole = false }: WatchOptions = {},
): Promise<Job> {
  const over = new AbortController();
  const following = follow(client, id, heard, over.signal).catch(() => undefined); // its end tells nothing of the job's
  let [asked, pause] = [false, SOONEST];
  try {
    for (;;) {
      const job = requireJob(await client.job(id), id);
      seen?.(job);
      if (isOver(job)) {
        if (whole) await Promise.race([following, delay(1000 * DRAIN_SECONDS, undefined, { signal: over.signal })]);
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

/** The text of a job's log, each part once, however often the line is cut; ends when the job has ended. */
async function follow(client: RayClient, id: string, heard: (text: string) => void, over: AbortSignal): Promise<void> {
  let known = 0; // characters that were handed on
  while (!over.aborted) {
    let at = 0;
    const hear = (text: string): void => {
      const fresh = text.slice(Math.max(0, known - at));
      at += text.length;
      known = Math.max(known, at);
      if (fresh !== "") heard(fresh);
    };
    await client.tail(id, hear, over);
    if (over.aborted) return;
    const job = await client.job(id).catch(() => undefined);
    if (job !== undefined && isOver(job)) return;
    await delay(1000, undefined, { signal: over }).catch(() => undefined);
  }
}
