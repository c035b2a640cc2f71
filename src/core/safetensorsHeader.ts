import * as fs from "node:fs";
import { z } from "zod";
import { LabError, messageOf } from "./errors";
import { parseJson } from "./files";
import { requireWithin } from "./limits";

/** Bytes of one element of each type that the format knows. */
const BYTES = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
  U16: 2,
  I16: 2,
  F16: 2,
  BF16: 2,
  U32: 4,
  I32: 4,
  F32: 4,
  U64: 8,
  I64: 8,
  F64: 8,
} as const;

/** The element types of a safetensors file. */
export type SafetensorsDtype = keyof typeof BYTES;

/** Where a tensor lies in its file. */
export interface TensorInfo {
  readonly dtype: SafetensorsDtype;
  readonly shape: readonly number[];
  /** Product of the shape; 1 for a scalar. */
  readonly size: number;
  /** First byte, counted from the start of the file. */
  readonly offset: number;
  readonly byteLength: number;
}

export interface SafetensorsHeader {
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The format's own limit on the header, so that a foreign file is not read whole. */
const MAX_HEADER_BYTES = 100_000_000;

/** An error about the content of a safetensors file. */
export function corrupt(file: string, reason: string): LabError {
  return new LabError(reason, "Download or write the file again; it should be a whole .safetensors file.", {
    subject: file,
  });
}

/** Reads exactly `target.length` bytes at `position`. @throws LabError when the file ends before that */
export function readBytes(file: string, handle: number, target: Uint8Array, position: number): void {
  let done = 0;
  while (done < target.length) {
    const count = fs.readSync(handle, target, done, target.length - done, position + done);
    if (count === 0) throw corrupt(file, `ends at byte ${position + done}, before its data does: it is truncated`);
    done += count;
  }
}

/**
 * Reads and checks the header of an open file: an 8-byte little-endian length, then JSON, then the data, which the
 * tensors must cover without gap or overlap (the rules of the format's own reader).
 */
export function readHeader(file: string, handle: number): SafetensorsHeader {
  const fileBytes = fs.fstatSync(handle).size;
  if (fileBytes < 10) throw corrupt(file, `holds ${fileBytes} bytes, too few for a safetensors header`);
  const prefix = Buffer.alloc(8);
  readBytes(file, handle, prefix, 0);
  const length = prefix.readUInt32LE(0) + prefix.readUInt32LE(4) * 2 ** 32;
  if (length > MAX_HEADER_BYTES || length < 2) {
    throw corrupt(file, `does not begin with a safetensors header (its length would be ${length} bytes)`);
  }
  if (8 + length > fileBytes) {
    throw corrupt(file, `is truncated: the header needs ${8 + length} bytes and the file holds ${fileBytes}`);
  }
  requireWithin("FINE_R1_MAX_HEADER_BYTES", length, `its header has ${length} bytes`, file);
  const text = Buffer.alloc(length);
  readBytes(file, handle, text, 8);
  const entries = parseHeader(file, text);
  const dataStart = 8 + length;
  const { __metadata__: metadata, ...tensors } = entries;
  const infos = Object.entries(tensors).map(([name, entry]): [string, TensorInfo] => [
    name,
    parseEntry(file, name, entry, dataStart),
  ]);
  checkLayout(file, infos, dataStart, fileBytes);
  return { tensors: new Map(infos), metadata: parseMetadata(file, metadata) };
}

// Not z.record, which drops a tensor named "__proto__".
const headerSchema = z.custom<Record<string, unknown>>((value) => typeof value === "object" && !Array.isArray(value));

function parseHeader(file: string, text: Buffer): Record<string, unknown> {
  if (text[0] !== 0x7b) throw corrupt(file, "is not a safetensors file: its header is not JSON");
  try {
    return headerSchema.parse(parseJson(text.toString("utf8")));
  } catch (error) {
    throw corrupt(file, `is not a safetensors file: its header is not JSON (${messageOf(error)})`);
  }
}

function parseMetadata(file: string, value: unknown): Record<string, string> {
  if (value === undefined || value === null) return {};
  const entries = Object.entries(value).map(([key, text]): [string, string] => {
    if (typeof text !== "string") throw corrupt(file, `has metadata "${key}" that is not a text`);
    return [key, text];
  });
  return Object.fromEntries(entries);
}

function parseEntry(file: string, name: string, value: unknown, dataStart: number): TensorInfo {
  const entry = (typeof value === "object" && value !== null ? value : {}) as Record<string, unknown>;
  const { dtype, shape, data_offsets: offsets } = entry;
  if (typeof dtype !== "string" || !Object.hasOwn(BYTES, dtype)) {
    throw corrupt(file, `tensor "${name}" has the unknown dtype ${JSON.stringify(dtype)}`);
  }
  if (!isCounts(shape)) throw corrupt(file, `tensor "${name}" has no valid shape (${JSON.stringify(shape)})`);
  if (!isCounts(offsets) || offsets.length !== 2) {
    throw corrupt(file, `tensor "${name}" has no valid data_offsets (${JSON.stringify(offsets)})`);
  }
  const [begin, end] = offsets as [number, number];
  const size = shape.reduce((product, side) => product * side, 1);
  const byteLength = size * BYTES[dtype as SafetensorsDtype];
  if (end - begin !== byteLength) {
    throw corrupt(
      file,
      `tensor "${name}" of shape [${shape.join(", ")}] and dtype ${dtype} takes ${byteLength} bytes, ` +
        `but its offsets give ${end - begin}`,
    );
  }
  return { dtype: dtype as SafetensorsDtype, shape, size, offset: dataStart + begin, byteLength };
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && (item as number) >= 0);
}

function checkLayout(file: string, infos: [string, TensorInfo][], dataStart: number, fileBytes: number): void {
  const sorted = [...infos].sort(
    ([, a], [, b]) => a.offset - b.offset || a.offset + a.byteLength - (b.offset + b.byteLength),
  );
  let expected = dataStart;
  for (const [name, info] of sorted) {
    if (info.offset < expected) throw corrupt(file, `tensor "${name}" overlaps the one before it`);
    if (info.offset > expected) throw corrupt(file, `leaves a gap of bytes before tensor "${name}"`);
    expected += info.byteLength;
  }
  if (expected > fileBytes) {
    throw corrupt(file, `is truncated: its tensors need ${expected} bytes and the file holds ${fileBytes}`);
  }
  if (expected < fileBytes) throw corrupt(file, `holds ${fileBytes - expected} bytes after its last tensor`);
}
