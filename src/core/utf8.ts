import { isUtf8 } from "node:buffer";
import { LabError } from "./errors";

/** What a file's bytes say, without the mark (BOM) that some editors begin it with. @throws LabError as `requireUtf8` does */
export function textOf(bytes: Buffer, file: string): string {
  requireUtf8(bytes, file);
  return bytes.toString("utf8").replace(/^\ufeff/u, "");
}

/** @throws LabError that names the line in another encoding; `file` is where the bytes are from */
export function requireUtf8(bytes: Buffer, file: string): void {
  if (isUtf8(bytes)) return;
  const line = [...linesOf(bytes)].findIndex((one) => !isUtf8(one));
  const remedy = "Save it in UTF-8 (in a spreadsheet: as “CSV UTF-8”), or get it again.";
  throw new LabError(`is not in UTF-8 (line ${line + 1})`, remedy, { subject: file });
}

/** A file's lines, as they lie there: V8 makes no text of 2^29 letters, which the lines of a long file have together. */
export function* linesOf(bytes: Buffer): Generator<Buffer> {
  for (let from = 0, end = 0; end >= 0; from = end + 1) {
    end = bytes.indexOf(10, from);
    yield bytes.subarray(from, end < 0 ? bytes.length : end);
  }
}
