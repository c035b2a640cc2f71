import * as http from "node:http";
import * as https from "node:https";

/** A reply as it came. */
export interface RawReply {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly text: string;
}

export interface Outgoing {
  /** JSON text to be posted; without it the request is a GET. */
  readonly body?: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** The whole request may take so long. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** A reply beyond this is no answer to anything that is asked here. */
const MOST_BYTES = 1 << 29;

/** Connections to one server that stay open from one request to the next. */
export class Transport {
  private readonly agent: http.Agent;
  private readonly start: typeof http.request;

  constructor(secure: boolean) {
    // node:http and not `fetch`: that sends browser headers which some servers refuse, and hides why a connection failed
    this.agent = secure ? new https.Agent({ keepAlive: true }) : new http.Agent({ keepAlive: true });
    this.start = secure ? https.request : http.request;
  }

  /** @throws the error of a connection that failed, was reset or took too long; the signal's reason when aborted */
  send(url: string, { body, headers, timeoutMs, signal }: Outgoing): Promise<RawReply> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(reasonOf(signal));
        return;
      }
      const length = body === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(body) }; // prettier-ignore
      const method = body === undefined ? "GET" : "POST";
      const request = this.start(url, { agent: this.agent, method, headers: { ...headers, ...length } });
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

  close(): void {
    this.agent.destroy();
  }
}

function reasonOf(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error("stopped");
}
