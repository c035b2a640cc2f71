import * as fs from "node:fs";
import * as path from "node:path";
import { makeFolder } from "./folders";
import { LabError, messageOf } from "./errors";
import { removeQuietly, requireFile, unwritable } from "./files";
import { corrupt, readBytes, readHeader, type SafetensorsHeader, type TensorInfo } from "./safetensorsHeader";

export type { SafetensorsDtype, SafetensorsHeader, TensorInfo } from "./safetensorsHeader";

/** Values read at a time: what a read needs beyond its result, 8 MB at most. */
const CHUNK = 1 << 20;

/** An open safetensors file; tensors are read one at a time. Close it when done. */
export interface SafetensorsFile extends SafetensorsHeader {
  readonly path: string;
  /** Reads an F32, F16 or BF16 tensor; the peak is the result and two small buffers. @throws LabError on other types */
  readFloat32(name: string): Float32Array;
  /** The same values in order, a million at a time. A piece is good until the next is taken. */
  pieces(name: string): Iterable<Float32Array>;
  /** Reads an I32, I64, U8 or BOOL tensor. @throws LabError on other types, and on values beyond 32 bits */
  readInt32(name: string): Int32Array;
  close(): void;
}

/** A tensor to be written. A function is called when its turn comes, so that one tensor is in memory at a time. */
export interface TensorToWrite {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array | (() => Float32Array);
}

/**
 * Opens a safetensors file and checks its header.
 * @throws LabError naming the file when it is missing, truncated, foreign or inconsistent
 */
export function openSafetensors(file: string): SafetensorsFile {
  requireFile(file);
  let handle: number;
  try {
    handle = fs.openSync(file, "r");
  } catch (error) {
    throw new LabError(`cannot be opened (${messageOf(error)})`, "Check the path and its permissions.", {
      subject: file,
      cause: error,
    });
  }
  try {
    const header = readHeader(file, handle);
    return {
      path: file,
      ...header,
      readFloat32: (name) => readFloats(file, handle, name, find(file, header, name)),
      pieces: (name) => floatPieces(file, handle, name, find(file, header, name)),
      readInt32: (name) => readIntegers(file, handle, name, find(file, header, name)),
      close: () => {
        fs.closeSync(handle);
      },
    };
  } catch (error) {
    fs.closeSync(handle);
    throw error;
  }
}

/** Opens a file, hands it to `use`, and closes it whatever happens. */
export function withSafetensors<T>(file: string, use: (opened: SafetensorsFile) => T): T {
  const opened = openSafetensors(file);
  try {
    return use(opened);
  } finally {
    opened.close();
  }
}

/**
 * Writes a safetensors file whole or not at all, one tensor at a time, in the order given. The header is padded with
 * spaces to a multiple of eight bytes, as the hub's writer does.
 * @throws LabError when the file cannot be written, @throws RangeError when data and shape disagree or a name recurs
 */
export function writeSafetensors(
  file: string,
  tensors: Iterable<TensorToWrite>,
  metadata: Readonly<Record<string, string>> = { format: "pt" },
): void {
  const list = [...tensors];
  const header = encodeHeader(list, metadata);
  const temporary = `${file}.tmp-${process.pid}`;
  try {
    makeFolder(path.dirname(file));
    const handle = fs.openSync(temporary, "w");
    try {
      writeBytes(handle, header);
      for (const tensor of list) writeBytes(handle, tensorBytes(tensor));
      fs.fsyncSync(handle);
    } finally {
      fs.closeSync(handle);
    }
    fs.renameSync(temporary, file);
  } catch (error) {
    removeQuietly(temporary);
    if (error instanceof RangeError || error instanceof LabError) throw error;
    throw unwritable(file, error);
  }
}

function encodeHeader(tensors: readonly TensorToWrite[], metadata: Readonly<Record<string, string>>): Buffer {
  const entries = new Map<string, unknown>([["__metadata__", metadata]]);
  let offset = 0;
  for (const { name, shape, data } of tensors) {
    if (entries.has(name)) throw new RangeError(`writeSafetensors: "${name}" is given twice or reserved`);
    const end = offset + 4 * sizeOf(shape);
    entries.set(name, { dtype: data instanceof Int32Array ? "I32" : "F32", shape, data_offsets: [offset, end] });
    offset = end;
  }
  const json = Buffer.from(JSON.stringify(Object.fromEntries(entries)), "utf8");
  const padded = Math.ceil(json.length / 8) * 8;
  const out = Buffer.alloc(8 + padded, " ");
  out.writeBigUInt64LE(BigInt(padded), 0);
  json.copy(out, 8);
  return out;
}

function tensorBytes({ name, shape, data }: TensorToWrite): Uint8Array {
  const values = typeof data === "function" ? data() : data;
  if (values.length !== sizeOf(shape)) {
    throw new RangeError(`writeSafetensors: "${name}" of shape [${shape.join(", ")}] has ${values.length} values`);
  }
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

function writeBytes(handle: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) {
    done += fs.writeSync(handle, bytes, done, Math.min(bytes.length - done, 1 << 28));
  }
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}

function find(file: string, header: SafetensorsHeader, name: string): TensorInfo {
  const info = header.tensors.get(name);
  if (info === undefined) throw corrupt(file, `holds no tensor "${name}"`);
  return info;
}

function wrongType(file: string, name: string, info: TensorInfo, wanted: string): LabError {
  return new LabError(`tensor "${name}" is ${info.dtype}; ${wanted} can be read here`, "Convert the file first.", {
    subject: file,
  });
}

function readFloats(file: string, handle: number, name: string, info: TensorInfo): Float32Array {
  const result = new Float32Array(info.size);
  let done = 0;
  for (const piece of floatPieces(file, handle, name, info)) {
    result.set(piece, done);
    done += piece.length;
  }
  return result;
}

function* floatPieces(file: string, handle: number, name: string, info: TensorInfo): Generator<Float32Array, void> {
  const { dtype } = info;
  if (dtype !== "F32" && dtype !== "F16" && dtype !== "BF16") throw wrongType(file, name, info, "F32, F16 and BF16");
  const half = dtype === "F16" ? halfTable() : undefined;
  const room = new Float32Array(dtype === "F32" ? 0 : Math.min(CHUNK, info.size));
  const bits = new Uint32Array(room.buffer);
  for (const { chunk } of chunksOf(file, handle, info)) {
    if (dtype === "F32") {
      yield new Float32Array(chunk.buffer, 0, chunk.length / 4);
      continue;
    }
    const source = new Uint16Array(chunk.buffer, 0, chunk.length / 2);
    if (half === undefined) for (let i = 0; i < source.length; i++) bits[i] = (source[i] ?? 0) << 16;
    else for (let i = 0; i < source.length; i++) bits[i] = half[source[i] ?? 0] ?? 0;
    yield room.subarray(0, source.length);
  }
}

function readIntegers(file: string, handle: number, name: string, info: TensorInfo): Int32Array {
  const { dtype } = info;
  if (dtype !== "I32" && dtype !== "I64" && dtype !== "U8" && dtype !== "BOOL") {
    throw wrongType(file, name, info, "I32, I64, U8 and BOOL");
  }
  const result = new Int32Array(info.size);
  for (const { chunk, first } of chunksOf(file, handle, info)) {
    if (dtype === "I32") result.set(new Int32Array(chunk.buffer, 0, chunk.length / 4), first);
    else if (dtype !== "I64") result.set(chunk, first);
    else narrow(file, name, new Int32Array(chunk.buffer, 0, chunk.length / 4), result, first);
  }
  return result;
}

/** Copies little-endian 64-bit integers, given as pairs of words, into 32-bit ones. */
function narrow(file: string, name: string, words: Int32Array, result: Int32Array, first: number): void {
  for (let i = 0; i * 2 < words.length; i++) {
    const low = words[2 * i] ?? 0;
    if (words[2 * i + 1] !== low >> 31) throw corrupt(file, `tensor "${name}" holds integers beyond 32 bits`);
    result[first + i] = low;
  }
}

/** A tensor's bytes piece by piece, in one buffer that starts at its ArrayBuffer's first byte, each with the place of its first element. */
function* chunksOf(
  file: string,
  handle: number,
  info: TensorInfo,
): Generator<{ readonly chunk: Uint8Array<ArrayBuffer>; readonly first: number }, void> {
  const width = info.size === 0 ? 1 : info.byteLength / info.size;
  const buffer = new Uint8Array(width * Math.min(CHUNK, info.size));
  for (let first = 0; first < info.size; first += CHUNK) {
    const chunk = buffer.subarray(0, width * Math.min(CHUNK, info.size - first));
    readBytes(file, handle, chunk, info.offset + width * first);
    yield { chunk, first };
  }
}

let halves: Uint32Array | undefined;

/** The float32 bits of each of the 65,536 half-precision numbers. */
function halfTable(): Uint32Array {
  if (halves !== undefined) return halves;
  halves = new Uint32Array(65536);
  const value = new Float32Array(1);
  const bits = new Uint32Array(value.buffer);
  for (let h = 0; h < 65536; h++) {
    const exponent = (h >> 10) & 31;
    const fraction = h & 1023;
    if (exponent === 31) bits[0] = 0x7f800000 | (fraction << 13);
    else value[0] = exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15);
    halves[h] = (bits[0] ?? 0) | ((h & 0x8000) << 16);
  }
  return halves;
}
