import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { reading } from "./files";
import { breathe, check } from "./progress";

/** Bytes read at a time. */
const CHUNK_BYTES = 1 << 22;

/** SHA-256 of a file of any size, in hexadecimal. @throws LabError when it cannot be read */
export function hashFile(file: string): string {
  const hash = createHash("sha256");
  for (const chunk of chunksOf(file)) hash.update(chunk);
  return hash.digest("hex");
}

/** Hashes that this process has taken, by file, size and time. */
const known = new Map<string, string>();

/** The same of a file that this process has hashed before and that has not changed since: gigabytes are read once. */
export function hashKnown(file: string): string {
  const { size, mtimeMs, ino } = reading(file, () => fs.statSync(file));
  const id = JSON.stringify([file, size, mtimeMs, ino]);
  const hash = known.get(id) ?? hashFile(file);
  known.set(id, hash);
  return hash;
}

/** The same, in turns with timers and signals, which gigabytes would keep waiting. */
export async function hashFileInTurns(file: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  for (const chunk of chunksOf(file)) {
    hash.update(chunk);
    check(signal);
    await breathe();
  }
  return hash.digest("hex");
}

/** Each chunk is good until the next one is asked for. */
function* chunksOf(file: string): Generator<Buffer> {
  const handle = reading(file, () => fs.openSync(file, "r"));
  try {
    const buffer = Buffer.alloc(Math.min(CHUNK_BYTES, Math.max(65_536, fs.fstatSync(handle).size + 1)));
    for (;;) {
      const read = reading(file, () => fs.readSync(handle, buffer));
      if (read === 0) return;
      yield buffer.subarray(0, read);
    }
  } finally {
    fs.closeSync(handle);
  }
}
