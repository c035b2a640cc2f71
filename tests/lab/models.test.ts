import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chainCount, closedWorld, crossModel, faithfulness, inference, negatives, openWorld, quickstart } from "../../src/experiments"; // prettier-ignore
import { silent } from "../../src/core/progress";
import { described } from "../../src/lab/described";
import { rowsLeftOut } from "../../src/lab/experiment";
import { NOT_BUILT } from "../../src/lab/given";
import { missingOf, notBuilt } from "../../src/lab/missing";
import { settingsOf } from "../../src/lab/kept";
import { labOf, type Lab } from "../../src/lab/lab";
import { loadProfile } from "../../src/lab/profile";
import { beginRun } from "../../src/lab/publish";
import { dueKeys, makeMethods, planRun, stagesOf } from "../../src/lab/run";
import { newHome, removeHome } from "../cli/home";
import { tinyLab } from "./tinyLab";

const home = newHome("models");
/** Has every further model. */
let whole: Lab;
/** Names a larger base that nobody has built, and no other. */
let unbuilt: Lab;
const away = path.join(home, "away", "large");
beforeAll(async () => {
  whole = await tinyLab(home, {}, ["larger", "qwen2", "clip"]);
  const store = path.join(home, "unbuilt"); // its own: a clone may have one already
  unbuilt = await labOf({ ...whole.profile, models: { larger: path.join(away, "base") } }, { progress: silent, store });
});
afterAll(() => {
  removeHome(home);
});

const named = (lab: Lab, experiment = closedWorld): string[] =>
  planRun(lab, experiment, { only: "all" }).map(({ method }) => method.name);

describe("further models of a profile", () => {
  it("have their rows where it names them", () => {
    expect(named(whole)).toEqual(["clip", "siglip", "qwen2", "base", "larger", "tapo", "larger-tapo"]);
    expect(named(whole, openWorld)).toEqual(["qwen2", "base", "larger", "tapo", "larger-tapo"]);
    expect(rowsLeftOut(closedWorld, whole)).toEqual([]);
    const { larger, qwen2 } = whole.recipe(1).models;
    const [ours] = planRun(whole, closedWorld, { only: ["larger-tapo"] });
    const kinds = new Map(stagesOf([ours!]).map((stage) => [stage.kind.kind, stage]));
    expect(kinds.get("sft")?.inputs).toMatchObject({ from: larger });
    // Appendix C: 10 epochs for 3B and 5 for 7B
    expect(kinds.get("rl")?.inputs).toMatchObject({ epochs: whole.profile.rl.epochs / 2 });
    const [start] = planRun(whole, crossModel, { only: ["qwen2-tapo"] })[0]!.training!.needs;
    expect(start?.inputs).toMatchObject({ from: qwen2 });
  });

  it("have none where it does not, nor have differences with them, and a sentence says so", () => {
    const models = { clip: whole.profile.models?.clip };
    const lab: Lab = { ...whole, profile: { ...whole.profile, models }, recipe: (seed) => ({ ...whole.recipe(seed), models: { clip: whole.recipe(seed).models.clip! } }) }; // prettier-ignore
    expect(named(lab)).toEqual(["clip", "siglip", "base", "tapo"]);
    expect(named(lab, crossModel)).toEqual([]);
    expect(rowsLeftOut(crossModel, lab)).toEqual([
      "Left out: the rows of a base of the Qwen2-VL architecture; the profile smoke names none (models.qwen2).",
    ]);
    const stranger = { ...closedWorld, compare: [["tapoo", "base"]] as const };
    expect(() => planRun(whole, stranger)).toThrow(/compares "tapoo", which is no method of it/);
  });

  it("and rows that a dataset has nothing for are left out, whoever asks for them, and a sentence says so", () => {
    const dataset = { ...whole.dataset, name: "my pictures" };
    Reflect.deleteProperty(dataset, "lookalikes");
    const mine: Lab = { ...whole, dataset };
    const [hardest, sized] = ["hardest", "hardest-sized"];
    expect(named(whole, negatives)).toEqual(expect.arrayContaining([hardest, sized]));
    expect(named(mine, negatives)).toEqual(
      named(whole, negatives).filter((name) => name !== hardest && name !== sized),
    );
    expect(rowsLeftOut(negatives, mine)).toEqual([
      "Left out: “Negative: the nearest class, as the dataset knows it”, “Negative: the nearest class, as the dataset knows it, matched size”; the dataset my pictures has no look-alikes of its classes.",
    ]);
    expect(planRun(mine, negatives, { only: ["hardest"] })).toEqual([]);
    expect(named(mine, faithfulness)).toEqual(["base-think", "cot-sft", "dapo", "tapo"]);
    const released = described(loadProfile("smoke", { "cot.released": "no/chains.json" })); // no dataset is open
    expect(planRun(released, chainCount)).toEqual([]);
    expect(rowsLeftOut(chainCount, released).join()).toMatch(
      /^Left out: all rows; .* no chains beyond the released ones/,
    );
  });

  it("are refused before anything is made where they are not built, with the command that builds them", async () => {
    const plan = planRun(unbuilt, closedWorld, { only: ["base", "larger"] });
    const command = `npx fine-r1 base build --config large --world smoke --out ${away}`;
    await expect(makeMethods(unbuilt, closedWorld, plan)).rejects.toThrow(command);
    expect(fs.existsSync(unbuilt.store)).toBe(false);
    expect(notBuilt(stagesOf(planRun(unbuilt, closedWorld, { only: ["base", "tapo"] })))).toEqual([]);
  });

  it("leave what is recorded of them as it is while they are not built: its keys cannot be told", () => {
    const due = dueKeys(unbuilt, closedWorld);
    expect(due({ method: "larger", seed: 1 })).toBeUndefined();
    expect(due({ method: "larger-tapo", seed: 1 })).toBeUndefined();
    expect(due({ method: "base", seed: 1 })).toEqual(dueKeys(whole, closedWorld)({ method: "base", seed: 1 }));
  });

  it("are no settings of a run: rows that are not about them may stand beside those of a profile without", () => {
    expect(settingsOf(unbuilt)).toEqual(settingsOf(whole));
    const of = (lab: Lab) => stagesOf(planRun(lab, quickstart, { only: "all" })).map(({ key }) => key);
    expect(of(unbuilt)).toEqual(of(whole));
  });

  it("stand in the record of a run that is about them, rows of the profile's own too, and nothing else does", async () => {
    const inputs = (experiment: typeof inference) => beginRun(whole, experiment, [1]).spec.inputs.length;
    expect([quickstart, inference, closedWorld].map(inputs)).toEqual([3, 4, 6]);
    const asked = beginRun(whole, inference, [1], planRun(whole, inference, { only: ["base"] })).spec.inputs;
    expect(asked.map(({ given }) => given).sort()).toEqual(["checkpoint", "dataset"]);
    const own = { models: {}, rows: ["qwen2-vl-2b"], servers: { "qwen2-vl-2b": path.join(home, "qwen2") } };
    const { store } = whole;
    const withRow = await labOf({ ...whole.profile, ...own }, { progress: silent, store });
    const { fingerprint } = whole.recipe(1).models.qwen2!;
    const of = (experiment: typeof inference) => beginRun(withRow, experiment, [1]).spec.inputs.map((one) => one.fingerprint); // prettier-ignore
    expect(of(closedWorld)).toContain(fingerprint);
    expect(of(quickstart)).not.toContain(fingerprint);
    const fingerprints = beginRun(unbuilt, closedWorld, [1]).spec.inputs.map(({ fingerprint }) => fingerprint);
    expect(fingerprints).not.toContain(NOT_BUILT); // nothing was made with those
  });
});

describe("what is not built", () => {
  const commands = (profile: string) => {
    const { base, encoder, models, dataset } = loadProfile(profile);
    const all = [base, encoder, ...Object.values(models ?? {}).flatMap((at) => at ?? [])];
    const elsewhere = all.map((at) => at.replace(/assets/u, "nowhere"));
    return missingOf(elsewhere, dataset).map(({ at, build }) => [path.basename(at), build?.config, build?.world]);
  };

  it("is made by the config that its folder is called after, for its world; else by mini", () => {
    expect(commands("smoke")).toEqual([
      ["base", "smoke", "smoke"],
      ["siglip", "smoke", "smoke"],
      ["base", "smoke-qwen2", "smoke"],
      ["clip", "smoke", "smoke"],
    ]);
    expect(commands("mini")).toEqual([
      ["base", "mini", "test"],
      ["siglip", "mini", "test"],
      ["base", "large", "test"],
      ["base", "qwen2", "test"],
      ["clip", "mini", "test"],
    ]);
    expect(commands("mini-2")).toEqual(["base", "siglip", "clip"].map((name) => [name, "mini", "test-2"]));
    expect(commands("mini-3")).toEqual(["base", "siglip", "clip"].map((name) => [name, "mini", "test-3"]));
  });

  it("is not said to be made so where it is somebody's own", () => {
    expect(missingOf(["/nowhere/Qwen2.5-VL-3B"], "miniworld:test")[0]?.build).toBeUndefined();
    expect(missingOf(["/nowhere/base"], "folder:pictures")[0]?.build).toBeUndefined();
    expect(missingOf(["served-elsewhere", "assets/smoke/base"], "miniworld:smoke")).toHaveLength(1);
  });
});
