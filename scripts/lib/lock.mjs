// One set-up at a time: a lock file that names its owner and the program the owner runs (a set-up that was killed can
// leave pip behind, still writing). It is taken over when both have ended.
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { SETUP } from "./places.mjs";

const LOCK = join(SETUP, "lock");

/** Runs `work` while holding the lock; waits for another set-up to end first. */
export async function withLock(work) {
  mkdirSync(SETUP, { recursive: true });
  let told = false;
  while (!take()) {
    const holders = holdersOfLock();
    if (holders !== undefined && !holders.some(alive)) {
      rmSync(LOCK, { force: true });
      continue;
    }
    if (!told && holders !== undefined) {
      console.log(`Another set-up (process ${holders}) is running; waiting. If there is none, delete ${LOCK}.`);
      told = true;
    }
    await sleep(500);
  }
  try {
    return await work();
  } finally {
    rmSync(LOCK, { force: true });
  }
}

/** Notes in the lock, where this process holds it, that a program of ours is running. */
export function noteProgram(pid) {
  if (holdersOfLock()?.[0] !== process.pid) return;
  const mine = `${LOCK}.${process.pid}`;
  writeFileSync(mine, `${process.pid} ${pid}`);
  renameSync(mine, LOCK);
}

/** Exclusive creation, no hard link: not every file system has them. For a moment the lock is empty. */
function take() {
  try {
    writeFileSync(LOCK, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  }
}

/** The processes that the lock names; undefined where there is none, or where it is just being written. */
function holdersOfLock() {
  try {
    const text = readFileSync(LOCK, "utf8");
    if (text === "" && Date.now() - statSync(LOCK).mtimeMs < 2000) return undefined;
    return text.split(" ").map(Number);
  } catch {
    return undefined; // it was released just now
  }
}

function alive(pid) {
  if (!(pid > 0)) return false; // an empty lock: its owner was killed as it made it
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}
