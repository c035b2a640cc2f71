// One set-up at a time: a lock file that names its owner and the program the owner runs (a set-up that was killed can
// leave pip behind, still writing). It is taken over when both have ended.
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { SETUP } from "./places.mjs";

const LOCK = join(SETUP, "lock");

/** Runs `work` while holding the lock; waits for another set-up to end first. */
export async function withLock(work) {
  mkdirSync(SETUP, { recursive: true });
  for (let told = false; !take(); told = true) {
    const holders = holdersOfLock();
    if (holders !== undefined && !holders.some(alive)) {
      rmSync(LOCK, { force: true });
      continue;
    }
    if (!told)
      console.log(`Another set-up (process ${holders}) is running; waiting. If there is none, delete ${LOCK}.`);
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

/** A link appears with its content in one step, so that no reader sees an empty lock. */
function take() {
  const mine = `${LOCK}.${process.pid}`;
  writeFileSync(mine, String(process.pid));
  try {
    linkSync(mine, LOCK);
    return true;
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(mine, { force: true });
  }
}

function holdersOfLock() {
  try {
    return readFileSync(LOCK, "utf8").split(" ").map(Number);
  } catch {
    return undefined; // there is none, or it was released just now
  }
}

function alive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}
