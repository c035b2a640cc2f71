import * as http from "node:http";
import type { AddressInfo } from "node:net";
import { Random } from "../../src/core/random";

/** What goes wrong with a request: an error, a reset, half an answer, or an answer that comes late. */
export type Fault =
  { readonly status: number; readonly retryAfter?: string } | "reset" | "half" | { readonly lateMs: number };

export interface FaultyProxy {
  readonly url: string;
  /** Requests that reached it, and those of them that it let through to the end. */
  readonly arrivals: readonly { readonly at: number; readonly fault: Fault | undefined }[];
  /** The most that were under way at a time. */
  readonly most: number;
  /** The paths of the requests that were answered to the end by what is behind it. */
  readonly answered: readonly string[];
  close(): Promise<void>;
}

/** No test sends more: a client that asks on and on is stopped here. */
const MOST_REQUESTS = 5000;

/**
 * A small proxy on the loopback that injects faults into what passes it.
 * @param target the API behind it, on the loopback, too
 * @param faultOf what goes wrong with the request of a number; `undefined` lets it pass
 */
export async function faultyProxy(
  target: string,
  faultOf: (index: number, path: string) => Fault | undefined,
): Promise<FaultyProxy> {
  const { hostname, port } = new URL(target);
  if (hostname !== "127.0.0.1") throw new RangeError("faultyProxy: a test talks to the loopback only");
  const arrivals: { at: number; fault: Fault | undefined }[] = [];
  const load = { now: 0, most: 0 };
  const answered: string[] = [];
  const agent = new http.Agent({ keepAlive: true });
  const server = http.createServer((request, response) => {
    const { url: path = "", method, headers } = request;
    const fault = faultOf(arrivals.length, path);
    arrivals.push({ at: performance.now(), fault });
    load.most = Math.max(load.most, ++load.now);
    response.on("close", () => load.now--);
    if (arrivals.length > MOST_REQUESTS || fault === "reset") {
      request.socket.destroy();
      return;
    }
    if (typeof fault === "object" && "status" in fault) {
      request.resume();
      const pause = fault.retryAfter === undefined ? {} : { "retry-after": fault.retryAfter };
      response.writeHead(fault.status, pause).end(JSON.stringify({ error: { message: "injected" } }));
      return;
    }
    const pass = (): void => {
      if (response.destroyed) return; // who asked has given up
      const onward = http.request({ hostname, port, path, method, headers, agent }, (answer) => {
        const { "content-length": length = "0" } = answer.headers;
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        response.on("finish", () => answered.push(path));
        if (fault !== "half") answer.pipe(response);
        else
          answer.once("data", (chunk: Buffer) =>
            response.write(chunk.subarray(0, Number(length) / 2), () => response.destroy()),
          );
      });
      onward.on("error", () => response.destroy());
      response.on("close", () => onward.destroy());
      request.pipe(onward);
    };
    if (typeof fault === "object") setTimeout(pass, fault.lateMs);
    else pass();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${new URL(target).pathname}`,
    arrivals,
    answered,
    get most() {
      return load.most;
    },
    close: () =>
      new Promise((resolve) => {
        agent.destroy();
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

/** Requests that find out what is served: they pass a storm. */
const LOOKS = 5;

/** Faults at random, by a seed: of all requests for answers so large a share, every kind as often. */
export function storm(
  share: number,
  seed: number,
  faults: readonly Fault[],
): (index: number, path: string) => Fault | undefined {
  return (index, path) => {
    const random = new Random(seed).fork(index);
    return index >= LOOKS && path.endsWith("/chat/completions") && random.chance(share)
      ? random.pick(faults)
      : undefined;
  };
}
