import * as fs from "node:fs";
import * as path from "node:path";
import { unwritable, writeFileAtomic } from "../../core/files";
import type { Curve } from "./curve";

/**
 * TensorBoard's event files: TFRecords (8 bytes of length, its masked CRC-32C, the data, theirs), each holding one message `Event` of
 * tensorflow/core/util/event.proto. Numbers of a proto are little-endian, a scalar is a float32.
 */

const FILE = "events.out.tfevents.fine-r1";

/** Numbers of the fields, with their wire types in the low three bits: 0 varint, 1 eight bytes, 2 length first, 5 four bytes. */
const FIELD = {
  wallTime: (1 << 3) | 1,
  step: (2 << 3) | 0,
  fileVersion: (3 << 3) | 2,
  summary: (5 << 3) | 2,
  /** Within a summary. */
  value: (1 << 3) | 2,
  /** Within a value. */
  tag: (1 << 3) | 2,
  simpleValue: (2 << 3) | 5,
} as const;

/**
 * Writes a folder for TensorBoard: an event file for each curve, in a folder of its run's name. Where a file already holds the
 * beginning of a curve, the rest is appended, so that a TensorBoard that is running sees it. Such a file's own beginning is kept: while a
 * stage trains its start is known by a file's age alone, which says another time than its record. @returns the files
 */
export function writeEventFiles(folder: string, curves: readonly Curve[]): string[] {
  return curves.map((curve) => {
    const file = path.join(folder, ...curve.run.split("/"), FILE);
    if (!appended(file, curve)) writeFileAtomic(file, eventFile(curve));
    return file;
  });
}

/** Appends what a file with the beginning of a curve lacks. @returns whether it is such a file */
function appended(file: string, curve: Curve): boolean {
  try {
    if (!fs.existsSync(file)) return false;
    const before = fs.readFileSync(file);
    const events = eventFile({ ...curve, startedAt: beginningOf(before) ?? curve.startedAt });
    if (before.length === 0 || !before.equals(events.subarray(0, before.length))) return false;
    fs.appendFileSync(file, events.subarray(before.length));
    return true;
  } catch (error) {
    throw unwritable(file, error);
  }
}

/** When a curve began, in seconds: the time of the first event, behind its length, a checksum and the field's tag; `undefined` for other bytes. */
function beginningOf(bytes: Buffer): number | undefined {
  const at = 8 + 4 + 1;
  return bytes.length >= at + 8 && bytes[at - 1] === FIELD.wallTime ? bytes.readDoubleLE(at) : undefined;
}

/** A curve as an event file: the version, then an event for each step with all its figures. Each event's time is when its step ended. */
export function eventFile({ steps, startedAt }: Curve): Buffer {
  const version = field(FIELD.fileVersion, Buffer.from("brain.Event:2"));
  const records = [record(Buffer.concat([double(FIELD.wallTime, startedAt), version]))];
  let time = startedAt;
  for (const { step, ...figures } of steps) {
    time += figures["seconds"] ?? 0;
    const values = Object.entries(figures).map(([name, value]) =>
      field(FIELD.value, Buffer.concat([field(FIELD.tag, Buffer.from(name)), float(FIELD.simpleValue, value)])),
    );
    const number = step === 0 ? [] : [varint(FIELD.step), varint(step)]; // as protobuf writes it: 0 is what is not there
    const event = [double(FIELD.wallTime, time), ...number, field(FIELD.summary, Buffer.concat(values))];
    records.push(record(Buffer.concat(event)));
  }
  return Buffer.concat(records);
}

function record(data: Buffer): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(data.length));
  return Buffer.concat([length, masked(length), data, masked(data)]);
}

function field(key: number, content: Buffer): Buffer {
  return Buffer.concat([varint(key), varint(content.length), content]);
}

function double(key: number, value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return Buffer.concat([varint(key), bytes]);
}

function float(key: number, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return Buffer.concat([varint(key), bytes]);
}

/** @param value a whole number from 0 to 2⁵³ */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  let left = value;
  for (; left >= 128; left = Math.floor(left / 128)) bytes.push((left % 128) + 128);
  return Buffer.from([...bytes, left]);
}

/** CRC-32C (Castagnoli) of the data, turned and shifted so that a CRC of data that hold CRCs is no special case (TFRecord). */
function masked(data: Buffer): Buffer {
  const crc = crc32c(data);
  const out = Buffer.alloc(4);
  out.writeUInt32LE((((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0);
  return out;
}

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ 0x82f63b78 : rest >>> 1;
  return rest;
});

/** CRC-32C of some bytes (RFC 3720, B.4). */
export function crc32c(data: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of data) crc = (crc >>> 8) ^ (TABLE[(crc ^ byte) & 255] ?? 0);
  return (crc ^ 0xffffffff) >>> 0;
}
