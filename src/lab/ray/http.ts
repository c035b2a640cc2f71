import * as http from "node:http";
import * as https from "node:https";
import { LabError, messageOf } from "../../core/errors";

export interface Question {
  readonly method?: "GET" | "POST" | "PUT";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Until the whole answer is there; 30. */
  readonly seconds?: number;
}

export interface Reply {
  readonly status: number;
  readonly body: string;
}

/** Nobody answered; it may be otherwise in a moment. */
export class Unreachable extends LabError {
  constructor(where: string, why: string, cause?: unknown) {
    const remedy = "Is its head up, and is the address that of its dashboard (port 8265 as a rule)?";
    super(`the cluster does not answer (${why})`, remedy, { subject: where, cause });
  }
}

/**
 * One request. Not by `fetch`: what that sends (`sec-fetch-mode: cors`) makes Ray take it for a browser and refuse it with 405.
 * @throws Unreachable where there is no answer, or not all of it
 */
export function request(url: URL, { method = "GET", headers = {}, body, seconds = 30 }: Question = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => {
      reject(new Unreachable(nameOf(new URL("/", url)), reasonOf(error, seconds), error));
    };
    const length = body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) };
    const options = { method, headers: { ...headers, ...length }, signal: AbortSignal.timeout(1000 * seconds) };
    const sent = (url.protocol === "https:" ? https : http).request(url, options, (answer) => {
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.on("end", () => {
        resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(chunks).toString("utf8") });
      });
      answer.on("error", fail);
    });
    sent.on("error", fail);
    sent.end(body);
  });
}

/** An address as messages and tables show it: a password in it is nobody's business. */
export function nameOf({ protocol, host, pathname }: URL): string {
  return `${protocol}//${host}${pathname === "/" ? "" : pathname}`;
}

/** A host with several addresses gives an error without a message, and with a code. */
function reasonOf(error: Error, seconds: number): string {
  if (error.name === "TimeoutError" || error.name === "AbortError") return `not within ${seconds} s`;
  const code = "code" in error ? String(error.code) : "";
  return error.message === "" ? code : messageOf(error);
}
