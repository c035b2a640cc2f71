import * as fs from "node:fs";
import * as path from "node:path";
import { removeQuietly } from "./files";

/** What the writers of `files.ts` call their work until it is whole: `name.tmp-<pid>`, `name.old-<pid>`. */
const UNFINISHED = /^(.+)\.(tmp|old)-(\d+)$/;
/** What asks whether files can be made in a folder. */
const PROBE = /^\.writable-(\d+)$/;

/** Whether a file or folder of that name is a writer's, and not whole yet. */
export function isUnfinished(name: string): boolean {
  return UNFINISHED.test(name) || PROBE.test(name);
}

/**
 * Clears a folder of what killed writers left in it. Where the kill came between the two renames that replace a folder,
 * the old folder goes back to its place.
 * @param isOver whether a process's unfinished work may be taken away; default: when it is no longer running. The holder
 * of a folder's lock knows that all of it may, also where another process has the number of the dead one by now.
 * @param isOurs whether what lies at a path is a writer's at all: a folder that readers keep other things in asks this
 */
export function sweepLeftovers(
  folder: string,
  isOver: (pid: number) => boolean = (pid) => !isRunning(pid),
  isOurs: (left: string) => boolean = () => true,
): void {
  for (const name of namesIn(folder)) {
    const left = path.join(folder, name);
    if (!isUnfinished(name) || !isOurs(left)) continue;
    const [, target = "", kind, writer] = UNFINISHED.exec(name) ?? [];
    if (kind !== undefined) {
      if (!isOver(Number(writer))) continue;
      const place = path.join(folder, target);
      if (kind === "old" && !fs.existsSync(place)) fs.renameSync(left, place);
      else removeQuietly(left);
    } else {
      const prober = PROBE.exec(name)?.[1];
      if (prober !== undefined && isOver(Number(prober))) removeQuietly(left);
    }
  }
}

/** Whether a process of that number runs on this machine, whoever's it is. */
export function isRunning(pid: number): boolean {
  if (pid <= 0) return false; // 0 would ask about this process's own group
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM"; // another user's
  }
}

function namesIn(folder: string): string[] {
  try {
    return fs.readdirSync(folder);
  } catch {
    return []; // not there, or no folder: nothing was left in it
  }
}
