import * as http from "node:http";
import * as https from "node:https";
import { LabError, messageOf } from "./errors";

/** A reply as it came. */
export interface RawReply {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly text: string;
  /** Whether it said how long it is, and is as long: what cannot be read of it is no half of an answer. */
  readonly whole: boolean;
}

export interface Outgoing {
  readonly method?: "GET" | "POST" | "PUT" | undefined;
  readonly body?: string | Uint8Array | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** The whole request may take so long. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Connections that stay open from one request to the next (`keptOpen`). */
  readonly agent?: http.Agent | undefined;
}

/**
 * A reply beyond this is no answer to anything that is asked here. The longest are hidden states, each number some 21 letters: those of a prompt of
 * 2,000 tokens, its picture among them, in a 7B (3,584 numbers a token) are 150 MB. V8 makes no text of twice as much (2^29 letters).
 */
const MOST_BYTES = 1 << 28;
/** A timer for longer than this would ring at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Connections to one server, to be destroyed when nothing more is asked of it. */
export function keptOpen(url: string): http.Agent {
  return isSecure(url) ? new https.Agent({ keepAlive: true }) : new http.Agent({ keepAlive: true });
}

/**
 * One request. Not by `fetch`: that sends a browser's headers, which some servers refuse, and hides why a connection failed.
 * @throws the error of a connection that failed, was reset or took too long; LabError for a reply that is too long to be one; the signal's reason
 * when aborted
 */
export function send(
  url: string,
  { method = "GET", body, headers, timeoutMs, signal, agent }: Outgoing,
): Promise<RawReply> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(reasonOf(signal));
      return;
    }
    const length = body === undefined ? {} : { "content-length": Buffer.byteLength(body) };
    const options = { agent, method, headers: { ...headers, ...length } };
    const request = (isSecure(url) ? https : http).request(url, options);
    const late = setTimeout(
      () => request.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)),
      Math.min(timeoutMs, LONGEST_TIMER_MS),
    );
    const stop = (): void => void request.destroy();
    signal?.addEventListener("abort", stop);
    const end = (settle: () => void): void => {
      clearTimeout(late);
      signal?.removeEventListener("abort", stop);
      settle();
    };
    const fail = (error: Error): void => {
      end(() => {
        reject(signal?.aborted === true ? reasonOf(signal) : error);
      });
    };
    request.on("error", fail);
    request.on("response", (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > MOST_BYTES) request.destroy(tooLong(url));
        else chunks.push(chunk);
      });
      response.on("error", fail);
      response.on("aborted", () => {
        fail(new Error("the answer broke off"));
      });
      response.on("end", () => {
        end(() => {
          try {
            resolve(replyOf(response, Buffer.concat(chunks).toString("utf8")));
          } catch (error) {
            reject(new Error(`the answer cannot be read: ${messageOf(error)}`)); // thrown here it would end the process
          }
        });
      });
    });
    request.end(body);
  });
}

function replyOf({ statusCode: status = 0, headers, complete }: http.IncomingMessage, text: string): RawReply {
  const told = headers["content-length"] !== undefined || headers["transfer-encoding"] !== undefined;
  return { status, retryAfter: headers["retry-after"], text, whole: complete && told };
}

function tooLong(url: string): LabError {
  const reason = `gives an answer of more than ${MOST_BYTES} bytes, which is none to what was asked`;
  return new LabError(reason, "Check the address, or ask about smaller pictures.", { subject: new URL(url).host });
}

function isSecure(url: string): boolean {
  return url.startsWith("https:");
}

/** Why a signal stopped the work. */
export function reasonOf(signal: AbortSignal | undefined): Error {
  return signal?.reason instanceof Error ? signal.reason : new Error("stopped");
}
