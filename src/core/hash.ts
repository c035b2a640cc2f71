import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { unreadable } from "./files";

/** Bytes read at a time. */
const CHUNK_BYTES = 1 << 22;

/** SHA-256 of a file of any size, in hexadecimal. @throws LabError when it cannot be read */
export function hashFile(file: string): string {
  const hash = createHash("sha256");
  const buffer = Buffer.alloc(CHUNK_BYTES);
  try {
    const handle = fs.openSync(file, "r");
    try {
      for (let read = 1; read > 0;) {
        read = fs.readSync(handle, buffer);
        hash.update(buffer.subarray(0, read));
      }
    } finally {
      fs.closeSync(handle);
    }
  } catch (error) {
    throw unreadable(file, error);
  }
  return hash.digest("hex");
}
