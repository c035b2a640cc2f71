import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { keyVariable } from "../../src/model/served/key";
import { chatServer, type RunningServer } from "./chatServer";
import { ask, echo, openServed } from "./script";

const GREEDY = { samples: 1, maxNewTokens: 60, temperature: 0, topP: 1, seed: 3 };

afterEach(() => {
  vi.unstubAllEnvs();
});

describe("the key of a server", () => {
  const running: RunningServer[] = [];
  afterEach(async () => {
    for (const server of running.splice(0)) await server.close();
  });
  const serve = async (key: string): Promise<RunningServer> => {
    const server = await chatServer({ model: echo(), key });
    running.push(server);
    return server;
  };
  const variableOf = ({ url }: RunningServer): string => keyVariable(new URL(url).host);

  it("goes to no second host, unless that has one of its own", async () => {
    const [paid, other] = [await serve("paid"), await serve("other")];
    vi.stubEnv("FINE_R1_API_KEY", "paid");
    const model = await openServed(paid.url);
    const refused = openServed(other.url);
    await expect(refused).rejects.toThrow(
      /is not given the key in FINE_R1_API_KEY: .* this one also asks 127\.0\.0\.1:\d+\./u,
    );
    await expect(refused).rejects.toThrow(variableOf(other));
    expect(other.arrived).toEqual([]);
    await model.generate([ask("a")], GREEDY); // the first one goes on
    vi.stubEnv(variableOf(other), "other");
    const second = await openServed(other.url);
    await second.generate([ask("a")], GREEDY);
    await model.generate([ask("b")], GREEDY);
    const sent = (server: RunningServer) => [...new Set(server.arrived.map(({ authorization }) => authorization))];
    expect([paid, other].map(sent)).toEqual([["Bearer paid"], ["Bearer other"]]);
    for (const each of [model, second]) each.dispose();
  });

  it("is asked for by the name of its variable", async () => {
    const { url } = await serve("secret");
    const { host } = new URL(url);
    await expect(openServed(url)).rejects.toThrow(
      `none was given (401, "Incorrect API key provided:"). Set the environment variable ${keyVariable(host)}`,
    );
  });
});

describe("which key a host is given", () => {
  let keys: typeof import("../../src/model/served/key");
  beforeEach(async () => {
    vi.resetModules(); // a process that has asked nobody yet
    keys = await import("../../src/model/served/key");
    vi.stubEnv("FINE_R1_API_KEY", "plain");
  });

  it("is the plain one for the only host", () => {
    keys.expectServers(["http://lab-box:8000/v1#a", "http://lab-box:8000/v1#b", "no address"]);
    expect(keys.keyFor("lab-box:8000")).toBe("plain");
    expect(() => keys.keyFor("api.example.com")).toThrow("this one also asks lab-box:8000");
    expect(keys.keyFor("lab-box:8000")).toBe("plain"); // it has it already
  });

  it("is its own for each of several, and the plain one for none, whichever is asked first", () => {
    keys.expectServers(["http://lab-box:8000/v1#a", "https://api.example.com/v1#b"]);
    expect(() => keys.keyFor("lab-box:8000")).toThrow(
      "unset FINE_R1_API_KEY; or start this process (a notebook's kernel) anew",
    );
    expect(() => keys.keyFor("api.example.com")).toThrow("FINE_R1_API_KEY_LAB_BOX_8000");
    vi.stubEnv("FINE_R1_API_KEY_API_EXAMPLE_COM", "own");
    expect(keys.keyFor("api.example.com")).toBe("own");
    expect(() => keys.keyFor("lab-box:8000")).toThrow("is not given the key"); // it may be the same, forgotten
    vi.stubEnv("FINE_R1_API_KEY", "");
    expect(keys.keyFor("lab-box:8000")).toBe("");
  });

  it("is its own only where no other host has a variable of the same name", () => {
    vi.stubEnv("FINE_R1_API_KEY_API_EXAMPLE_COM", "own");
    expect(keys.keyFor("api.example.com")).toBe("own");
    expect(() => keys.keyFor("api-example.com")).toThrow(
      /^served:api-example\.com: is not given the key in FINE_R1_API_KEY_API_EXAMPLE_COM: that may be for api\.example\.com/u,
    );
    expect(() => keys.keyFor("api.example.com")).toThrow(/that may be for api-example\.com/u); // whose it is nobody can tell
  });
});
