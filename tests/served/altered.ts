import * as http from "node:http";
import type { AddressInfo } from "node:net";

/** What is sent instead of an answer; null: nothing, ever. */
export type Altered = string | { readonly status: number; readonly text: string; readonly retryAfter?: string } | null;

export interface AlteringProxy {
  readonly url: string;
  /** The paths of the requests that arrived. */
  readonly paths: readonly string[];
  close(): Promise<void>;
}

/**
 * A small proxy on the loopback that answers otherwise than the server behind it.
 * @param alter the answer to the request of a path; `text` is that of the server, `index` counts the requests of the path
 */
export async function alteringProxy(
  target: string,
  alter: (path: string, text: string, index: number, authorization: string) => Altered,
): Promise<AlteringProxy> {
  const { origin, pathname, hostname } = new URL(target);
  if (hostname !== "127.0.0.1") throw new RangeError("alteringProxy: a test talks to the loopback only");
  const paths: string[] = [];
  const pass = async (request: http.IncomingMessage, body: string): Promise<string> => {
    const { url = "", method = "GET", headers } = request;
    const authorization = headers.authorization ?? "";
    const given = { method, ...(method === "POST" ? { body } : {}), headers: { authorization } };
    return (await fetch(origin + url, given)).text();
  };
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { url: path = "", headers } = request;
      const index = paths.filter((each) => each === path).length;
      paths.push(path);
      void pass(request, Buffer.concat(chunks).toString("utf8")).then((text) => {
        const altered = alter(path, text, index, headers.authorization ?? "");
        if (altered === null) return;
        const {
          status,
          text: said,
          retryAfter,
        } = typeof altered === "string" ? { status: 200, text: altered } : altered;
        response.writeHead(status, retryAfter === undefined ? {} : { "retry-after": retryAfter }).end(said);
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${pathname}`,
    paths,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}
