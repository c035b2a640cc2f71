import * as http from "node:http";
import * as https from "node:https";

/** A reply as it came. */
export interface RawReply {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly text: string;
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

/** A reply beyond this is no answer to anything that is asked here. */
const MOST_BYTES = 1 << 29;

/** Connections to one server, to be destroyed when nothing more is asked of it. */
export function keptOpen(url: string): http.Agent {
  return isSecure(url) ? new https.Agent({ keepAlive: true }) : new http.Agent({ keepAlive: true });
}

/**
 * One request. Not by `fetch`: that sends a browser's headers, which some servers refuse, and hides why a connection failed.
 * @throws the error of a connection that failed, was reset or took too long; the signal's reason when aborted
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
    const late = setTimeout(() => request.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)), timeoutMs);
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
        if (bytes > MOST_BYTES) request.destroy(new Error(`an answer of more than ${MOST_BYTES} bytes`));
        else chunks.push(chunk);
      });
      response.on("error", fail);
      response.on("aborted", () => {
        fail(new Error("the answer broke off"));
      });
      response.on("end", () => {
        const { statusCode: status = 0, headers: got } = response;
        const text = Buffer.concat(chunks).toString("utf8");
        end(() => {
          resolve({ status, retryAfter: got["retry-after"], text });
        });
      });
    });
    request.end(body);
  });
}

function isSecure(url: string): boolean {
  return url.startsWith("https:");
}

function reasonOf(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error("stopped");
}
