import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { LabError, messageOf } from "../core/errors";
import { unwritable } from "../core/files";

/** Where memory that several processes share is to be had as a file, the best first. */
const PLACES = ["/dev/shm", os.tmpdir()];
/** A place with less room than this is passed over: containers often get 64 MiB of /dev/shm. */
const ROOM = 2 ** 29;
/** Bytes between the starts of two regions, more than any model that is copied has (1 GiB). Only what is written takes memory. */
const REGION = 2 ** 32;

/**
 * Memory that this process and its workers share: a file without a name, so that nothing is left of it whichever process
 * is killed. Numbers go through it as they lie in memory: a copy in, a copy out, no text between. It is cut into regions,
 * which keep the memory that they once took: whoever hands out their numbers (`Regions`) gives each out again.
 */
export class SharedMemory {
  /** @param descriptor of the open file; a worker has it from the process that started it */
  constructor(readonly descriptor: number) {}

  static make(): SharedMemory {
    const place = PLACES.find(hasRoom) ?? os.tmpdir();
    try {
      const folder = fs.mkdtempSync(path.join(place, "fine-r1-"));
      const descriptor = fs.openSync(path.join(folder, "shared"), "wx+", 0o600);
      fs.rmSync(folder, { recursive: true });
      return new SharedMemory(descriptor);
    } catch (error) {
      throw unwritable(place, error);
    }
  }

  /** @param offset in numbers, from the start of the region */
  write(region: number, offset: number, values: Float32Array): void {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    if (4 * offset + bytes.length > REGION) throw new RangeError("SharedMemory: more than a region holds");
    let done = 0;
    try {
      while (done < bytes.length)
        done += fs.writeSync(this.descriptor, bytes, done, bytes.length - done, region * REGION + 4 * offset + done);
    } catch (error) {
      const reason = `cannot be written (${messageOf(error)})`;
      const remedy = `Make room in ${PLACES.join(" or ")}, where it lies, or do without workers: FINE_R1_WORKERS=1.`;
      throw new LabError(reason, remedy, { subject: "memory shared with worker processes", cause: error });
    }
  }

  /** @returns a copy of `length` numbers */
  read(region: number, offset: number, length: number): Float32Array {
    const values = new Float32Array(length);
    const bytes = new Uint8Array(values.buffer);
    let done = 0;
    while (done < bytes.length) {
      const more = fs.readSync(this.descriptor, bytes, done, bytes.length - done, region * REGION + 4 * offset + done);
      if (more === 0) throw new RangeError(`SharedMemory: region ${region} ends before ${offset + length} numbers`);
      done += more;
    }
    return values;
  }

  close(): void {
    fs.closeSync(this.descriptor);
  }
}

/** The numbers of the regions that are in use. */
export class Regions {
  private readonly free: number[] = [];
  private next = 0;

  take(): number {
    return this.free.pop() ?? this.next++;
  }

  giveBack(region: number): void {
    this.free.push(region);
  }
}

function hasRoom(place: string): boolean {
  try {
    const { bavail, bsize } = fs.statfsSync(place);
    fs.accessSync(place, fs.constants.W_OK);
    return bavail * bsize >= ROOM;
  } catch {
    return false;
  }
}
