import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { messageOf } from "../../src/core/errors";
import { keyVariable } from "../../src/model/served/key";
import { chatServer, type ChatServerOptions, type RunningServer } from "./chatServer";
import { faultyProxy, storm, type Fault, type FaultyProxy } from "./proxy";
import { ask, echo, openServed } from "./script";

const GREEDY = { samples: 1, maxNewTokens: 60, temperature: 0, topP: 1, seed: 3 };
const KEY = "sk-secret-of-the-test";

let folder = "";
const open: (RunningServer | FaultyProxy)[] = [];
beforeEach(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), "served-"))));
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const each of open.splice(0).reverse()) await each.close();
  fs.rmSync(folder, { recursive: true });
});

async function behind(
  faultOf: (index: number, path: string) => Fault | undefined,
  options: Partial<ChatServerOptions> = {},
): Promise<{ server: RunningServer; proxy: FaultyProxy }> {
  const server = await chatServer({ model: echo(), ...options });
  const proxy = await faultyProxy(server.url, faultOf);
  open.push(server, proxy);
  return { server, proxy };
}

/** The first `count` requests for answers fail so, once what is served has been found out (three of them). */
function first(count: number, fault: Fault): (index: number, path: string) => Fault | undefined {
  let asked = 0;
  return (_, url) => (url.endsWith("/chat/completions") && asked++ >= 3 && asked <= 3 + count ? fault : undefined);
}

describe("a server that fails now and then", () => {
  it("gives every answer in a storm of 429, 5xx, resets, half and late answers, with no more requests at a time than lanes", async () => {
    vi.stubEnv("FINE_R1_SERVED_LANES", "5");
    vi.stubEnv("FINE_R1_SERVED_SECONDS", "2");
    const faults: Fault[] = [{ status: 429 }, { status: 500 }, { status: 503 }, "reset", "half", { lateMs: 2500 }];
    const { server, proxy } = await behind(storm(0.35, 11, faults));
    const model = await openServed(proxy.url);
    const prompts = Array.from({ length: 80 }, (_, i) => ask(`question ${i}`));
    expect(await model.generate(prompts, GREEDY)).toEqual(await echo().generate(prompts, GREEDY));
    const injected = new Set(
      proxy.arrivals.flatMap(({ fault }) => (fault === undefined ? [] : [JSON.stringify(fault)])),
    );
    expect(injected.size).toBe(faults.length); // each occurred
    expect(model.usage().retries).toBeGreaterThan(20); // 80 requests, of which 35 % fail: 43 in the mean
    expect(proxy.most).toBeLessThanOrEqual(5 + 1); // a late one that was given up may still be closing
    expect(proxy.most).toBeGreaterThan(2);
    expect(server.arrived.length).toBeLessThanOrEqual(proxy.arrivals.length);
    model.dispose();
  });

  it("is left alone for as long as it asks, by all lanes", async () => {
    const { proxy } = await behind(first(1, { status: 429, retryAfter: "0.5" }));
    const model = await openServed(proxy.url);
    const before = proxy.arrivals.length;
    await model.generate([ask("a")], GREEDY);
    const [refused, again] = proxy.arrivals.slice(before);
    expect(again!.at - refused!.at).toBeGreaterThan(480); // 500 ms, by another clock's ticks
    model.dispose();
  });

  it("is asked by no more lanes, and left alone for as long, where several models ask it", async () => {
    vi.stubEnv("FINE_R1_SERVED_LANES", "3");
    let refusals = 0; // one, once both models are open
    const { proxy } = await behind((_, url) => {
      if (!url.endsWith("/chat/completions")) return undefined;
      return refusals-- === 1 ? { status: 429, retryAfter: "0.5" } : { lateMs: 30 };
    });
    const models = [await openServed(proxy.url), await openServed(proxy.url)];
    const before = proxy.arrivals.length;
    refusals = 1;
    const prompts = Array.from({ length: 12 }, (_, i) => ask(`question ${i}`));
    const first = models[0]!.generate([ask("a")], GREEDY);
    await new Promise((resolve) => setTimeout(resolve, 100)); // it has been refused by now
    await Promise.all([first, ...models.map((model) => model.generate(prompts, GREEDY))]);
    const [refused, ...later] = proxy.arrivals.slice(before);
    expect(later).toHaveLength(25);
    expect(Math.min(...later.map(({ at }) => at)) - refused!.at).toBeGreaterThan(480);
    expect(proxy.most).toBe(3);
    expect(models.map((model) => model.usage().retries)).toEqual([1, 0]);
    for (const model of models) model.dispose();
  });

  it("is given up at last, with its own words and what to do", async () => {
    const { proxy } = await behind(first(1000, { status: 503 }));
    const model = await openServed(proxy.url);
    const failing = model.generate([ask("a")], GREEDY);
    await expect(failing).rejects.toThrow(
      /did not answer 12 times; at last: 503, "injected"\. See whether the server runs/u,
    );
    model.dispose();
  });

  it("stops waiting when it is told to", async () => {
    const { proxy } = await behind(first(1000, { status: 429, retryAfter: "60" }));
    const model = await openServed(proxy.url);
    const stop = new AbortController();
    const began = performance.now();
    setTimeout(() => {
      stop.abort(new Error("Ctrl-C"));
    }, 100);
    const asked = model.generate([ask("a"), ask("b")], { ...GREEDY, signal: stop.signal });
    await expect(asked).rejects.toThrow("Ctrl-C");
    expect(performance.now() - began).toBeLessThan(2000);
    model.dispose();
  });
});

describe("a server that refuses", () => {
  it("is quoted, and not asked again", async () => {
    const { proxy } = await behind(first(1, { status: 400 }));
    const model = await openServed(proxy.url);
    const before = proxy.arrivals.length;
    await expect(model.generate([ask("a")], GREEDY)).rejects.toThrow(/refuses the request \(400, "injected"\)/u);
    expect(proxy.arrivals.length - before).toBe(1);
    model.dispose();
  });

  it("wants a key, which comes from the environment and is written nowhere", async () => {
    const { server, proxy } = await behind(() => undefined, { key: KEY });
    await expect(openServed(proxy.url)).rejects.toThrow(/wants a key, and none was given \(401.*FINE_R1_API_KEY/u);
    const variable = keyVariable(new URL(proxy.url).host);
    vi.stubEnv(variable, `${KEY}-wrong`);
    const wrong = await openServed(proxy.url).catch((error: unknown) => messageOf(error));
    expect(wrong).toMatch(/does not accept the key \(401, "Incorrect API key provided: Bearer \(the secret\)"\)/u);
    vi.stubEnv(variable, KEY);
    const file = path.join(folder, "replies.jsonl");
    const model = await openServed(proxy.url, file);
    await model.generate([ask("a")], GREEDY);
    model.dispose();
    expect(server.arrived.at(-1)?.authorization).toBe(`Bearer ${KEY}`);
    const kept = fs.readFileSync(file, "utf8");
    expect(kept).toContain("<answer>a</answer>");
    expect(kept).not.toContain(KEY);
    expect(kept).not.toContain("127.0.0.1");
  });
});

describe("replies that are kept", () => {
  it("are not asked for again, and their cost is counted once more as it was", async () => {
    const file = path.join(folder, "replies.jsonl");
    const { server, proxy } = await behind(() => undefined);
    const prompts = ["a", "b", "c"].map((text) => ask(text));
    const model = await openServed(proxy.url, file);
    const options = { ...GREEDY, temperature: 1, samples: 3 };
    const answers = await model.generate(prompts.slice(0, 2), options);
    const spent = model.usage();
    model.dispose();
    fs.appendFileSync(file, '{"request":"torn'); // as a kill leaves it
    const again = await openServed(proxy.url, file);
    expect(again.usage()).toEqual(spent);
    const asked = server.arrived.length;
    expect((await again.generate(prompts, options)).slice(0, 2)).toEqual(answers);
    expect(server.arrived.length - asked).toBe(1); // c
    await again.generate(prompts.slice(0, 1), { ...options, seed: 4 }); // another request
    expect(server.arrived.length - asked).toBe(2);
    again.dispose();
  });
});
