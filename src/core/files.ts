import * as fs from "node:fs";
import * as path from "node:path";
import { makeFolder } from "./folders";
import { LabError, messageOf } from "./errors";
import { requireShallow } from "./nesting";
import { linesOf, requireUtf8, textOf } from "./utf8";

/** Writes a file whole or not at all: a reader sees the old content or the new, never a part. Makes parent folders. */
export function writeFileAtomic(file: string, content: string | Uint8Array): void {
  const temporary = `${file}.tmp-${process.pid}`;
  try {
    makeFolder(path.dirname(file));
    const handle = fs.openSync(temporary, "w");
    try {
      fs.writeFileSync(handle, content);
      fs.fsyncSync(handle);
    } finally {
      fs.closeSync(handle);
    }
    fs.renameSync(temporary, file);
  } catch (error) {
    removeQuietly(temporary);
    throw unwritable(file, error);
  }
}

type Fill = (temporary: string) => void | Promise<void>;

/**
 * Fills a folder whole or not at all: `fill` writes into a temporary folder that then takes the place of `folder`.
 * What `fill` throws is passed on; only errors of the file system become a LabError.
 */
export function writeFolderAtomic(folder: string, fill: Fill): Promise<void> {
  return fillBeside(path.resolve(folder), fill, false); // what begins with `out/` would lie in it, not beside it
}

/** The same for a folder that is empty or not there. @throws LabError when something is, be it that another process put it there meanwhile */
export function writeNewFolder(folder: string, fill: Fill): Promise<void> {
  return fillBeside(path.resolve(folder), fill, true);
}

async function fillBeside(folder: string, fill: Fill, isNew: boolean): Promise<void> {
  const temporary = `${folder}.tmp-${process.pid}`;
  const old = `${folder}.old-${process.pid}`;
  try {
    requireNoFile(folder);
    fs.rmSync(temporary, { recursive: true, force: true });
    makeFolder(temporary);
    await fill(temporary);
    if (isNew) requireEmpty(folder);
    if (fs.existsSync(folder)) {
      if (isNew) fs.rmdirSync(folder);
      else fs.renameSync(folder, old);
    }
    fs.renameSync(temporary, folder); // fails where something has come meanwhile
    fs.rmSync(old, { recursive: true, force: true });
  } catch (error) {
    removeQuietly(temporary);
    if (!fs.existsSync(folder) && fs.existsSync(old)) fs.renameSync(old, folder);
    throw isFileSystemError(error) ? unwritable(folder, error) : error;
  }
}

/** A folder is never put in the place of a file: it may be the reader's own. */
function requireNoFile(folder: string): void {
  if (fs.statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== false) return;
  throw new LabError("is a file, and a folder is to be written there", "Remove it, or choose another folder.", {
    subject: folder,
  });
}

/** @throws LabError unless nothing is there, or an empty folder */
export function requireEmpty(folder: string): void {
  const found = fs.statSync(folder, { throwIfNoEntry: false });
  if (found === undefined || (found.isDirectory() && fs.readdirSync(folder).length === 0)) return;
  const what = found.isDirectory() ? "is not empty" : "is a file";
  throw new LabError(what, "Choose a new folder to export to: nothing is written over.", { subject: folder });
}

/** Removes what a failed write left; where that is impossible too, the first error is the one to report. */
export function removeQuietly(path: string): void {
  try {
    fs.rmSync(path, { recursive: true, force: true });
  } catch {
    // The parent is not a folder, or may not be written: nothing was left there.
  }
}

/** @throws LabError, with the remedy, unless files can be made in the folder; makes the folder. */
export function requireWritable(folder: string): void {
  const probe = path.join(folder, `.writable-${process.pid}`);
  try {
    makeFolder(folder);
    fs.writeFileSync(probe, "");
  } catch (error) {
    throw unwritable(folder, error);
  } finally {
    removeQuietly(probe);
  }
}

/** Writes a value as indented JSON, atomically. */
export function writeJson(file: string, value: unknown): void {
  writeFileAtomic(file, `${JSON.stringify(value, null, 2)}\n`);
}

/** Reads a JSON file; a missing or malformed one is an error that names it. */
export function readJson(file: string): unknown {
  const text = readText(file);
  try {
    return parseJson(text);
  } catch (error) {
    throw new LabError(`is not valid JSON (${messageOf(error)})`, "Repair or remove the file.", {
      subject: file,
      cause: error,
    });
  }
}

/** `JSON.parse`, for texts of others. @throws SyntaxError when the text is malformed or nested too deeply */
export function parseJson(text: string): unknown {
  requireShallow(text);
  return JSON.parse(text) as unknown;
}

/** @throws LabError unless a file stands there: reading a pipe would wait for its writer, and a folder has no text */
export function requireFile(file: string): void {
  const found = fs.statSync(file, { throwIfNoEntry: false });
  if (found === undefined || found.isFile()) return;
  throw new LabError(`is ${found.isDirectory() ? "a folder" : "a pipe or a device"}, not a file`, "Give a file.", {
    subject: file,
  });
}

/** Reads a file whole; a missing one, or what is no file, is an error that names it. */
export function readBytes(file: string): Buffer {
  return reading(file, () => {
    requireFile(file);
    return fs.readFileSync(file);
  });
}

/** @throws LabError that names the file, in place of what the operating system says */
export function reading<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof LabError ? error : unreadable(file, error);
  }
}

/** Reads a text file in UTF-8, without the mark (BOM) that some editors begin it with. @throws LabError that names the file, and the line that is in another encoding */
export function readText(file: string): string {
  return reading(file, () => textOf(readBytes(file), file));
}

/** A file's lines but for a last one that is not at its end. */
function wholeLines(bytes: Buffer): Buffer {
  return bytes.subarray(0, bytes.lastIndexOf(10) + 1);
}

/** The names of what stands in a folder. @throws LabError that names one which cannot be read */
export function namesIn(folder: string): string[] {
  return reading(folder, () => fs.readdirSync(folder));
}

/** The error of a file that cannot be read. */
export function unreadable(file: string, error: unknown): LabError {
  return new LabError(`cannot be read (${messageOf(error)})`, "Check the path and its permissions.", {
    subject: file,
    cause: error,
  });
}

/**
 * A JSONL file that grows by whole lines and survives a kill: a torn last line, left by a process that died while
 * writing, is cut off when the file is opened again.
 */
export class JsonlFile<T> {
  private constructor(
    readonly path: string,
    private readonly handle: number,
    /** What the file held when it was opened. */
    readonly existing: readonly T[],
  ) {}

  /** Opens (or makes) the file for appending; `parse` checks each line already there. */
  static open<T>(file: string, parse: (value: unknown) => T): JsonlFile<T> {
    try {
      makeFolder(path.dirname(file));
      const bytes = fs.existsSync(file) ? readBytes(file) : Buffer.alloc(0);
      const whole = wholeLines(bytes);
      if (whole.length < bytes.length) fs.truncateSync(file, whole.length);
      const existing = parseJsonl(whole, file, parse);
      return new JsonlFile(file, fs.openSync(file, "a"), existing);
    } catch (error) {
      throw isFileSystemError(error) ? unwritable(file, error) : error;
    }
  }

  /** The whole lines of a file to which another process may be writing. */
  static peek<T>(file: string, parse: (value: unknown) => T): T[] {
    return parseJsonl(wholeLines(readBytes(file)), file, parse);
  }

  append(value: T): void {
    try {
      fs.writeFileSync(this.handle, `${JSON.stringify(value)}\n`);
    } catch (error) {
      throw unwritable(this.path, error);
    }
  }

  /** Waits until what was appended is safe from a power cut, too. */
  sync(): void {
    try {
      fs.fsyncSync(this.handle);
    } catch (error) {
      throw unwritable(this.path, error);
    }
  }

  close(): void {
    fs.closeSync(this.handle);
  }
}

/** Reads a JSONL file; an error names the file and the line, which `parse` is told, too. */
export function readJsonl<T>(file: string, parse: (value: unknown, line: number) => T): T[] {
  return parseJsonl(readBytes(file), file, parse);
}

/** The lines of a JSONL file that `parse` takes; the others are listed beside them, by their numbers from 1. */
export function readUsableJsonl<T>(
  file: string,
  parse: (value: unknown, line: number) => T,
): { usable: T[]; malformed: { line: number; reason: string }[] } {
  const malformed: { line: number; reason: string }[] = [];
  const usable = eachJson(readBytes(file), file, parse, (error, line) => {
    malformed.push({ line, reason: messageOf(error) });
  });
  return { usable, malformed };
}

function parseJsonl<T>(bytes: Buffer, file: string, parse: (value: unknown, line: number) => T): T[] {
  return eachJson(bytes, file, parse, (error, line) => {
    const reason = `line ${line} cannot be used (${messageOf(error)})`;
    throw new LabError(reason, "Repair or remove that line.", { subject: file, cause: error });
  });
}

function eachJson<T>(
  bytes: Buffer,
  file: string,
  parse: (value: unknown, line: number) => T,
  failed: (error: unknown, line: number) => void,
): T[] {
  requireUtf8(bytes, file);
  const out: T[] = [];
  let line = 0;
  for (const one of linesOf(bytes)) {
    line++;
    try {
      const text = line === 1 ? textOf(one, file) : one.toString("utf8");
      if (text.trim() !== "") out.push(parse(parseJson(text), line));
    } catch (error) {
      failed(error, line);
    }
  }
  return out;
}

/** The error of a file or folder that cannot be written. */
export function unwritable(file: string, error: unknown): LabError {
  return new LabError(
    `cannot be written (${messageOf(error)})`,
    "Check that the folder exists, is writable and has room, or choose another one.",
    { subject: file, cause: error },
  );
}

/** Whether an error came from the operating system, such as ENOENT or ENOSPC. */
function isFileSystemError(error: unknown): boolean {
  return error instanceof Error && "syscall" in error;
}
