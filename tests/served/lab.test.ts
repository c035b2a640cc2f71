import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { silent } from "../../src/core/progress";
import { REJECTION_REASONS } from "../../src/cot/checks";
import { readAnswers } from "../../src/eval/answers";
import { faithfulness } from "../../src/experiments/faithfulness";
import { quickstart } from "../../src/experiments/quickstart";
import type { Method } from "../../src/lab/experiment";
import { findingsOf } from "../../src/lab/findings";
import { labOf, type Lab } from "../../src/lab/lab";
import { lackingFor } from "../../src/lab/lacking";
import { make, requireReady } from "../../src/lab/make";
import { loadProfile } from "../../src/lab/profile";
import { chains, states, testAnswers } from "../../src/lab/recipe";
import { makeMethods, planRun } from "../../src/lab/run";
import { withInputs, type Stage } from "../../src/lab/stage";
import type { VisionLanguageModel } from "../../src/model/contract";
import { ScriptedModel } from "../../src/model/scripted/scriptedModel";
import { curationTable } from "../../src/report/steps";
import { toText } from "../../src/report/table/text";
import { startFineR1 } from "../cli/home";
import { chatServer, type RunningServer } from "./chatServer";
import { echo } from "./script";
import { chainsOf, labelIn } from "./teacherScript";

let folder = "";
const running: RunningServer[] = [];
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "served-lab-"));
  vi.stubEnv("FINE_R1_SERVED_LANES", "1"); // so that at most one request is under way when the work is stopped
});
afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  for (const server of running.splice(0)) await server.close();
  fs.rmSync(folder, { recursive: true });
});

async function serve(model: VisionLanguageModel, ownedBy = "vllm"): Promise<RunningServer> {
  const server = await chatServer({ model, ownedBy });
  running.push(server);
  return server;
}

function labWith(set: Record<string, string>, store = "store", signal?: AbortSignal): Promise<Lab> {
  return labOf(loadProfile("smoke", set), { progress: silent, store: path.join(folder, store), signal });
}

const base = (lab: Lab): Method => ({ name: "base", title: "Base", model: lab.recipe(1).base, thinking: false });
const closed = (lab: Lab): Stage => testAnswers(lab.recipe(1), base(lab), "closed");
const chatsOf = ({ arrived }: RunningServer): string[] =>
  arrived.filter(({ path: at }) => at.endsWith("/chat/completions")).map(({ body }) => JSON.stringify(body));

/** A model that stops the work when it is asked for the so many-th answer. */
function stopping(model: VisionLanguageModel, at: number, stop: AbortController): VisionLanguageModel {
  const generate = model.generate.bind(model);
  let asked = 0;
  model.generate = (prompts, options) => {
    if (++asked === at) stop.abort(new Error("killed"));
    return generate(prompts, options);
  };
  return model;
}

describe("a served base", () => {
  it("is asked no question twice when an evaluation is cut short in the middle of a batch", async () => {
    const stop = new AbortController();
    const looks = 3; // requests that find out what the server can do
    const kept = 6; // a batch of four, and two of the next
    const server = await serve(stopping(echo(), looks + kept + 1, stop));
    const set = { base: `served:${server.url}#tiny` };
    await expect(labWith(set, "store", stop.signal).then((lab) => make(lab, closed(lab)))).rejects.toThrow("killed");
    const lab = await labWith(set);
    const { folder: made } = await make(lab, closed(lab));
    const answers = readAnswers(path.join(made, "answers.jsonl"));
    const items = lab.dataset.test("seen").length + lab.dataset.test("unseen").length;
    expect(answers).toHaveLength(items);
    const asked = chatsOf(server).slice(looks);
    expect(new Set(asked).size).toBe(items); // every question is another one
    expect(asked.length).toBe(items + 1); // and the one that was under way was asked twice
    expect(fs.existsSync(path.join(made, "replies.jsonl"))).toBe(false); // a scrap
    const whole = await labWith(set, "another");
    const { folder: uncut } = await make(whole, closed(whole));
    expect(readAnswers(path.join(uncut, "answers.jsonl"))).toEqual(answers);
  });

  it("has keys that do not say where it is, and kept answers that outlive the server", async () => {
    const [one, two] = [await serve(echo()), await serve(echo())];
    const first = await labWith({ base: `served:${one.url}#tiny` });
    const second = await labWith({ base: `served:${two.url}#tiny` });
    expect(closed(first).key).toBe(closed(second).key);
    await make(first, closed(first));
    await one.close();
    vi.spyOn(performance, "now").mockReturnValue(performance.now() + 60_000); // what was found out is not believed for so long
    const later = await labWith({ base: `served:${one.url}#tiny` });
    expect((await make(later, closed(later))).cached).toBe(true);
    await expect(requireReady(later, [closed(later)], { fresh: true })).rejects.toThrow(/cannot be reached/u);
    const more = withInputs(closed(later), { maxNewTokens: 3 });
    await expect(make(later, more)).rejects.toThrow(/cannot be reached/u);
    await expect(labWith({ base: `served:${one.url}#tiny` }, "fresh")).rejects.toThrow(/cannot be reached/u);
  });

  it("is asked nothing by who looks at finished work, whose keys it has all the same", async () => {
    const server = await serve(echo());
    const set = { base: `served:${server.url}#tiny` };
    const { key } = closed(await labWith(set));
    const asked = server.arrived.length;
    vi.spyOn(performance, "now").mockReturnValue(performance.now() + 60_000); // what was found out is not believed for so long
    const context = { progress: silent, models: "recalled" as const };
    const looked = await labOf(loadProfile("smoke", set), { ...context, store: path.join(folder, "store") });
    expect(closed(looked).key).toBe(key);
    expect(server.arrived).toHaveLength(asked);
  });

  it("whose name or key is wrong is told of as that by a dry run, and not as one to be started", async () => {
    const server = await serve(echo());
    const lackingOf = (at: string) =>
      lackingFor(loadProfile("smoke", { base: `served:${at}` }), [quickstart], { only: ["base"], store: folder });
    expect((await lackingOf(`${server.url}#tinny`)).map(({ get }) => get)).toEqual([
      'is not served there, but tiny. Did you mean "tiny"? Name what is served behind the #.',
    ]);
    await server.close();
    expect((await lackingOf(`${server.url}#mini`)).map(({ get }) => get)).toEqual([
      expect.stringMatching(/^cannot be reached: .+\. Start it \(docs\/served\.md\), such as by: vllm serve mini /u),
    ]);
  });

  it("is refused what it cannot do, before anything is made", async () => {
    const { url } = await serve(echo());
    const lab = await labWith({ base: `served:${url}#tiny` });
    const recipe = lab.recipe(1);
    await expect(make(lab, states(recipe, recipe.base))).rejects.toThrow(
      /which cannot show its hidden states \(it was started to write answers/u,
    );
    expect(fs.readdirSync(lab.store)).toEqual(["servers.json"]);
  });
});

describe("a base behind a server that is not vLLM", () => {
  const at = ({ url }: RunningServer): string => `served:${url}#tiny`;

  it("is refused what no server but vLLM can do, before anything is asked", async () => {
    const server = await serve(echo(), "sglang");
    const lab = await labWith({ base: at(server) });
    const recipe = lab.recipe(1);
    const told = planRun(lab, faithfulness, { only: ["base-think-own"] });
    await expect(makeMethods(lab, faithfulness, told)).rejects.toThrow(
      /is served by SGLang, which cannot go on from a given beginning \(it does not tell tokens\)\. Take a model of another engine/u,
    );
    await expect(make(lab, states(recipe, recipe.base))).rejects.toThrow(
      /is served by SGLang, which cannot show its hidden states \(no server but vLLM is asked for them\)/u,
    );
    expect(chatsOf(server)).toHaveLength(1); // the look: it tells no tokens, and so no score was tried
    expect(fs.readdirSync(lab.store)).toEqual(["servers.json"]);
  });

  it("has its rows in the tables; what would train it is refused by name, in a dry run, too", async () => {
    const server = await serve(echo(), "sglang");
    const args = ["run", "quickstart", "--profile", "smoke", "--set", `base=${at(server)}`];
    const { how, errors } = await startFineR1(folder, [...args, "--dry-run"]).end;
    expect(how).toBe("exit 1");
    expect(errors.trim()).toMatch(
      /^fine-r1: served:\S+#tiny: is a model of the engine "served", which cannot be trained\. .*$/u,
    );
    const lab = await labWith({ base: at(server) });
    await expect(makeMethods(lab, quickstart, planRun(lab, quickstart))).rejects.toThrow(/cannot be trained/u);
    const made = await makeMethods(lab, quickstart, planRun(lab, quickstart, { only: ["base"] }));
    const { tables } = await findingsOf(lab, quickstart, made);
    expect([...tables.values()].map(toText).join("\n")).toMatch(/^Base, direct .*\d/mu);
  });
});

describe("a served teacher", () => {
  /** Describes pictures by their colours, and writes chains that are right once in thirteen times. */
  const bad = (): ScriptedModel =>
    new ScriptedModel(({ messages, images }) => {
      const label = labelIn(messages[0]?.content ?? "");
      const sum = images[0]?.data.reduce((total, value) => total + value, 0) ?? 0;
      if (label === undefined) return [{ text: `shade ${sum % 97}, striped wings, long tail` }];
      return chainsOf(label).map((text) => ({ text }));
    }, "bad teacher");

  it("writes chains until one is right; every reason of the others is counted, and what it cost", async () => {
    const server = await serve(bad());
    const lab = await labWith({ "cot.teacher": `served:${server.url}#tiny` });
    const { result: report } = await make(lab, chains(lab.recipe(1)));
    expect(report.teacher).toBe("tiny");
    for (const reason of REJECTION_REASONS) expect(report.rejections[reason], reason).toBeGreaterThan(0);
    const turnedDown = Object.values(report.rejections).reduce((sum, count) => sum + count, 0);
    expect(report.attempts).toBe(report.accepted + turnedDown);
    expect(report.accepted).toBeGreaterThan(report.images / 2); // 1 − (12/13)^20 = 0.80 of them
    // five descriptions of each picture, and a request for every four candidates (some of the last are not looked at)
    const { requests = 0 } = report.cost ?? {};
    expect(requests).toBe(chatsOf(server).length - 3);
    expect(requests).toBeGreaterThanOrEqual(5 * report.images + report.attempts / 4);
    const text = toText(curationTable(report));
    expect(text).toMatch(/rejected: mixed language/u);
    expect(text).toMatch(/requests: [\d,]+ tokens read, [\d,]+ written, [\d,]+ tokens a chain/u);
  });

  it("goes on where it was stopped, paying for nothing twice, and ends with the same chains", async () => {
    const stop = new AbortController();
    const server = await serve(stopping(bad(), 60, stop));
    const set = { "cot.teacher": `served:${server.url}#tiny` };
    await expect(labWith(set, "store", stop.signal).then((lab) => make(lab, chains(lab.recipe(1))))).rejects.toThrow(
      "killed",
    );
    const lab = await labWith(set);
    const cut = await make(lab, chains(lab.recipe(1)));
    const asked = chatsOf(server).slice(3);
    expect(asked.length).toBe(new Set(asked).size + 1);
    const whole = await labWith(set, "another");
    const uncut = await make(whole, chains(whole.recipe(1)));
    const records = ({ folder: at }: { readonly folder: string }): string =>
      fs.readFileSync(path.join(at, "records.jsonl"), "utf8");
    expect(records(cut)).toBe(records(uncut));
    const { requests, promptTokens, answerTokens } = cut.result.cost!;
    expect(uncut.result.cost).toMatchObject({ requests, promptTokens, answerTokens });
  });

  it("is a part of the key, and the dataset's own is none", async () => {
    const server = await serve(bad());
    const own = await labWith({});
    const other = await labWith({ "cot.teacher": `served:${server.url}#tiny` });
    expect(chains(own.recipe(1)).key).not.toBe(chains(other.recipe(1)).key);
    expect(chains(own.recipe(1)).inputs).not.toHaveProperty("teacher");
  });
});
