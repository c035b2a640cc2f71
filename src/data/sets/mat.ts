import { isUtf8 } from "node:buffer";
import { inflateSync } from "node:zlib";
import { LabError, messageOf } from "../../core/errors";
import { readBytes } from "../../core/files";

/**
 * A variable of a MAT file: a text; numbers and cells as flat lists in MATLAB's order (column by column); a struct array as a list of
 * records; `null` for what the annotations of picture sets do not use (sparse and complex arrays, objects, functions).
 */
export type MatValue = null | string | number | readonly MatValue[] | { readonly [field: string]: MatValue };

/** Types of data elements (MAT-File Format, table 1-1) that hold numbers or characters, and how one is read. */
const NUMBERS: Readonly<Record<number, { bytes: number; read: (view: DataView, at: number) => number }>> = {
  1: { bytes: 1, read: (view, at) => view.getInt8(at) },
  2: { bytes: 1, read: (view, at) => view.getUint8(at) },
  3: { bytes: 2, read: (view, at) => view.getInt16(at, true) },
  4: { bytes: 2, read: (view, at) => view.getUint16(at, true) },
  5: { bytes: 4, read: (view, at) => view.getInt32(at, true) },
  6: { bytes: 4, read: (view, at) => view.getUint32(at, true) },
  7: { bytes: 4, read: (view, at) => view.getFloat32(at, true) },
  9: { bytes: 8, read: (view, at) => view.getFloat64(at, true) },
  12: { bytes: 8, read: (view, at) => Number(view.getBigInt64(at, true)) },
  13: { bytes: 8, read: (view, at) => Number(view.getBigUint64(at, true)) },
};
const [MATRIX, COMPRESSED, UTF8] = [14, 15, 16];
/** Classes of arrays (table 1-3). Those from 6 to 15 hold numbers. */
const [CELL, STRUCT, CHARACTERS, FIRST_NUMERIC, LAST_NUMERIC] = [1, 2, 4, 6, 15];
const COMPLEX = 0x0800;
/** Bytes of one variable, unpacked: the largest of the published sets has 12 MB. */
const MAX_BYTES = 1 << 28;
/** Arrays in one another. */
const MAX_DEPTH = 20;
const HEADER = 128;

/**
 * Reads a MAT file of level 5 (MATLAB 5 to 7, compressed or not; SciPy's `savemat`), whose format The MathWorks publishes as
 * "MAT-File Format".
 * @returns the variables by their names
 * @throws LabError naming the file when it is missing, of another level, big-endian or damaged
 */
export function readMat(file: string): ReadonlyMap<string, MatValue> {
  const bytes = readBytes(file);
  requireLevel5(bytes, file);
  try {
    const variables = new Map<string, MatValue>();
    for (const element of elementsOf(bytes.subarray(HEADER))) {
      const [matrix] = element.type === COMPRESSED ? elementsOf(unpacked(element.data)) : [element];
      if (matrix?.type !== MATRIX) throw new RangeError("a variable is no array");
      const { name, value } = readMatrix(matrix.data, 0);
      variables.set(name, value);
    }
    return variables;
  } catch (error) {
    throw new LabError(`is damaged (${messageOf(error)})`, "Download or unpack it again.", {
      subject: file,
      cause: error,
    });
  }
}

function requireLevel5(bytes: Uint8Array, file: string): void {
  const text = Buffer.from(bytes.subarray(0, HEADER)).toString("latin1");
  if (text.slice(126) === "IM" && text.charCodeAt(125) === 1) return;
  const what = text.startsWith("MATLAB 7.3")
    ? "is a MAT file of version 7.3 (HDF5)"
    : text.slice(126) === "MI"
      ? "is a big-endian MAT file"
      : "is no MAT file of level 5";
  throw new LabError(what, 'Download it again, or save it in MATLAB with save(…, "-v7").', { subject: file });
}

function unpacked(data: Uint8Array): Uint8Array {
  return inflateSync(data, { maxOutputLength: MAX_BYTES });
}

interface Element {
  readonly type: number;
  readonly data: Uint8Array;
}

/** The data elements that stand one behind the other: a tag of 8 bytes and the data, or both in 8 bytes; padded to 8 but for packed ones. */
function* elementsOf(bytes: Uint8Array): Generator<Element, undefined> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length;) {
    const tag = view.getUint32(at, true);
    const small = tag >>> 16;
    const [type, size, start] = small > 0 ? [tag & 0xffff, small, at + 4] : [tag, view.getUint32(at + 4, true), at + 8];
    if (start + size > bytes.length || small > 4) throw new RangeError(`an element ends behind the file's end`);
    yield { type, data: bytes.subarray(start, start + size) };
    at = small > 0 ? at + 8 : type === COMPRESSED ? start + size : start + Math.ceil(size / 8) * 8;
  }
  return undefined;
}

/** One array: its flags, sizes and name, then what its class asks for. */
function readMatrix(data: Uint8Array, depth: number): { name: string; value: MatValue } {
  if (depth > MAX_DEPTH) throw new RangeError(`more than ${MAX_DEPTH} arrays stand in one another`);
  if (data.length === 0) return { name: "", value: [] };
  const elements = elementsOf(data);
  const next = (): Element => {
    const step = elements.next();
    if (step.done === true) throw new RangeError("an array has too few parts");
    return step.value;
  };
  const [flags = 0] = numbersOf(next());
  const sizes = numbersOf(next());
  const name = latin1(next().data);
  if (sizes.length < 2 || sizes.some((size) => !Number.isInteger(size) || size < 0)) throw new RangeError(`an array of the sizes ${sizes.slice(0, 9).join(" × ")}`); // prettier-ignore
  const count = sizes.reduce((product, size) => product * size, 1);
  const kind = flags & 0xff;
  const array = (): MatValue => {
    const element = next();
    if (element.type !== MATRIX) throw new RangeError("a cell or a field is no array");
    return readMatrix(element.data, depth + 1).value;
  };
  if ([CELL, STRUCT, CHARACTERS].includes(kind) && count > data.length) {
    throw new RangeError(`an array of ${count} in ${data.length} bytes`); // each takes one at least
  }
  if (kind === CELL) return { name, value: times(count, array) };
  if (kind === STRUCT) {
    const [width = 0] = numbersOf(next());
    const fields = fieldNames(next().data, width);
    return { name, value: times(count, () => Object.fromEntries(fields.map((field) => [field, array()]))) };
  }
  if (kind === CHARACTERS) return { name, value: count === 0 ? "" : textOf(next(), sizes, count) };
  if (kind < FIRST_NUMERIC || kind > LAST_NUMERIC || (flags & COMPLEX) !== 0) return { name, value: null };
  return { name, value: count === 0 ? [] : whole(numbersOf(next()), count) };
}

/** All that an array's sizes ask for. */
function whole<T extends ArrayLike<unknown>>(found: T, count: number): T {
  if (found.length !== count) throw new RangeError(`an array of ${count} that holds ${found.length}`);
  return found;
}

function times<T>(count: number, make: () => T): T[] {
  return Array.from({ length: count }, make);
}

/** Numbers are stored in the smallest type that holds them, whatever their array's class. */
function numbersOf({ type, data }: Element): number[] {
  const stored = NUMBERS[type];
  if (stored === undefined) throw new RangeError(`numbers of the unknown type ${type}`);
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  return Array.from({ length: Math.floor(data.length / stored.bytes) }, (_, i) => stored.read(view, i * stored.bytes));
}

function fieldNames(data: Uint8Array, width: number): string[] {
  const count = width > 0 ? Math.floor(data.length / width) : 0;
  return Array.from({ length: count }, (_, i) => latin1(data.subarray(i * width, (i + 1) * width)).replace(/\0.*$/su, "")); // prettier-ignore
}

/** A row of characters is a text; several rows are as many texts, stored column by column. */
function textOf(element: Element, [rows = 1, columns = 0]: readonly number[], count: number): MatValue {
  if (element.type === UTF8 && !isUtf8(element.data)) throw new RangeError("a text that is not in UTF-8");
  const text =
    element.type === UTF8
      ? Buffer.from(element.data).toString("utf8")
      : numbersOf(element).map((code) => String.fromCharCode(code)).join(""); // prettier-ignore
  if (Array.from(text).length !== count) whole(text, count); // a sign of two UTF-16 units counts as one or two
  if (rows === 1) return text;
  return times(rows, () => 0).map((_, row) => times(columns, () => 0).map((__, column) => text[column * rows + row] ?? "").join("")); // prettier-ignore
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}
