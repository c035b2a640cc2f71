import { printable } from "./printable";

/**
 * The one error type users meet: what went wrong, where, why, and what to do about it.
 * Anything else that reaches the command line is a bug of ours. The message often quotes files and answers, so that it holds
 * no control characters: they are written out.
 */
export class LabError extends Error {
  override readonly name = "LabError";
  /** The file, key or item concerned, if there is one. */
  readonly subject: string | undefined;
  readonly reason: string;
  readonly remedy: string;

  /**
   * @param reason what is wrong, as a sentence without a full stop
   * @param remedy what the reader can do now
   * @param options.subject the file, config key or item concerned; @param options.cause the underlying error
   */
  constructor(reason: string, remedy: string, options: { subject?: string; cause?: unknown } = {}) {
    const where = options.subject === undefined ? "" : `${options.subject}: `;
    super(
      printable(`${where}${reason}. ${remedy}`),
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.subject = options.subject;
    this.reason = reason;
    this.remedy = remedy;
  }
}

/** The message of anything thrown. A host with several addresses that all fail gives an error without one, and with a code. */
export function messageOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  return thrown.message === "" && "code" in thrown ? String(thrown.code) : thrown.message;
}

/** Returns `value`, or throws the error that `fail` builds when it is `undefined` or `null`. */
export function required<T>(value: T | undefined | null, fail: () => Error): T {
  if (value === undefined || value === null) throw fail();
  return value;
}
