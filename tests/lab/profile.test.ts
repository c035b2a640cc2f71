import * as path from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT } from "../../src/config/load";
import { loadProfile } from "../../src/lab/profile";
import { digest } from "../../src/store/key";

describe("loadProfile", () => {
  const nameOf = (set: Record<string, unknown>) => loadProfile("smoke", set).name;

  it("gives a profile with other keys a name of its own", () => {
    expect(nameOf({ "sft.epochs": 1 })).toMatch(/^smoke-set-[0-9a-f]{6}$/);
    expect(nameOf({ "sft.epochs": 1 })).not.toBe(nameOf({ "sft.epochs": 2 }));
  });

  it("takes its name from the keys that change something, whatever else is said", () => {
    const own = loadProfile("smoke");
    expect(nameOf({ "sft.epochs": 1, seed: own.seed, "rl.n1": own.rl.n1 })).toBe(nameOf({ "sft.epochs": 1 }));
    expect(nameOf({ "rl.n1": own.rl.n1, "sft.epochs": 1 })).toBe(nameOf({ "sft.epochs": 1 }));
    const both = { "rl.promptsPerUpdate": 3, "rl.promptsPerRollout": 6 }; // neither of them can be without the other
    expect(nameOf(both)).not.toBe(nameOf({ "rl.promptsPerRollout": 12, ...{ "rl.promptsPerUpdate": 3 } }));
    // the names of runs that are kept
    expect(nameOf({ "sft.epochs": 1 })).toBe(`smoke-set-${digest({ "sft.epochs": 1 }).slice(0, 6)}`);
  });

  it("is the profile itself where nothing changes", () => {
    const own = loadProfile("smoke");
    expect(loadProfile("smoke", { "rl.n1": own.rl.n1 })).toEqual(own);
  });

  it("fills in the defaults of the paper and the release", () => {
    const { rl, evaluation } = loadProfile("smoke");
    expect(rl.objective).toMatchObject({ gamma: 0.01, eta1: 0.03, eta2: 0.03 });
    expect(rl.topP).toBe(0.99); // release: rollout.top_p
    expect(evaluation).toMatchObject({ optionOrder: "shuffled", superCategory: "dataset" });
  });

  it("takes any encoder for what mines, from the project's root", () => {
    const mining = (given: string) => loadProfile("smoke", { mining: given }).mining;
    expect(mining("onnx:models/siglip")).toBe(`onnx:${path.join(ROOT, "models/siglip")}`);
    expect(mining("models/mine")).toBe(path.join(ROOT, "models/mine"));
    expect(mining("embeddings:vectors.jsonl")).toBe(`embeddings:${path.join(ROOT, "vectors.jsonl")}`);
  });

  it("does without what its file names where a key is null", () => {
    const paper = loadProfile("paper", { "cot.teacher": null, mining: null });
    expect(paper.cot.teacher).toBeUndefined();
    expect(loadProfile("smoke", { mining: null, similarity: null })).toEqual(loadProfile("smoke")); // it names neither
  });

  it.each([
    ["base", "served:https://me:hunter2@gpu/v1#m", /FINE_R1_API_KEY_GPU\./],
    ["models.larger", "served:https://gpu/v1?key=hunter2#m", /FINE_R1_API_KEY_GPU\./],
    ["cot.teacher", "served:https://me:hunter2@gpu:99999/v1#m", /FINE_R1_API_KEY_HOST\./], // no port: no address
    ["base", "served:me:hunter2@gpu/v1#m", /FINE_R1_API_KEY_HOST\./], // read as of the scheme "me:"
    ["servers", { "qwen2-vl-2b": "https://hunter2@gpu/v1" }, /FINE_R1_API_KEY_GPU\./], // of a row that is not asked
    ["servers", { "qwen2-vl-2b": "served:https://hunter2@gpu/v1#m" }, /FINE_R1_API_KEY_GPU\./],
  ])("refuses an address with a password under %s: %j", (key, value, variable) => {
    const load = () => loadProfile("smoke", { [key]: value });
    expect(load).toThrow(/holds a name, a password or a query/);
    expect(load).toThrow(variable);
    expect(load).not.toThrow(/hunter2/);
  });

  it("takes an @ that is part of a model's name", () => {
    const base = "served:https://gpu/v1#org/model@2024";
    expect(loadProfile("smoke", { base }).base).toBe(base);
  });

  it.each([
    ["rl.seed", /unknown key rl\.seed/],
    ["rl.promptSet", /unknown key rl\.promptSet/],
    ["sft.seed", /unknown key sft\.seed/],
    ["rl.gamma", /unknown key rl\.gamma \(did you mean rl\.objective\.gamma or matched\.gamma\?\)/],
    ["evaluation.superCategory", /must be one of "dataset", "released"/],
  ])("knows one place for each key: %s", (key, message) => {
    expect(() => loadProfile("smoke", { [key]: 1 })).toThrow(message);
  });
});

describe("the profile paper", () => {
  const paper = loadProfile("paper");

  it("is read on a machine that has none of its files", () => {
    expect(path.basename(paper.base)).toBe("Qwen2.5-VL-3B-Instruct");
    expect(paper.dataset).toBe("sets:data/sets");
    expect(paper.promptSet).toBe("paper");
  });

  it("has every value of Appendix C, whatever the defaults become", () => {
    const { sft, rl } = paper;
    expect([sft.epochs, rl.epochs, rl.promptsPerUpdate, rl.promptsPerRollout]).toEqual([10, 10, 128, 384]);
    expect([rl.learningRate, rl.weightDecay, rl.maxResample, rl.n1, rl.n2]).toEqual([1e-6, 1e-2, 20, 5, 5]);
    const { clipLow, clipHigh, referenceKl, tokenMean } = rl.objective;
    expect([clipLow, clipHigh, referenceKl, tokenMean]).toEqual([0.2, 0.28, 0, "batch"]);
  });

  it("has the release's batches and Appendix C's epochs for 7B, and the base of Table 3c", () => {
    const { base, rl, models, sft } = loadProfile("paper-7b");
    expect([path.basename(base), rl.epochs, rl.promptsPerRollout, rl.promptsPerUpdate]).toEqual([
      "Qwen2.5-VL-7B-Instruct",
      5,
      192,
      64,
    ]);
    expect([models, sft]).toEqual([{}, paper.sft]);
    expect(path.basename(loadProfile("paper-qwen2").base)).toBe("Qwen2-VL-2B-Instruct");
  });

  it("takes a teacher and further rows, which other profiles go without", () => {
    const { cot, rows } = loadProfile("paper", { rows: ["internvl2.5-4b"], "cot.teacher": "scripted:answers.json" });
    expect(cot.teacher).toBe(`scripted:${path.resolve("answers.json")}`); // a path from the project's root, as a base's
    expect(rows).toEqual(["internvl2.5-4b"]);
    expect(loadProfile("mini").cot).not.toHaveProperty("teacher"); // so that the keys of its stages stay
  });
});
