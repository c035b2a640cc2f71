import { beforeAll, describe, expect, it } from "vitest";
import { silent } from "../../src/core/progress";
import type { Measurement } from "../../src/eval/measurements";
import * as experiments from "../../src/experiments";
import type { Experiment } from "../../src/lab/experiment";
import { labOf, type Lab } from "../../src/lab/lab";
import { loadProfile } from "../../src/lab/profile";
import { planRun, stagesOf, type PlannedMethod } from "../../src/lab/run";
import { withInputs, type Inputs, type Stage } from "../../src/lab/stage";
import { drawnOf } from "../../src/report/drawn";
import { methodColours } from "../../src/report/figures";
import type { Results } from "../../src/report/standard";

const { chainCount, components, faithfulness, mining, negatives, optionOrder, options, quickstart, ratio } =
  experiments;

let lab: Lab;
beforeAll(async () => {
  lab = await labOf(loadProfile("smoke"), { progress: silent });
});

const planOf = (experiment: Experiment): PlannedMethod[] => planRun(lab, experiment, { only: "all" });
const rowOf = (experiment: Experiment, name: string): PlannedMethod =>
  planOf(experiment).find(({ method }) => method.name === name)!;
const trainingOf = (experiment: Experiment, name: string): Stage => rowOf(experiment, name).training!;
const keyOf = (experiment: Experiment, name: string): string => trainingOf(experiment, name).key;
const count = (experiment: Experiment): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const { kind } of stagesOf(planOf(experiment))) counts[kind.kind] = (counts[kind.kind] ?? 0) + 1;
  return counts;
};

/** The inputs in which two trainings differ, a group's keys with its name. */
function differing(a: Inputs, b: Inputs): string[] {
  const flat = (inputs: Inputs): Map<string, string> =>
    new Map(
      Object.entries(inputs).flatMap(([key, value]): [string, string][] =>
        key === "objective"
          ? Object.entries(value as Inputs).map(([inner, one]) => [`objective.${inner}`, JSON.stringify(one)])
          : [[key, JSON.stringify(value)]],
      ),
    );
  const [one, other] = [flat(a), flat(b)];
  return [...new Set([...one.keys(), ...other.keys()])].filter((key) => one.get(key) !== other.get(key));
}

describe("the plans of the experiments on training, in smoke", () => {
  it.each([
    // rows: those asked in two worlds have two answers and a comparison each
    [components, 8, { cot: 1, sft: 1, triplets: 1, shares: 1, rl: 5, answers: 16, similarity: 8 }],
    [ratio, 5, { cot: 1, sft: 1, triplets: 1, rl: 5, answers: 10, similarity: 5 }],
    [chainCount, 6, { cot: 3, sft: 3, triplets: 1, rl: 3, answers: 12, similarity: 6 }],
    [options, 8, { cot: 1, sft: 1, triplets: 1, rl: 8, answers: 16, similarity: 8 }],
    [negatives, 13, { cot: 1, sft: 1, triplets: 5, shares: 5, rl: 13, answers: 26, similarity: 13 }],
    [mining, 5, { cot: 1, sft: 1, triplets: 1, shares: 2, rl: 4, answers: 10, similarity: 5 }],
    [optionOrder, 8, { cot: 1, sft: 1, triplets: 1, rl: 1, answers: 8 }],
    [faithfulness, 12, { cot: 1, sft: 1, triplets: 1, rl: 2, answers: 12 }],
  ] as const)("%#: have so many rows and stages", (experiment, rows, stages) => {
    expect(experiments.experimentNamed(experiment.id)).toBe(experiment);
    expect(planOf(experiment)).toHaveLength(rows);
    expect(count(experiment)).toEqual(stages);
  });

  it("take from the store what the quickstart made: CoT SFT, DAPO and TAPO", () => {
    for (const experiment of [components, optionOrder, faithfulness])
      for (const name of ["cot-sft", "tapo"])
        expect([experiment.id, keyOf(experiment, name)]).toEqual([experiment.id, keyOf(quickstart, name)]);
    for (const experiment of [options, negatives, mining])
      expect([experiment.id, keyOf(experiment, "tapo")]).toEqual([experiment.id, keyOf(quickstart, "tapo")]);
    expect(keyOf(components, "dapo")).toBe(keyOf(quickstart, "dapo"));
    expect(keyOf(ratio, "5:5")).toBe(keyOf(quickstart, "tapo"));
    expect(keyOf(chainCount, "tapo-404")).toBe(keyOf(quickstart, "tapo"));
    expect(keyOf(mining, "tapo-sized")).toBe(keyOf(negatives, "tapo-sized"));
  });

  it("ask once what they ask alike: faithfulness the open questions, option order the closed ones", () => {
    const answersOf = (experiment: Experiment, name: string, setting: string): string =>
      rowOf(experiment, name).asked.find((one) => one.setting === setting)!.answers.key;
    for (const name of ["base-think", "cot-sft", "dapo", "tapo"])
      expect(answersOf(faithfulness, name, "open")).toBe(answersOf(quickstart, name, "open"));
    for (const name of ["base", "base-think", "cot-sft", "tapo"]) {
      expect(answersOf(optionOrder, name, "closed")).toBe(answersOf(quickstart, name, "closed"));
      expect(answersOf(optionOrder, `${name}-released`, "closed")).not.toBe(answersOf(quickstart, name, "closed"));
    }
  });
});

describe("components", () => {
  it("are parts of TAPO: each with the other's left out is DAPO", () => {
    const [intra, inter] = [trainingOf(components, "intra"), trainingOf(components, "inter")];
    const { n1, n2 } = lab.profile.rl;
    const dapo = keyOf(components, "dapo");
    expect(withInputs(intra, { n1: n1 + n2, n2: 0 }).key).toBe(dapo);
    expect(withInputs(inter, { objective: { gamma: 0, eta1: 0, eta2: 0 } }).key).toBe(dapo);
    const tapo = trainingOf(components, "tapo").inputs;
    expect(differing(intra.inputs, tapo)).toEqual(["objective.gamma", "objective.eta1", "objective.eta2"]);
    expect(differing(inter.inputs, tapo)).toEqual(["n1", "n2"]);
    expect(inter.key).toBe(keyOf(ratio, "10:0"));
  });
});

describe("the ratio", () => {
  it("keeps the size of a group, in shares that it has, and says which", () => {
    const rows = planOf(ratio).map(({ method, training }) => [method.title, training!.inputs["n1"], training!.inputs["n2"]]); // prettier-ignore
    expect(rows).toEqual([
      ["10 : 0 (here 6 : 0)", 6, 0],
      ["8 : 2 (here 5 : 1)", 5, 1], // 4.8 of 6
      ["5 : 5 (here 3 : 3)", 3, 3],
      ["2 : 8 (here 1 : 5)", 1, 5],
      ["0 : 10 (here 0 : 6)", 0, 6],
    ]);
    const { profile } = lab;
    const ten: Lab = { ...lab, recipe: (seed) => ({ ...lab.recipe(seed), profile: { ...profile, rl: { ...profile.rl, n1: 5, n2: 5 } } }) }; // prettier-ignore
    expect(planRun(ten, ratio).map(({ method }) => method.title)).toEqual(["10 : 0", "8 : 2", "5 : 5", "2 : 8", "0 : 10"]); // prettier-ignore
  });
});

describe("the number of chains", () => {
  it("is one, two and three pictures of each class, and its TAPO starts from its own CoT SFT", () => {
    const trained = [404, 804, 1199].map((n) => trainingOf(chainCount, `cot-sft-${n}`));
    const curations = trained.map(({ needs }) => needs.find(({ kind }) => kind.kind === "cot"));
    expect(curations.map((stage) => stage?.inputs["imagesPerClass"])).toEqual(
      [1, 2, 3].map((times) => times * lab.profile.cot.imagesPerClass),
    );
    expect(keyOf(chainCount, "cot-sft-404")).toBe(keyOf(quickstart, "cot-sft"));
    for (const n of [404, 804, 1199])
      expect(trainingOf(chainCount, `tapo-${n}`).inputs["from"]).toMatchObject({ key: keyOf(chainCount, `cot-sft-${n}`) }); // prettier-ignore
  });
});

describe("readings of the paper", () => {
  it.each([
    ["condition", "updateCondition", "rolloutImage"],
    ["estimator", "objective.klEstimator", "paper"],
    ["gradient", "objective.negativeGradient", true],
    ["entropies", "objective.entropies", "raised"],
    ["mean", "objective.tokenMean", "microBatch"],
    ["updates", "promptsPerUpdate", 2],
  ])("%s: differs from TAPO in %s alone", (name, key, value) => {
    const { inputs } = trainingOf(options, name);
    expect(differing(inputs, trainingOf(options, "tapo").inputs)).toEqual([key]);
    const [group = "", inner] = key.split(".");
    expect(inner === undefined ? inputs[group] : (inputs[group] as Inputs)[inner]).toBe(value);
  });

  it("have no dual clip where the policy moves between updates, since it cannot act elsewhere", () => {
    const [dual, updates] = [trainingOf(options, "dual").inputs, trainingOf(options, "updates").inputs];
    expect(differing(dual, updates)).toEqual(["objective.clipDual"]);
  });

  it("are the other ones where the profile reads the paper the other way", () => {
    const set = { "rl.updateCondition": "rolloutImage", "rl.objective.entropies": "raised" };
    const profile = loadProfile("smoke", set);
    const other: Lab = { ...lab, profile, recipe: (seed) => ({ ...lab.recipe(seed), profile }) };
    const rows = new Map(planRun(other, options).map(({ method, training }) => [method.name, training!.inputs]));
    expect(rows.get("condition")!["updateCondition"]).toBe("anchor");
    expect(rows.get("entropies")!["objective"]).not.toHaveProperty("entropies");
  });
});

describe("negatives", () => {
  it("differ in their triplets alone, and at matched size in what measured them", () => {
    const tapo = trainingOf(negatives, "tapo").inputs;
    for (const kind of ["hardest", "random", "same", "masked"]) {
      expect(differing(trainingOf(negatives, kind).inputs, tapo)).toEqual(["triplets"]);
      const sized = trainingOf(negatives, `${kind}-sized`);
      expect(differing(sized.inputs, trainingOf(negatives, kind).inputs)).toEqual(["objective.gamma", "sizedBy"]);
      const [measured] = sized.needs.filter((one) => one.kind.kind === "shares");
      expect(differing(measured!.inputs, trainingOf(negatives, kind).inputs)).toEqual([]);
    }
    for (const gamma of [0, 0.1, 1]) {
      const { inputs } = trainingOf(negatives, `gamma-${gamma}`);
      expect(differing(inputs, tapo)).toEqual(["objective.gamma"]);
      expect(inputs["objective"]).toMatchObject({ gamma });
    }
  });
});

describe("figures of what is asked again", () => {
  const of = (name: string, split: "seen" | "unseen" | "all", value: number, setting: "open" | "closed", domain: string): Measurement => ({
    ...{ method: name, seed: 1, dataset: "d", domain, split, setting, metric: "accuracy" },
    ...{ value, low: value - 0.05, high: value + 0.05, n: 10 },
  }); // prettier-ignore
  const resultsOf = (experiment: Experiment, measurements: readonly Measurement[]): Results => {
    const methods = experiment.methods(lab.recipe(1)).map(({ name, title }) => ({ name, title }));
    const drawn = drawnOf(measurements, new Set(), 1);
    return { methods, measurements, seed: 1, drawn, curves: new Map(), colours: methodColours(methods) };
  };

  it("option order: both orders of a model have one colour, and no two models the same", () => {
    const names = planOf(optionOrder).map(({ method: { name } }) => name);
    const measurements = names.flatMap((name) => (["seen", "unseen"] as const).map((split) => of(name, split, 0.5, "closed", "mean"))); // prettier-ignore
    const figure = optionOrder.figures[0]!.draw(resultsOf(optionOrder, measurements))!;
    const { color } = (figure.data as readonly { marker: { color: string[] } }[])[0]!.marker;
    expect(color).toHaveLength(8);
    for (const [at, name] of names.entries()) expect([name, color[at]]).toEqual([name, color[at - (at % 2)]]);
    expect(new Set(color).size).toBe(4);
  });

  it("faithfulness: a group per model and split, as it is and told either analysis", () => {
    const names = planOf(faithfulness).map(({ method: { name } }) => name);
    const measurements = names.flatMap((name, at) => [
      of(name, "seen", (at + 1) / 20, "open", "items"),
      of(name, "unseen", (at + 1) / 50, "open", "items"),
    ]);
    const figure = faithfulness.figures[0]!.draw(resultsOf(faithfulness, measurements))!;
    const bars = (figure.data as readonly { name: string; y: number[] }[]).map(({ name, y }) => [name, ...y.map(Math.round)]); // prettier-ignore
    expect(bars).toEqual([
      ["as it is", 5, 2, 20, 8, 35, 14, 50, 20],
      ["told what is there", 10, 4, 25, 10, 40, 16, 55, 22],
      ["told the look-alike", 15, 6, 30, 12, 45, 18, 60, 24],
    ]);
    expect(faithfulness.figures[0]!.draw({ ...resultsOf(faithfulness, []), methods: [] })).toBeUndefined();
  });
});
