import { beforeAll, describe, expect, it } from "vitest";
import { silent } from "../../src/core/progress";
import { quickstart } from "../../src/experiments/quickstart";
import { trainingMethods } from "../../src/experiments/trainingMethods";
import type { Experiment, Method } from "../../src/lab/experiment";
import { labOf, type Lab } from "../../src/lab/lab";
import { loadProfile } from "../../src/lab/profile";
import { planMethod, planRun, stagesOf } from "../../src/lab/run";
import { stageFrom, withInputs, type Stage } from "../../src/lab/stage";

let lab: Lab;
beforeAll(async () => {
  lab = await labOf(loadProfile("smoke"), { progress: silent });
});

const all = (experiment: Experiment, seed = 1, from = lab): Stage[] => {
  const only = experiment.methods(from.recipe(seed)).map(({ name }) => name);
  return stagesOf(planRun(from, experiment, { only, seeds: [seed] }));
};
const keysOf = (stages: readonly Stage[]): string[] => stages.map(({ key }) => key);

/** The lab with other sources. */
const labWith = (change: (given: Given) => Given): Lab => ({
  ...lab,
  recipe: (seed) => {
    const { dataset, base, encoder, ...rest } = lab.recipe(seed);
    return { ...rest, dataset: change(dataset), base: change(base), encoder: change(encoder) };
  },
});
type Given = ReturnType<Lab["recipe"]>["base"];

describe("the key of a stage", () => {
  it("is the same whichever experiment describes it", () => {
    const of = (experiment: Experiment, ...only: string[]): string[] =>
      keysOf(stagesOf(planRun(lab, experiment, { only })));
    const both = ["base", "sft-labels", "tapo"];
    expect(of(quickstart, ...both)).toEqual(of(trainingMethods, ...both));
    // base: two settings and a comparison; SFT: itself and the same; TAPO: chains, CoT SFT, triplets, itself, and its answers
    expect(of(quickstart, ...both)).toHaveLength(3 + 4 + 4 + 3);
  });

  it("knows no name, title or label", () => {
    const method = quickstart.methods(lab.recipe(1)).find(({ name }) => name === "tapo")!;
    const { model } = method;
    if ("given" in model) throw new TypeError("TAPO is trained");
    const renamed: Method = { ...method, name: "mine", title: "My own", model: withInputs(model, {}, "my label") };
    const [before, after] = [method, renamed].map((one) => stagesOf([planMethod(lab, quickstart, one, 1)]));
    expect(keysOf(after!)).toEqual(keysOf(before!));
    expect(after!.map(({ label }) => label)).not.toEqual(before!.map(({ label }) => label));
  });

  it("knows what was given by its fingerprint, and not where it lies", () => {
    const before = all(quickstart);
    const moved = labWith((given) => ({ ...given, at: `/elsewhere/${given.at}` }));
    expect(keysOf(all(quickstart, 1, moved))).toEqual(keysOf(before));
    const [changed, unlike] = [labWith((given) => ({ ...given, fingerprint: "another" })), new Set(keysOf(before))];
    expect(keysOf(all(quickstart, 1, changed)).filter((key) => unlike.has(key))).toEqual([]);
  });

  it("is another one for other inputs, another version, another kind", () => {
    for (const stage of all(quickstart)) {
      expect(stageFrom(stage.kind, stage.inputs).key).toBe(stage.key);
      expect(stageFrom({ ...stage.kind, version: stage.kind.version + 1 }, stage.inputs).key).not.toBe(stage.key);
      expect(stageFrom({ ...stage.kind, kind: "other" }, stage.inputs).key).not.toBe(stage.key);
    }
    const keys = keysOf(all(quickstart));
    expect(new Set(keys).size).toBe(keys.length);
  });

  it("is shared by seeds where no seed decides anything: the base's answers, and an encoder's", () => {
    const [one, two] = [keysOf(all(quickstart, 1)), new Set(keysOf(all(quickstart, 2)))];
    // base and base with thinking: two settings and a comparison each; the encoder chooses in the closed world only
    expect(one.filter((key) => two.has(key))).toHaveLength(3 + 3 + 1);
  });
});
