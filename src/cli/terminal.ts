import { Writable } from "node:stream";
import * as tty from "node:tty";
import { terminalProgress } from "../report/display/terminal";

const [output, errors] = [1, 2].map(terminalAt);

/** The size of the terminal that bars are drawn in changes under them. */
export function resizeBars(size: { readonly columns: number; readonly rows: number }): void {
  if (errors !== undefined) Object.assign(errors, size);
}

/** A command's progress in the terminal. */
export const bars = terminalProgress(errors === undefined ? {} : { stream: errors });

/**
 * Has this worker thread's words written as its bars are: at once, and above them. A worker's own streams are no terminals, they pass on what
 * is written to the main thread, which writes it later: words said before the first bar came after it, and it stood there twice.
 */
export function writeAtOnce(): void {
  if (output !== undefined) process.stdout.write = writerOf(output);
  if (errors !== undefined) process.stderr.write = writerOf(errors);
}

function writerOf(terminal: tty.WriteStream): Writable["write"] {
  const words = new Writable({
    decodeStrings: false,
    write: (words: string | Uint8Array, _, done) => {
      bars.above(() => terminal.write(words));
      done();
    },
  });
  return words.write.bind(words);
}

function terminalAt(fd: number): tty.WriteStream | undefined {
  if (!tty.isatty(fd)) return undefined;
  return new tty.WriteStream(fd).on("error", () => undefined); // it was closed: the work goes on, and its files say what came out
}
