// One set-up at a time: a lock file that names its owner; one whose owner has died is taken over.
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { SETUP } from "./places.mjs";

const LOCK = join(SETUP, "lock");

/** Runs `work` while holding the lock; waits for another set-up to end first. */
export async function withLock(work) {
  mkdirSync(SETUP, { recursive: true });
  for (let told = false; !take(); told = true) {
    const owner = ownerOfLock();
    if (owner !== undefined && !alive(owner)) {
      rmSync(LOCK, { force: true });
      continue;
    }
    if (!told) console.log(`Another set-up (process ${owner}) is running; waiting. If there is none, delete ${LOCK}.`);
    await sleep(500);
  }
  try {
    return await work();
  } finally {
    rmSync(LOCK, { force: true });
  }
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

function ownerOfLock() {
  try {
    return Number(readFileSync(LOCK, "utf8"));
  } catch {
    return undefined; // released in between
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
