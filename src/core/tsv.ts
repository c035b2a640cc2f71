import * as fs from "node:fs";
import { reading, requireFile } from "./files";
import { breathe, check } from "./progress";

/** Where a field stands in a file; its text is read when it is asked for (`fieldText`), so that rows with pictures in them cost no memory. */
export interface TsvField {
  /** Bytes, the quotes around it left out. */
  readonly start: number;
  readonly end: number;
  readonly quoted: boolean;
  /** Where a quote is opened that nothing closes, or something stands between the closing one and the field's end. */
  readonly torn: boolean;
}

export interface TsvRow {
  /** The line of the file in which it begins, from 1. */
  readonly line: number;
  /** That in which it ends. */
  readonly last: number;
  readonly fields: readonly TsvField[];
  /** Bytes of the file up to its end. */
  readonly read: number;
}

const [TAB, FEED, RETURN, QUOTE] = [0x09, 0x0a, 0x0d, 0x22];
const CHUNK_BYTES = 1 << 20;

/**
 * The rows of a file of tab-separated values of any size, as pandas writes and reads them: a field in quotes may hold tabs, line ends and
 * doubled quotes; a quote elsewhere is a character. Empty lines are no rows.
 * @throws LabError when the file cannot be read
 */
export async function* tsvRows(file: string, signal?: AbortSignal): AsyncGenerator<TsvRow, void, void> {
  const handle = openFile(file);
  try {
    const scanner = new Scanner();
    const buffer = Buffer.alloc(CHUNK_BYTES);
    for (let at = 0; ;) {
      const read = fs.readSync(handle, buffer, 0, buffer.length, at);
      if (read === 0) break;
      yield* scanner.scan(buffer, read, at);
      at += read;
      check(signal);
      await breathe();
    }
    yield* scanner.end(fs.fstatSync(handle).size);
  } finally {
    fs.closeSync(handle);
  }
}

/** Opens a file for `fieldText`. @throws LabError when it cannot be read */
export function openFile(file: string): number {
  return reading(file, () => {
    requireFile(file);
    return fs.openSync(file, "r");
  });
}

/** The text of a field. */
export function fieldText(handle: number, field: TsvField): string {
  const text = fieldBytes(handle, field).toString("utf8");
  return field.quoted ? text.replaceAll('""', '"') : text;
}

/** A field's bytes as they stand in the file. */
export function fieldBytes(handle: number, { start, end }: TsvField): Buffer {
  const bytes = Buffer.alloc(end - start);
  fs.readSync(handle, bytes, 0, bytes.length, start);
  return bytes;
}

/** One pass over a file's bytes. */
class Scanner {
  private line = 1;
  private rowLine = 1;
  private fields: TsvField[] = [];
  private start = 0;
  /** Where the closing quote stands; -1 before it, or outside of quotes. */
  private closed = -1;
  private quoted = false;
  private torn = false;
  private last = 0;

  *scan(buffer: Buffer, length: number, offset: number): Generator<TsvRow, void, void> {
    for (let i = 0; i < length; i++) {
      const byte = buffer[i] ?? 0;
      const at = offset + i;
      if (this.quoted && this.closed < 0) {
        if (byte === QUOTE) this.closed = at;
        else if (byte === FEED) this.line++;
      } else if (byte === TAB) this.field(at);
      else if (byte === FEED) {
        const row = this.row(at);
        if (row !== undefined) yield row;
      } else if (byte === QUOTE && this.quoted && this.closed === at - 1) this.closed = -1;
      else if (byte === QUOTE && at === this.start) {
        this.quoted = true;
        this.start = at + 1;
      } else if (this.quoted && byte !== RETURN) this.torn = true;
      this.last = byte;
    }
  }

  *end(size: number): Generator<TsvRow, void, void> {
    if (this.fields.length === 0 && this.start >= size) return;
    const row = this.row(size);
    if (row !== undefined) yield row;
  }

  private field(at: number): void {
    const { start, quoted } = this;
    const open = this.closed < 0;
    this.fields.push({ start, end: open ? at : this.closed, quoted, torn: this.torn || (quoted && open) });
    this.start = at + 1;
    this.quoted = this.torn = false;
    this.closed = -1;
  }

  private row(at: number): TsvRow | undefined {
    const end = this.last === RETURN && at > this.start ? at - 1 : at;
    this.field(end);
    this.start = at + 1;
    const { fields, rowLine: line, line: last } = this;
    this.fields = [];
    this.line++;
    this.rowLine = this.line;
    const [first] = fields;
    const empty = fields.length === 1 && first !== undefined && first.start === first.end && !first.quoted;
    return empty ? undefined : { line, last, fields, read: at };
  }
}
