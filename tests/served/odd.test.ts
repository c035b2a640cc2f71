import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { messageOf } from "../../src/core/errors";
import { silent } from "../../src/core/progress";
import { readAnswers } from "../../src/eval/answers";
import { meetThoseThere } from "../../src/lab/given";
import { labOf } from "../../src/lab/lab";
import { loadProfile } from "../../src/lab/profile";
import { make } from "../../src/lab/make";
import { testAnswers } from "../../src/lab/recipe";
import { lookAt } from "../../src/model/open";
import { keyVariable } from "../../src/model/served/key";
import { lookAtServer } from "../../src/model/served/look";
import { alteringProxy, type Altered, type AlteringProxy } from "./altered";
import { chatServer, type ChatServerOptions, type RunningServer } from "./chatServer";
import { ask, echo, openServed } from "./script";

const GREEDY = { samples: 1, maxNewTokens: 60, temperature: 0, topP: 1, seed: 3 };
const CHAT = "/v1/chat/completions";
/** Requests for answers that find out what a server can do. */
const LOOKS = 3;
const KEY = "sk-a+b/c=LEAK0123";

let folder = "";
const open: (RunningServer | AlteringProxy)[] = [];
beforeEach(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), "served-odd-"))));
afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  for (const each of open.splice(0).reverse()) await each.close();
  fs.rmSync(folder, { recursive: true });
});

async function behind(
  alter: (path: string, text: string, index: number, authorization: string) => Altered,
  options: Partial<ChatServerOptions> = {},
): Promise<AlteringProxy> {
  const server = await chatServer({ model: echo(), ...options });
  const proxy = await alteringProxy(server.url, alter);
  open.push(server, proxy);
  return proxy;
}

/** What a server says to the requests for answers, once what it can do has been found out. */
const asked = (alter: (text: string) => Altered) => (at: string, text: string, index: number) =>
  at === CHAT && index >= LOOKS ? alter(text) : text;

describe("a server that repeats the key it was given", () => {
  /** Each file below a folder, one after the other. */
  const written = (): string =>
    fs
      .readdirSync(folder, { recursive: true, encoding: "utf8" })
      .map((name) => path.join(folder, name))
      .filter((name) => fs.statSync(name).isFile())
      .map((name) => fs.readFileSync(name, "utf8"))
      .join("\n");
  const base64 = (text: string): string => Buffer.from(text).toString("base64");

  it("finds it in no file: not in what it says of itself, and not in an answer", async () => {
    const proxy = await behind((at, text, index, authorization) => {
      if (at === "/version") return JSON.stringify({ version: `1 ${authorization}` });
      return at === CHAT && index >= LOOKS ? text.replaceAll("<answer>", `<answer>${authorization} `) : text;
    });
    vi.stubEnv(keyVariable(new URL(proxy.url).host), KEY);
    const lab = await labOf(loadProfile("smoke", { base: `served:${proxy.url}#tiny` }), {
      progress: silent,
      store: folder,
    });
    const base = { name: "base", title: "Base", model: lab.recipe(1).base, thinking: false };
    await make(lab, testAnswers(lab.recipe(1), base, "closed"));
    expect(fs.readFileSync(path.join(folder, "servers.json"), "utf8")).toContain("vLLM 1 Bearer (the secret)");
    expect(written()).toContain("Bearer (the secret)");
    expect(written()).not.toContain("LEAK");
  });

  it("finds it in no message, however it writes it", async () => {
    const proxy = await behind((at, text, _, authorization) =>
      at === "/v1/models" ? text.replace('"id":"tiny"', `"id":"other ${authorization}"`) : text,
    );
    vi.stubEnv(keyVariable(new URL(proxy.url).host), KEY);
    await expect(lookAtServer(`${proxy.url}#tiny`)).rejects.toThrow(
      "is not served there, but other Bearer (the secret).",
    );
    for (const form of [encodeURIComponent(KEY), base64(KEY), base64(`Bearer ${KEY}`), JSON.stringify(`"${KEY}`)]) {
      const refusing = await behind(() => ({ status: 401, text: `no: ${form}` }));
      vi.stubEnv(keyVariable(new URL(refusing.url).host), KEY);
      const said = await lookAtServer(`${refusing.url}#tiny`).catch(messageOf);
      expect(said).toMatch(/does not accept the key \(401, "no: .*\(the secret\)/u);
      expect(said).not.toContain(form.slice(3, -3));
    }
  });
});

describe("a key that cannot be sent", () => {
  it("is named by its variable and not repeated; a line feed at its end is none of it", async () => {
    const server = await chatServer({ model: echo(), key: KEY });
    open.push(server);
    const variable = keyVariable(new URL(server.url).host);
    vi.stubEnv(variable, `${KEY}\n`);
    expect((await lookAtServer(`${server.url}#tiny`)).by).toBe("vLLM 0.0.0-test");
    vi.stubEnv(variable, "sk-first\nsk-second");
    const said = await lookAtServer(`${server.url}#tiny`).catch(messageOf);
    expect(said).toBe(
      `${variable}: the key cannot be sent: character 9 of 18 (a line end, or no plain letter). Set ${variable} to the key alone.`,
    );
  });
});

describe("a look at a server", () => {
  it("that never answers ends with the signal, or soon by itself", async () => {
    const proxy = await behind(() => null);
    const timers = vi.spyOn(globalThis, "setTimeout");
    const stop = new AbortController();
    setTimeout(() => {
      stop.abort(new Error("Ctrl-C"));
    }, 300);
    const began = performance.now();
    await expect(lookAt(`served:${proxy.url}#tiny`, stop.signal)).rejects.toThrow("Ctrl-C");
    expect(performance.now() - began).toBeLessThan(5000);
    const waits = timers.mock.calls.map(([, ms]) => ms);
    timers.mockRestore();
    expect(waits).toContain(15_000); // for as long where nobody stops it
    expect(waits).not.toContain(600_000);
    vi.stubEnv("FINE_R1_SERVED_SECONDS", "2");
    const stopped = new AbortController();
    const own = lookAt(`served:${proxy.url}#tiny`, stopped.signal).catch(messageOf);
    const another = lookAt(`served:${proxy.url}#tiny`, new AbortController().signal).catch(messageOf);
    setTimeout(() => {
      stopped.abort(new Error("Ctrl-C"));
    }, 100);
    expect(await own).toBe("Ctrl-C"); // and not by another's
    expect(await another).toMatch(/cannot be reached: did not answer 2 times; at last: no answer within 2 s\./u);
    const { signal } = stopped;
    await expect(meetThoseThere([`served:${proxy.url}#tiny`], folder, signal)).rejects.toThrow("Ctrl-C");
  }, 30_000);

  it("gives up a server that asks for a long pause, and keeps to a short one", async () => {
    const late = await behind(() => ({ status: 429, text: "later", retryAfter: "100000" }));
    const began = performance.now();
    await expect(lookAtServer(`${late.url}#tiny`)).rejects.toThrow(/did not answer; at last: 429, "later"/u);
    expect(performance.now() - began).toBeLessThan(5000);
    const soon = await behind((_, text, index) => (index === 0 ? { status: 429, text: "", retryAfter: "1" } : text));
    expect((await lookAtServer(`${soon.url}#tiny`)).can).toContain("generate");
  });

  it("shows the beginning of a page that is no answer", async () => {
    const proxy = await behind(() => `<!doctype html>\n<title>Sign in</title>${" ".repeat(2000)}`);
    await expect(lookAtServer(`${proxy.url}#tiny`)).rejects.toThrow(
      /none of this API \(no JSON: .*it begins "<!doctype html> <title>Sign in<\/title>"\)\. Check the address/u,
    );
    expect(proxy.paths).toEqual(["/v1/models", "/v1/models"]);
  });
});

describe("an answer that a server withholds", () => {
  const withheld = (reason: string) => (text: string) =>
    text
      .replace(/"content":"[^"]*"/u, '"content":null')
      .replace(/"finish_reason":"[^"]*"/u, `"finish_reason":${reason}`);

  it("stays empty, and is counted: in what progress shows, on disk, and in a sentence at the end", async () => {
    let asks = 0;
    const filtered = withheld('"content_filter"');
    const proxy = await behind(asked((text) => (++asks % 2 === 0 ? filtered(text) : text)));
    const said = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const figures: Record<string, number>[] = [];
    const task = { update: (_: number, told = {}) => void figures.push(told), finish: () => undefined };
    const lab = await labOf(loadProfile("smoke", { base: `served:${proxy.url}#tiny` }), {
      progress: { start: () => task },
      store: folder,
    });
    const base = { name: "base", title: "Base", model: lab.recipe(1).base, thinking: false };
    const made = await make(lab, testAnswers(lab.recipe(1), base, "closed"));
    const answers = readAnswers(path.join(made.folder, "answers.jsonl"));
    const half = Math.floor(answers.length / 2);
    const kept = answers.filter((answer) => answer.withheld !== undefined);
    expect(kept).toHaveLength(half);
    expect(new Set(kept.map((answer) => `${answer.output} ${answer.withheld}`))).toEqual(new Set([" content_filter"]));
    expect(Math.max(...figures.map((each) => each["withheld"] ?? 0))).toBe(half);
    expect(said.mock.calls.flat()).toEqual([
      `served:${proxy.url}#tiny: ${half} of ${answers.length} answers were withheld or cut short by the server (${half} content_filter). They are judged as they came, the empty ones as wrong.`,
    ]);
  });

  it("is counted again by who goes on from replies that were kept, and where no reason is given", async () => {
    const proxy = await behind(asked(withheld('"stop"')));
    const file = path.join(folder, "replies.jsonl");
    const model = await openServed(proxy.url, file);
    const [[answer] = []] = await model.generate([ask("a")], GREEDY);
    expect(answer).toMatchObject({ text: "", finish: "stop", withheld: "no content" });
    const said = vi.spyOn(console, "error").mockImplementation(() => undefined);
    model.dispose();
    const again = await openServed(proxy.url, file);
    expect(again.usage().withheld).toBe(1);
    again.dispose();
    expect(said).toHaveBeenCalledTimes(2);
  });

  it("is told of once where another model gave it", async () => {
    const proxy = await behind(asked((text) => text.replace('{"choices"', '{"model":"tiny-8bit","choices"')));
    const said = vi.spyOn(console, "error").mockImplementation(() => undefined);
    for (let i = 0; i < 2; i++) {
      const model = await openServed(proxy.url);
      await model.generate([ask("a"), ask("b")], GREEDY);
      model.dispose();
    }
    expect(said.mock.calls.flat()).toEqual([
      expect.stringMatching(/^served:\S+#tiny: the server says that "tiny-8bit" answers\. Make sure/u),
    ]);
  });
});

describe("an answer that is none", () => {
  it("is not asked for again and again where it is whole", async () => {
    const proxy = await behind(asked((text) => text.replace(/"logprob":-?[\d.]+/u, '"logprob":NaN')));
    const model = await openServed(proxy.url);
    const before = proxy.paths.length;
    await expect(model.generate([ask("a")], GREEDY)).rejects.toThrow(
      /none of this API \(no JSON: Unexpected token 'N'.* it begins "\{"choices":\[/u,
    );
    expect(proxy.paths.length - before).toBe(2);
    model.dispose();
  });

  it("is an error that may pass, in the server's words, where it holds one", async () => {
    let failures = 2;
    const overloaded = JSON.stringify({ error: { message: "upstream overloaded" } });
    const proxy = await behind(asked((text) => (failures-- > 0 ? overloaded : text)));
    const model = await openServed(proxy.url);
    expect(await model.generate([ask("a")], GREEDY)).toEqual(await echo().generate([ask("a")], GREEDY));
    failures = 100;
    await expect(model.generate([ask("b")], GREEDY)).rejects.toThrow(/12 times; at last: "upstream overloaded"/u);
    model.dispose();
  });

  it("is refused where a log-prob is above 0, but for what rounding adds", async () => {
    let logProb = "7.5";
    const proxy = await behind(asked((text) => text.replace(/"logprob":-?[\d.]+/u, `"logprob":${logProb}`)));
    const model = await openServed(proxy.url);
    await expect(model.generate([ask("a")], GREEDY)).rejects.toThrow(/\(choices\.0\.logprobs\.content\.0\.logprob: /u);
    logProb = "0.00001";
    expect((await model.generate([ask("a")], GREEDY))[0]?.[0]?.logProbs[0]).toBe(0.00001);
    model.dispose();
  });
});
