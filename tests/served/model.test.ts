import { afterEach, describe, expect, it } from "vitest";
import { openModel, requireCan } from "../../src/model/open";
import { lookAtServer } from "../../src/model/served/look";
import { chatServer, type ChatServerOptions, type RunningServer } from "./chatServer";
import { ask, echo, openServed, picture } from "./script";

const GREEDY = { samples: 1, maxNewTokens: 60, temperature: 0, topP: 1, seed: 3 };
const SAMPLED = { samples: 6, maxNewTokens: 60, temperature: 1, topP: 1, seed: 3 };

const running: RunningServer[] = [];
async function serve(options: Partial<ChatServerOptions> = {}): Promise<RunningServer> {
  const server = await chatServer({ model: echo(), ...options });
  running.push(server);
  return server;
}
afterEach(async () => {
  for (const server of running.splice(0)) await server.close();
});

describe("a model served by vLLM", () => {
  it("answers as the model behind it: text, tokens, log-probs, finish", async () => {
    const { url, arrived } = await serve();
    const model = await openServed(url);
    const prompts = ["a", "b", "c"].map((text) => ask(text));
    expect(await model.generate(prompts, GREEDY)).toEqual(await echo().generate(prompts, GREEDY));
    const [[cut] = []] = await model.generate([ask("a")], { ...GREEDY, maxNewTokens: 4 });
    expect(cut).toMatchObject({ text: "<ans", finish: "length" });
    const { body } = arrived.at(-1)!;
    expect(body).toMatchObject({
      model: "tiny",
      max_tokens: 4,
      temperature: 0,
      logprobs: true,
      return_token_ids: true,
    });
    expect(body).not.toHaveProperty("seed"); // nothing is drawn
    expect(model.usage()).toMatchObject({ requests: 4, retries: 0 });
    // three answers of 18 characters with an end each, and one of four tokens
    expect(model.usage().answerTokens).toBe(3 * ("<answer>a</answer>".length + 1) + 4);
    model.dispose();
  });

  it("draws the same answers by the same seed, others by another, and others for another prompt of the call", async () => {
    const { url } = await serve();
    const model = await openServed(url);
    const texts = async (seed: number): Promise<string[][]> =>
      (await model.generate([ask("a"), ask("a")], { ...SAMPLED, samples: 12, seed })).map((group) =>
        group.map(({ text }) => text),
      );
    const first = await texts(3);
    expect(await texts(3)).toEqual(first);
    expect(await texts(4)).not.toEqual(first);
    expect(first[0]).not.toEqual(first[1]); // 12 draws of 0.7/0.3 are alike by a chance of 0.58^12 = 0.0015; the seed is fixed
    expect(new Set(first.flat()).size).toBe(2);
    model.dispose();
  });

  it("asks again for the answers that a server without `n` leaves out", async () => {
    const { url, arrived } = await serve({ knowsN: false });
    const model = await openServed(url);
    const before = arrived.length;
    const [group = []] = await model.generate([ask("a")], SAMPLED);
    expect(group).toHaveLength(6);
    expect(arrived.slice(before).map(({ body }) => body["n"] ?? 1)).toEqual([6, 5, 4, 3, 2, 1]);
    const seeds = arrived.slice(before).map(({ body }) => body["seed"] as number);
    expect(seeds.map((seed) => seed - seeds[0]!)).toEqual([0, 1, 2, 3, 4, 5]);
    model.dispose();
  });

  it("scores given answers, ended or cut, and behind a beginning", async () => {
    const { url } = await serve();
    const model = await openServed(url);
    const whole = await model.encodeCompletion("<answer>a</answer>");
    expect(whole).toEqual(echo().encodeCompletion("<answer>a</answer>"));
    const prompt = ask("a");
    const items = [
      { prompt, tokenIds: whole },
      { prompt, tokenIds: whole.slice(0, 5) },
      { prompt, tokenIds: echo().encodeCompletion("xyz") },
    ];
    expect(await model.logProbs(items)).toEqual(await echo().logProbs(items));
    const begun = { ...prompt, begun: "<answer>" };
    const [behind] = await model.logProbs([{ prompt: begun, tokenIds: whole.slice(8) }]);
    expect(behind).toEqual((await echo().logProbs([{ prompt, tokenIds: whole }]))[0]?.slice(8));
    expect(await model.decode(whole)).toBe("<answer>a</answer>");
    model.dispose();
  });

  it("is asked by many callers at a time with one signal, and Node warns of no leak", async () => {
    const { url } = await serve();
    const model = await openServed(url);
    const warnings: string[] = [];
    const hear = ({ name }: Error): void => void warnings.push(name);
    process.on("warning", hear);
    const { signal } = new AbortController();
    const asked = Array.from({ length: 12 }, (_, i) => model.generate([ask(`${i}`)], { ...GREEDY, signal })); // Node warns of 11
    await Promise.all(asked);
    process.off("warning", hear);
    expect(warnings).toEqual([]);
    model.dispose();
  });

  it("takes no log-prob that the server left out for a number", async () => {
    const tokenIds = echo().encodeCompletion("xyz");
    const { url } = await serve({ untold: tokenIds[1]! });
    const model = await openServed(url);
    const said = `cannot give the log-prob of the token ${tokenIds[1]} of a given answer`;
    await expect(model.logProbs([{ prompt: ask("a"), tokenIds }])).rejects.toThrow(said);
    model.dispose();
  });

  it("goes on from a beginning, which is sent as an open message", async () => {
    const { url, arrived } = await serve();
    const model = await openServed(url);
    await model.generate([{ ...ask("a"), begun: "<answer>" }], GREEDY);
    expect(arrived.at(-1)?.body).toMatchObject({ add_generation_prompt: false, continue_final_message: true });
    expect((arrived.at(-1)?.body["messages"] as unknown[]).at(-1)).toEqual({ role: "assistant", content: "<answer>" });
    model.dispose();
  });

  it("shows every pixel to the server, pictures where their markers stand", async () => {
    const seen: unknown[] = [];
    const model = echo();
    const generate = model.generate.bind(model);
    model.generate = (prompts, options) => {
      seen.push(...prompts);
      return generate(prompts, options);
    };
    const { url } = await serve({ model });
    const served = await openServed(url);
    const data = Uint8Array.from({ length: 5 * 3 * 3 }, (_, i) => (i * 37) % 256);
    const images = [{ width: 5, height: 3, data }, picture(9)];
    const prompt = { messages: [{ role: "user" as const, content: "this <image> or that <image>?" }], images };
    await served.generate([prompt], GREEDY);
    expect(seen.at(-1)).toEqual(prompt);
    await expect(served.generate([{ ...prompt, images: [] }], GREEDY)).rejects.toThrow(/marks 2 images and brings 0/u);
    served.dispose();
  });

  it("shows hidden states after its last layer where it was started to pool, and nothing else", async () => {
    const { url } = await serve({ pools: true });
    const model = await openServed(url);
    const prompts = [ask("abc")];
    const states = (pool: "last" | "mean" | "imageMean"): Promise<Float32Array[]> =>
      model.hiddenStates(prompts, { layer: "last", pool });
    // the test server's states are [token, place, 1]: "user: " has 6 tokens, the picture 16 of them
    expect(await states("imageMean")).toEqual([Float32Array.from([1, 6 + 7.5, 1])]);
    const length = "user: ".length + 16 + "abc\nassistant: ".length;
    expect(await states("last")).toEqual([Float32Array.from([" ".charCodeAt(0) + 1, length - 1, 1])]);
    expect((await states("mean"))[0]?.[1]).toBeCloseTo((length - 1) / 2, 5);
    await expect(async () => model.hiddenStates(prompts, { layer: 0, pool: "last" })).rejects.toThrow(
      /any layer but the last/u,
    );
    model.dispose();
    const at = `served:${url}#tiny`;
    await expect(openModel(at)).rejects.toThrow(
      /cannot answer questions \("The model does not support Chat Completions API"\)/u,
    );
  });
});

describe("a model served by another server", () => {
  it("gives texts; what needs tokens is refused by name", async () => {
    const { url, arrived } = await serve({ ownedBy: "sglang" });
    const model = await openServed(url);
    const [[answer] = []] = await model.generate([ask("a")], GREEDY);
    expect(answer).toMatchObject({ text: "<answer>a</answer>", tokenIds: [], length: 19 });
    expect(arrived.at(-1)?.body).not.toHaveProperty("return_token_ids"); // it may refuse what it does not know
    await expect(model.encodeCompletion("a")).rejects.toThrow(/is served by SGLang, which cannot tell the tokens/u);
    await expect(model.logProbs([{ prompt: ask("a"), tokenIds: [1] }])).rejects.toThrow(/cannot score given answers/u);
    await expect(model.generate([{ ...ask("a"), begun: "x" }], GREEDY)).rejects.toThrow(
      /cannot go on from a given beginning/u,
    );
    model.dispose();
  });

  it("is asked without log-probs where it refuses them", async () => {
    const { url } = await serve({ ownedBy: "someone", knowsLogProbs: false });
    const model = await openServed(url);
    const [group] = await model.generate([ask("a")], { ...GREEDY, samples: 1 });
    expect(group?.[0]).toMatchObject({ text: "<answer>a</answer>", logProbs: [], length: 19 });
    model.dispose();
  });
});

describe("what is found out before a run", () => {
  it("is what a server can do, with its words for what it cannot", async () => {
    const [vllm, other] = [await serve(), await serve({ ownedBy: "llamacpp" })];
    const found = await lookAtServer(`${vllm.url}#tiny`);
    expect(found).toMatchObject({ by: "vLLM 0.0.0-test", can: ["generate", "goOn", "score"], logProbs: true, end: 0 });
    const bare = await lookAtServer(`${other.url}#tiny`);
    expect(bare).toMatchObject({ by: "llama.cpp", can: ["generate"], lacks: { score: "it does not tell tokens" } });
    const at = `served:${vllm.url}#tiny`;
    (await openModel(at, ["score"])).dispose();
    expect(() => {
      requireCan(at, ["hiddenStates", "everyLayer"]);
    }).toThrow(
      /served by vLLM 0\.0\.0-test, which cannot show its hidden states and cannot show its hidden states after every layer \(.*--runner pooling/u,
    );
    expect(() => {
      requireCan(at, ["train"]);
    }).toThrow(/cannot be trained\. Take a model of another engine \(qwen\)/u);
  });

  it("has a fingerprint of what is served, not of where", async () => {
    const [one, two, three] = [await serve(), await serve(), await serve({ served: "tiny-2" })];
    const of = async (url: string, name = "tiny"): Promise<string> =>
      (await lookAtServer(`${url}#${name}`)).fingerprint;
    expect(await of(one.url)).toBe(await of(two.url));
    expect(await of(one.url)).not.toBe(await of(three.url, "tiny-2"));
  });

  it("says what is wrong with an address, and repeats no password", async () => {
    const server = await serve();
    const { url } = server;
    await expect(lookAtServer(`${url}#tinny`)).rejects.toThrow(
      /is not served there, but tiny\. Did you mean "tiny"\?/u,
    );
    await expect(lookAtServer(url)).rejects.toThrow(/names no model behind a #/u);
    await expect(lookAtServer(`${url}#a%b`)).rejects.toThrow(
      /a % stands for itself\. Write %25 for it\. Write served:/u,
    );
    await expect(lookAtServer("127.0.0.1:1#m")).rejects.toThrow(/is no/u);
    const secret = lookAtServer(`${url.replace("//", "//me:hunter2@")}#tiny`);
    await expect(secret).rejects.toThrow(/holds a name, a password or a query/u);
    await expect(secret).rejects.not.toThrow(/hunter2/u);
    await expect(lookAtServer(`${url.replace("/v1", "/v2")}#tiny`)).rejects.toThrow(/404, "Not Found"/u);
    await server.close();
    await expect(lookAtServer(`${url}#tiny`)).rejects.toThrow(/cannot be reached: .*ECONNREFUSED/u);
  });
});
