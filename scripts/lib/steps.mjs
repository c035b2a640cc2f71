// Steps with stamps: a step is done again when its inputs changed, its product is gone, or it never finished.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SETUP } from "./places.mjs";

const STAMPS = join(SETUP, "stamps");

/** A short hash of anything that JSON can say. */
export function hashOf(inputs) {
  return createHash("sha256").update(JSON.stringify(inputs)).digest("hex").slice(0, 16);
}

/** The content hash of a file, "absent" without it. */
export function hashOfFile(file) {
  return existsSync(file) ? createHash("sha256").update(readFileSync(file)).digest("hex") : "absent";
}

/**
 * Runs a step unless its stamp holds.
 * @param step.name what is shown and what the stamp is called
 * @param step.title the sentence shown while it runs
 * @param step.inputs everything the product depends on, as plain data
 * @param step.present a cheap look whether the product is there
 * @param step.work makes the product; may return data to keep in the stamp
 * @returns the kept data, the hash of the inputs, and whether the step ran
 */
export async function runStep({ name, title, inputs, present, work }) {
  const key = hashOf(inputs);
  const stamp = readStamp(name);
  if (stamp?.key === key && present(stamp.kept)) return { kept: stamp.kept, key, ran: false };
  rmSync(stampFile(name), { force: true });
  process.stdout.write(`  ${title} … `);
  const began = Date.now();
  let kept;
  try {
    kept = (await work()) ?? {};
  } catch (error) {
    console.log("failed");
    throw error;
  }
  console.log(`${((Date.now() - began) / 1000).toFixed(1)} s`);
  writeStamp(name, { key, kept });
  return { kept, key, ran: true };
}

const stampFile = (name) => join(STAMPS, `${name}.json`);

function readStamp(name) {
  try {
    return JSON.parse(readFileSync(stampFile(name), "utf8"));
  } catch {
    return undefined; // absent or torn: the step runs
  }
}

function writeStamp(name, stamp) {
  mkdirSync(STAMPS, { recursive: true });
  const temporary = `${stampFile(name)}.tmp`;
  writeFileSync(temporary, JSON.stringify(stamp));
  renameSync(temporary, stampFile(name));
}
