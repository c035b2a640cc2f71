import * as http from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { LabError } from "../../src/core/errors";
import { send } from "../../src/core/http";

let server: http.Server | undefined;
afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => server?.close(resolve));
});

async function serving(answer: http.RequestListener): Promise<string> {
  const own = (server = http.createServer(answer));
  await new Promise<void>((resolve) => own.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(own.address() as AddressInfo).port}/`;
}

const GET = { headers: {}, timeoutMs: 60_000 };

describe("a reply", () => {
  it("that is too long to be one is an error that says so, and no exception", async () => {
    const part = Buffer.alloc(1 << 24, "a");
    const url = await serving((_, response) => {
      const more = (): void => {
        if (!response.destroyed) response.write(part, more); // without an end
      };
      more();
    });
    const failed: unknown = await send(url, GET).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(LabError);
    expect(String(failed)).toMatch(/^LabError: 127\.0\.0\.1:\d+: gives an answer of more than 268435456 bytes/u);
  }, 60_000);

  it("is waited for however long it may take", async () => {
    const url = await serving((_, response) => setTimeout(() => response.end("late"), 50));
    expect((await send(url, { headers: {}, timeoutMs: 1e12 })).text).toBe("late"); // a timer of 2^31 ms rings at once
  });

  it("is whole where it said how long it is, or that it has ended", async () => {
    const url = await serving((request, response) => {
      if (request.url === "/length") response.writeHead(200, { "content-length": 1 });
      if (request.url === "/closed") response.socket?.end("HTTP/1.1 200 OK\r\n\r\na");
      else response.end("a");
    });
    const whole = async (place: string): Promise<boolean> => (await send(url + place, GET)).whole;
    expect([await whole("length"), await whole("chunked"), await whole("closed")]).toEqual([true, true, false]);
  });
});
