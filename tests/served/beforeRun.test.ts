import { afterEach, describe, expect, it, vi } from "vitest";
import { silent } from "../../src/core/progress";
import { quickstart } from "../../src/experiments/quickstart";
import { wordingWarnings } from "../../src/lab/fit";
import { labOf } from "../../src/lab/lab";
import { describedStages, silentFor } from "../../src/lab/lacking";
import { loadProfile } from "../../src/lab/profile";
import { chains } from "../../src/lab/recipe";
import { makeMethods, planRun } from "../../src/lab/run";
import { workOf } from "../../src/lab/stage";
import { makeOnce } from "../../src/store/store";
import { fineR1, newHome, refusal, removeHome, startFineR1, storeIn } from "../cli/home";
import { folderOf, several } from "../data/folderFixture";
import { unpackEncoder } from "../model/encoderFixture";
import { chatServer, type RunningServer } from "./chatServer";
import { echo } from "./script";

const homes: string[] = [];
const running: RunningServer[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  for (const server of running.splice(0)) await server.close();
  homes.splice(0).forEach(removeHome);
});

function home(): string {
  const made = newHome("before-run");
  homes.push(made);
  return made;
}

async function serve(): Promise<RunningServer> {
  const server = await chatServer({ model: echo(), ownedBy: "vllm" });
  running.push(server);
  return server;
}

/** Nobody answers there. */
const NOBODY = "served:http://127.0.0.1:9/v1#nobody";
const DRY = ["--profile", "smoke", "--dry-run"];
const set = (values: Readonly<Record<string, string>>): string[] =>
  Object.entries(values).flatMap(([key, value]) => ["--set", `${key}=${value}`]);

/** A printed table's words, one space between them. */
const flat = (text: string): string => text.replace(/\s+/gu, " ");

describe("an encoder that reads class names", () => {
  it("is refused by a dry run where it lacks their words, before a server is there; an open one is not", async () => {
    const names = ["fly_agaric", "death_cap", "penny_bun", "wax_cap"];
    const folder = await folderOf(several(names, 5));
    const dataset = `folder:${folder}?superCategory=mushroom`;
    const given = { base: NOBODY, dataset, promptSet: "released" };
    const args = ["run", "quickstart", "--only", "base", ...DRY];
    expect(refusal(home(), [...args, ...set(given)])).toMatch(
      /^fine-r1: assets\/smoke\/siglip: its vocabulary lacks 8 of the 8 words in the class names and domains of folder\/\S+: "mushroom", .*SS_rel .*Name an encoder that knows them under similarity, such as onnx:DIR/u,
    );
    const chooses = ["run", "closed-world", "--only", "siglip", ...DRY, ...set(given)];
    expect(refusal(home(), chooses)).toMatch(/^fine-r1: assets\/smoke\/siglip: .* or leave its row out\.$/u);
    const at = home();
    const similarity = `onnx:${unpackEncoder("siglip2", at)}`;
    const open = fineR1(at, [...args, ...set({ ...given, similarity })]);
    expect([open.status, open.stderr]).toEqual([0, ""]);
    expect(open.stdout).toMatch(/^base +served:/mu);
  });
});

describe("a model that may not speak the mini-world's language", () => {
  const WARNED = /^Warning: served:\S+ is asked in the mini-world's words .* --set promptSet=released\.$/mu;

  it("is warned of by a dry run and before a run, whether or not it is there", async () => {
    const args = ["run", "quickstart", "--only", "base", ...DRY];
    expect(fineR1(home(), [...args, ...set({ base: NOBODY })]).stdout).toMatch(WARNED);
    expect(fineR1(home(), [...args, ...set({ base: NOBODY, promptSet: "released" })]).stdout).not.toMatch("Warning");
    const many = ["run", "quickstart", "open-world", ...DRY, ...set({ "models.qwen2": NOBODY })];
    expect(fineR1(home(), many).stdout).toMatch(WARNED);
    const at = home();
    const base = `served:${(await serve()).url}#tiny`;
    const run = ["run", "quickstart", "--only", "base", "--profile", "smoke", ...set({ base })];
    expect((await startFineR1(at, [...run, "--dry-run"]).end).out).toMatch(WARNED);
    const { how, out } = await startFineR1(at, run).end;
    expect(how).toBe("exit 0");
    expect(out.trimStart()).toMatch(/^Warning: /u); // before the tables
  });

  it("is one that is served, or that writes any text; a base of the mini-world is none", async () => {
    const warned = async (base: string, more: Readonly<Record<string, string>> = {}): Promise<number> =>
      wordingWarnings(await describedStages(loadProfile("smoke", { base, ...more }), [quickstart])).length;
    expect(await warned("assets/smoke/base")).toBe(0);
    expect(await warned("tests/reference/bpe_tokenizer")).toBe(1);
    expect(await warned("tests/reference/bpe_tokenizer", { promptSet: "released" })).toBe(0);
  });
});

describe("a dry run", () => {
  it("says that a served base cannot be trained, whatever else is missing", () => {
    const given = set({ base: NOBODY, encoder: "nowhere/siglip" });
    const args = ["--only", "base,sft-labels", ...DRY, ...given];
    expect(refusal(home(), ["run", "training-methods", ...args])).toMatch(/#nobody: .* which cannot be trained\. /u);
    expect(refusal(home(), ["run", "training-methods", "quickstart", ...DRY, ...given])).toMatch(/cannot be trained/u);
  });

  it("lists a server that answered once and has stopped, as one that never did", async () => {
    const at = home();
    const server = await serve();
    const args = ["run", "quickstart", "--only", "base", ...DRY, ...set({ base: `served:${server.url}#tiny` })];
    expect((await startFineR1(at, args).end).out).toMatch(/to be made/u);
    await server.close();
    for (const more of [[], set({ similarity: "nowhere/siglip" })]) {
      const { how, out, errors } = await startFineR1(at, [...args, ...more]).end;
      expect([how, errors]).toEqual(["exit 0", ""]);
      expect(flat(out)).toMatch(
        /Not there, and needed .* base served:\S+#tiny cannot be reached: .+\. Start it \(docs\/served\.md\), such as by: vllm serve tiny/u,
      );
    }
  });

  it("lists none whose answers are all in the store, unless they are to be made anew", async () => {
    const at = home();
    const server = await serve();
    const profile = loadProfile("smoke", { base: `served:${server.url}#tiny` });
    const store = storeIn(at);
    const only = { only: ["base"], store };
    const lab = await labOf(profile, { progress: silent, store });
    await makeMethods(lab, quickstart, planRun(lab, quickstart, only));
    await server.close();
    vi.spyOn(performance, "now").mockReturnValue(performance.now() + 60_000); // what was found out is not believed for so long
    expect(await silentFor(profile, [quickstart], only)).toEqual([]);
    expect((await silentFor(profile, [quickstart], { ...only, fresh: true })).map(({ key }) => key)).toEqual(["base"]);
  });

  it("lists a teacher whose chains are in the store for one seed alone where the record has several", async () => {
    const server = await serve();
    const profile = loadProfile("smoke", { "cot.teacher": `served:${server.url}#tiny` });
    const only = { only: ["cot-sft"], store: storeIn(home()) };
    const lab = await labOf(profile, { progress: silent, store: only.store });
    const { seed } = profile;
    await makeOnce(lab, workOf(chains(lab.recipe(seed))), { run: () => Promise.resolve({}), parse: () => ({}) });
    await server.close();
    vi.spyOn(performance, "now").mockReturnValue(performance.now() + 60_000);
    expect(await silentFor(profile, [quickstart], { ...only, seeds: [seed] })).toEqual([]);
    expect((await silentFor(profile, [quickstart], only)).map(({ key }) => key)).toEqual(["cot.teacher"]);
  });
});
