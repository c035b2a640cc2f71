import { randomUUID } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { parserOf } from "../config/stored";
import { LabError } from "../core/errors";
import { parseJson, removeQuietly, unreadable, unwritable } from "../core/files";
import { makeFolder } from "../core/folders";
import { check, type Progress, type ProgressTask } from "../core/progress";
import { MACHINE, standingOf, thisProcess } from "./machine";

/** How a lease is waited for. */
export interface LeaseOptions {
  readonly progress: Progress;
  readonly signal?: AbortSignal | undefined;
  /** Seconds of silence after which an owner that cannot be asked (on another machine) counts as gone; 60. */
  readonly expirySeconds?: number | undefined;
  /** Asked while waiting: true when the lease is not needed any more. */
  readonly until?: () => boolean;
}

/** Training keeps a process from its timers for some seconds at a time. */
const EXPIRY_SECONDS = 60;
const BEATS_PER_EXPIRY = 12;
const POLL_MILLISECONDS = 200;

/** What a lease file says. It is written over in place, so that every text of one lease has the same length. */
const ownerSchema = z.strictObject({
  state: z.enum(["held", "free"]),
  token: z.string(),
  host: z.string(),
  boot: z.string(),
  namespace: z.string(),
  pid: z.int(),
  started: z.string(),
  expirySeconds: z.number(),
  heartbeat: z.string(),
});
type Owner = z.infer<typeof ownerSchema>;
const parseOwner = parserOf(ownerSchema);

/**
 * The right to do a piece of work, of one call in one process on one machine. Its files are `<folder>/<name>.<n>`: the
 * highest n counts, and whoever makes n + 1 (which the file system lets one do only) is the next owner. The highest is
 * never removed while the work is not finished, so that nobody can take over twice, however long ago he last looked.
 */
export class Lease {
  private readonly lost = new AbortController();
  private readonly timer: NodeJS.Timeout;

  private constructor(
    private readonly folder: string,
    private readonly name: string,
    private readonly generation: number,
    private readonly owner: Owner,
    private readonly outer: AbortSignal | undefined,
  ) {
    const every = (owner.expirySeconds * 1000) / BEATS_PER_EXPIRY;
    this.timer = setInterval(this.beat, every).unref();
    outer?.addEventListener("abort", this.stop);
  }

  /** Ends when the caller's does, and when another process has taken the lease over. */
  get signal(): AbortSignal {
    return this.lost.signal;
  }

  /** @returns `undefined` when another one was faster */
  static claim(folder: string, name: string, generation: number, options: LeaseOptions): Lease | undefined {
    const file = fileOf(folder, name, generation);
    const { expirySeconds = EXPIRY_SECONDS } = options;
    const owner: Owner = { state: "held", token: randomUUID(), ...MACHINE, ...thisProcess(), expirySeconds, heartbeat: now() }; // prettier-ignore
    try {
      makeFolder(folder);
      if (!create(file, JSON.stringify(owner))) return undefined;
    } catch (error) {
      throw unwritable(file, error);
    }
    const all = generationsOf(folder, name);
    if (Math.max(...all) > generation) {
      removeQuietly(file); // this process had looked long ago
      return undefined;
    }
    for (const older of all) if (older < generation) removeQuietly(fileOf(folder, name, older));
    return new Lease(folder, name, generation, owner, options.signal);
  }

  /** @throws LabError when another process has taken the lease over */
  confirm(): void {
    this.beat();
    this.signal.throwIfAborted();
  }

  /** @param finished true when nobody needs the lease again: its file goes */
  release(finished: boolean): void {
    clearInterval(this.timer);
    this.outer?.removeEventListener("abort", this.stop);
    if (!this.isOwn()) return;
    if (finished) removeQuietly(fileOf(this.folder, this.name, this.generation));
    else this.write("free");
  }

  private readonly stop = (): void => {
    this.lost.abort(this.outer?.reason);
  };

  private readonly beat = (): void => {
    if (this.isOwn()) this.write("held");
    else this.lost.abort(this.takenOver());
  };

  private isOwn(): boolean {
    try {
      const newest = Math.max(...generationsOf(this.folder, this.name));
      return newest === this.generation && readOwner(this.folder, this.name, newest).owner?.token === this.owner.token;
    } catch {
      return true; // the file system does not answer: nothing is known to be lost
    }
  }

  private write(state: Owner["state"]): void {
    try {
      const handle = fs.openSync(fileOf(this.folder, this.name, this.generation), "r+");
      try {
        fs.writeSync(handle, JSON.stringify({ ...this.owner, state, heartbeat: now() }), 0);
      } finally {
        fs.closeSync(handle);
      }
    } catch {
      // the file system does not answer: the next beat may be heard
    }
  }

  private takenOver(): LabError {
    const { owner } = readOwner(this.folder, this.name, Math.max(...generationsOf(this.folder, this.name)));
    if (owner === undefined) {
      const reason = "its lease is gone: the folder of leases was removed or changed while this ran";
      return new LabError(reason, "Run again.", { subject: this.name });
    }
    return new LabError(
      `its lease was taken over by ${whose(owner)}: this process had not been heard of for ${this.owner.expirySeconds} s`,
      "Run again: what the other one makes is taken from the store.",
      { subject: this.name },
    );
  }
}

/**
 * Waits for the lease of a piece of work: until its owner lets it go, or is known to be gone, or has been silent too
 * long. Silence is measured by this process's own clock, so that no two clocks need agree.
 * @returns `undefined` when `until` says that it is not needed any more
 */
export async function takeLease(folder: string, name: string, options: LeaseOptions): Promise<Lease | undefined> {
  let heard = { text: "", at: 0 };
  let waiting: ProgressTask | undefined;
  try {
    for (;;) {
      check(options.signal);
      if (options.until?.() === true) return undefined;
      const newest = Math.max(0, ...generationsOf(folder, name));
      const { text, owner } = readOwner(folder, name, newest);
      const word = `${newest} ${text}`;
      if (word !== heard.text) heard = { text: word, at: performance.now() };
      const silent = (performance.now() - heard.at) / 1000;
      if (newest === 0 || isFree(owner, silent, options.expirySeconds)) {
        const lease = Lease.claim(folder, name, newest + 1, options);
        if (lease !== undefined) return lease;
      } else {
        waiting ??= options.progress.start(`waiting for ${whose(owner)}`, 1);
        await delay(POLL_MILLISECONDS, undefined, { signal: options.signal }).catch(() => undefined);
      }
    }
  } finally {
    waiting?.update(1);
    waiting?.finish();
  }
}

/**
 * Writes a file that there is not yet. One that was made and cannot be written, as on a full disk, is removed: empty, it would pass for the
 * lease of a process that is just writing it.
 * @returns false when there is one
 */
function create(file: string, text: string): boolean {
  let handle: number;
  try {
    handle = fs.openSync(file, "wx");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
  try {
    try {
      fs.writeFileSync(handle, text);
    } finally {
      fs.closeSync(handle); // a network's file system may say only here that there is no room
    }
  } catch (error) {
    removeQuietly(file);
    throw error;
  }
  return true;
}

function isFree(owner: Owner | undefined, silent: number, expirySeconds = EXPIRY_SECONDS): boolean {
  if (owner === undefined) return silent > expirySeconds; // it is just being written, or its writer was killed
  if (owner.state === "free") return true;
  const standing = standingOf(owner);
  return standing === "gone" || (standing === "unknown" && silent > owner.expirySeconds);
}

function whose(owner: Owner | undefined): string {
  return owner === undefined ? "another process" : `process ${owner.pid} on ${owner.host}`;
}

function fileOf(folder: string, name: string, generation: number): string {
  return path.join(folder, `${name}.${generation}`);
}

/** The numbers of a lease's files; none where there is no such folder. */
function generationsOf(folder: string, name: string): number[] {
  if (!fs.existsSync(folder)) return [];
  const prefix = `${name}.`;
  return fs
    .readdirSync(folder)
    .filter((file) => file.startsWith(prefix) && /^\d+$/.test(file.slice(prefix.length)))
    .map((file) => Number(file.slice(prefix.length)));
}

/** The text of a lease file, "" where there is none, and whose lease it is, where it says so. */
function readOwner(folder: string, name: string, generation: number): { text: string; owner?: Owner } {
  const text = readIfThere(fileOf(folder, name, generation));
  try {
    return { text, owner: parseOwner(parseJson(text)) };
  } catch {
    return { text }; // it is just being written
  }
}

/** What file systems say of a file that was removed by now; a network's has a word of its own. */
const NOT_THERE = ["ENOENT", "ENOTDIR", "ESTALE"];

/** @throws LabError when there is one that may not be read: its owner may well be alive */
function readIfThere(file: string): string {
  try {
    return fs.readFileSync(file, "utf8");
  } catch (error) {
    if (NOT_THERE.some((code) => error instanceof Error && "code" in error && error.code === code)) return "";
    throw unreadable(file, error);
  }
}

function now(): string {
  return new Date().toISOString();
}
