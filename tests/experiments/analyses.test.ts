import * as fs from "node:fs";
import * as path from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Measurement } from "../../src/eval/measurements";
import { select } from "../../src/eval/measurements";
import { knowledge, quickstart, separability, shares } from "../../src/experiments";
import { gradientShares } from "../../src/lab/analyses";
import { defineExperiment, type Analysis, type Experiment, type Method } from "../../src/lab/experiment";
import { keptFindings, type Findings } from "../../src/lab/findings";
import { readKept, keptFolder } from "../../src/lab/kept";
import { pairsOf, readStates, separabilityStage } from "../../src/lab/kinds/states";
import type { Lab } from "../../src/lab/lab";
import { make } from "../../src/lab/make";
import { beginRun, publish } from "../../src/lab/publish";
import { labelSft, states } from "../../src/lab/recipe";
import { makeMethods, planMethod, planRun, stagesOf, type MadeMethod } from "../../src/lab/run";
import { requireAble, withInputs } from "../../src/lab/stage";
import { openModel, recall } from "../../src/model/open";
import { newHome, removeHome } from "../cli/home";
import { tinyLab } from "../lab/tinyLab";

/** A random model beside one that was fine-tuned a little: what numbers mean is not asked, only where they come from. */
const home = newHome("analyses");
let lab: Lab;
beforeAll(async () => {
  for (const [name, folder] of [["FINE_R1_RUNS", "runs"], ["FINE_R1_RESULTS", "results"]] as const) process.env[name] = path.join(home, folder); // prettier-ignore
  lab = await tinyLab(home);
}, 60_000);
afterAll(() => {
  removeHome(home);
});

const named = (plan: readonly { method: Method }[]): string[] => plan.map(({ method }) => method.name);
/** A few epochs of a probe are as good as 500 here. */
const soon = (analysis: Analysis): Analysis => ({
  ...analysis,
  stage: (recipe, method) => {
    const stage = analysis.stage(recipe, method);
    return stage?.kind.kind === "probe" ? withInputs(stage, { epochs: 9, learningRate: 0.01 }) : stage;
  },
});
/** The base and a model trained on names for a step or two, in place of the experiment's own. */
const small = (experiment: Experiment): Experiment => ({
  ...experiment,
  analyses: (experiment.analyses ?? []).map(soon),
  methods: (recipe) => [
    { name: "base", title: "Base", model: recipe.base, thinking: false },
    { name: "tapo", title: "Tuned", model: withInputs(labelSft(recipe), { epochs: 1 }), thinking: false },
    { name: "siglip", title: "Encoder", model: recipe.encoder, thinking: false },
  ],
  compare: [["tapo", "base"]],
});

async function runOf(
  experiment: Experiment,
): Promise<{ made: MadeMethod[]; findings: Findings & { files: readonly string[] } }> {
  const plan = planRun(lab, experiment);
  const record = beginRun(lab, experiment, [1]);
  const made = await makeMethods(lab, experiment, plan);
  return { made, findings: await publish(lab, experiment, made, record) };
}

describe("the plan of H1, H2 and H3", () => {
  it("trains what is looked at, and asks nothing", () => {
    const plan = planRun(lab, knowledge);
    expect(named(plan)).toEqual(["base", "cot-sft", "dapo", "tapo"]);
    const kinds = stagesOf(plan).map(({ kind }) => kind.kind);
    const count = (kind: string): number => kinds.filter((one) => one === kind).length;
    expect(["cot", "sft", "triplets", "rl", "answers"].map(count)).toEqual([1, 1, 1, 2, 0]);
    // the states of a model serve both analyses, and those of the base every comparison
    expect(["states", "probe", "taxonomy"].map(count)).toEqual([4, 4, 4]);
    expect(plan.map(({ training }) => training?.label)).toEqual([undefined, "cot-sft", "dapo", "tapo"]);
  });

  it("finds the models where the quickstart left them", () => {
    const keys = new Set(stagesOf(planRun(lab, quickstart, { only: "all" })).map(({ key }) => key));
    const own = stagesOf([...planRun(lab, knowledge), ...planRun(lab, separability)]).filter(
      ({ key }) => !keys.has(key),
    );
    expect(new Set(own.map(({ kind }) => kind.kind))).toEqual(new Set(["states", "probe", "taxonomy", "separability"]));
  });

  it("draws alike for every seed of training", () => {
    const inputs = [1, 2].flatMap((seed) => planRun(lab, separability, { seeds: [seed] }).flatMap(({ analysed }) => analysed.map(({ stage }) => stage.inputs["seed"]))); // prettier-ignore
    expect(new Set(inputs)).toEqual(new Set([lab.profile.seed]));
  });

  it("refuses a model that has no hidden states by its name, and passes over an encoder", () => {
    const at = "served:http://localhost:1/v1#none";
    recall(at, { fingerprint: "f", can: ["generate"], lacks: { everyLayer: "it shows the last one" }, by: "vLLM" });
    const blind: Method = { name: "a", title: "A", model: { ...lab.recipe(1).base, at }, thinking: false };
    const refused = (experiment: Experiment) => () => {
      requireAble(stagesOf([planMethod(lab, experiment, blind, 1)]));
    };
    expect(refused(knowledge)).toThrow(`${at}: is served by vLLM, which cannot show its hidden states. `);
    expect(refused(separability)).toThrow(
      `${at}: is served by vLLM, which cannot show its hidden states and cannot show its hidden states after every layer (it shows the last one)`,
    );
    const scripted = { ...blind, model: { ...lab.recipe(1).base, at: "scripted:none.json" } }; // has some
    expect(() => {
      requireAble(stagesOf([planMethod(lab, separability, scripted, 1)]));
    }).not.toThrow();
    const encoder: Method = { ...blind, model: lab.recipe(1).encoder };
    for (const experiment of [knowledge, separability, shares])
      expect(planMethod(lab, experiment, encoder, 1)).toMatchObject({ asked: [], analysed: [] });
  });
});

describe("an analysis", () => {
  it("needs a name and metrics of its own", () => {
    expect(() => defineExperiment({ ...shares, analyses: [gradientShares, gradientShares] })).toThrow(
      /the experiment shares: has two analyses.*"share"/,
    );
    const clash = { ...gradientShares, metrics: [{ name: "accuracy", title: "a", help: "a" }] };
    expect(() => defineExperiment({ ...shares, analyses: [clash] })).toThrow(/measure "accuracy"/);
  });

  it("fills the columns of tables, and none that it does not measure", () => {
    const kept = { settings: {}, made: [], measurements: [], outcomes: [] };
    expect(() => keptFindings(lab, { ...knowledge, analyses: [] }, kept)).toThrow(
      /column of "probeBest".*or an analysis/,
    );
    expect(keptFindings(lab, knowledge, kept).tables.size).toBe(0);
  });
});

describe("a run that analyses", () => {
  it("probes, and compares relatives, from states that were kept (Table 4)", async () => {
    const { made, findings } = await runOf(small(knowledge));
    const rows = findings.results.measurements;
    const of = (where: Partial<Measurement>) => select(rows, where);
    const seen = lab.dataset.test("seen");
    for (const method of ["base", "tapo"]) {
      // the smoke world has one test picture per class: unseen classes have none left to train with
      const [best, last] = ["probeBest", "probeLast"].map((metric) => of({ method, metric, split: "seen", domain: "items" })[0]!); // prettier-ignore
      expect([best!.n, last!.n]).toEqual([seen.length, seen.length]);
      expect(best!.value).toBeGreaterThanOrEqual(last!.value);
      expect(of({ method, metric: "probeBest", split: "unseen" })).toEqual([]);
      const [delta] = of({ method, metric: "kinship", domain: "items" });
      expect(delta!.low).toBeLessThan(delta!.value);
      expect(delta!.n).toBe(lab.dataset.subCategories.length);
      expect(of({ method, metric: "kinshipT" })).toHaveLength(method === "base" ? 0 : 1);
    }
    expect(made.map(({ found }) => [...found.keys()])).toEqual([["probe", "taxonomy"], ["probe", "taxonomy"], []]);
    expect(made[0]!.keys).toHaveLength(2);
    const table = findings.tables.get("table")!;
    expect(table.rows.map(({ method }) => method)).toEqual(["Base", "Tuned"]);
    // what was kept says the same again, and stays due
    const kept = keptFindings(lab, small(knowledge), readKept(keptFolder("knowledge", lab.profile.name, "report"))!);
    expect(kept.tables.get("table")!.rows).toEqual(table.rows);
    expect(kept.sentences).toEqual([]);
  }, 120_000);

  it("tells right names from wrong ones at every layer, and draws both (Fig. 4)", async () => {
    const { findings } = await runOf(small(separability));
    const { measurements, found } = findings.results;
    const result = separabilityStage.parse(found?.get("base")?.get("separability"));
    expect(result.layers).toHaveLength(2); // TINY_SIZES
    const { accuracy, fisher, silhouette } = result;
    expect(result.layers.at(-1)).toEqual({ accuracy, fisher, silhouette });
    const at = (setting: string) => select(measurements, { method: "base", setting, metric: "separability", domain: "items", split: "all" })[0]!; // prettier-ignore
    expect(at("layer 2")).toMatchObject(accuracy);
    expect({ ...at("layer 2"), setting: "last layer" }).toEqual(at("last layer"));
    expect(accuracy.value).toBe(result.right.filter(Boolean).length / result.pairs.length);
    expect(findings.tables.get("layers")!.columns).toHaveLength(1 + 2);
    expect(findings.tables.get("scatter")!.columns).toHaveLength(1 + 2 * 2);
    const names = findings.files.map((file) => path.basename(file));
    expect(names).toEqual(expect.arrayContaining(["table.csv", "layers.csv", "layers.html", "plane-base.html", "plane-tapo.svg"])); // prettier-ignore
    const hovered = JSON.stringify(separability.figures[0]!.draw(findings.results)!.data[0]!["text"]);
    const [first] = pairsOf(lab.dataset, lab.profile.seed);
    expect(hovered).toContain(first!.image.id);
    expect(hovered).toContain("a right name, told");
    // results from the record have no planes, and the lines all the same
    const recorded = { ...findings.results, found: new Map<string, never>() };
    expect(separability.figures.map(({ draw }) => draw(recorded) !== undefined)).toEqual([false, false, true]);
  }, 120_000);

  it("keeps states as they are asked for one by one, and leaves no tensor behind", async () => {
    const recipe = lab.recipe(1);
    const before = tf.memory().numTensors;
    const { folder, result } = await make(lab, states(recipe, recipe.base));
    expect(tf.memory().numTensors).toBe(before);
    expect(fs.readdirSync(folder)).toEqual(expect.arrayContaining(["states.safetensors", "pictures.json"]));
    const { train, test } = readStates(lab.dataset, folder);
    expect(result).toMatchObject({ pictures: train.length + test.length, width: train[0]!.state.length });
    const model = await openModel(recipe.base.at, ["hiddenStates"]);
    const picture = lab.dataset.train[3]!;
    // whatever is asked after the picture: its tokens do not look ahead
    const content = `<image>${lab.dataset.question(picture)}`;
    const [state] = await model.hiddenStates([{ messages: [{ role: "user", content }], images: [await picture.load()] }], { layer: "last", pool: "imageMean" }); // prettier-ignore
    model.dispose();
    train[3]!.state.forEach((value, k) => {
      expect(value).toBeCloseTo(state![k]!, 4);
    });
    const other = { ...lab.dataset, train: [{ ...picture, id: "another" }] };
    expect(() => readStates(other, folder)).toThrow(/has no states of "another"/);
  }, 60_000);
});

describe("the shares of the gradient (13b)", () => {
  it("look at trainings that are not made", () => {
    const plan = planRun(lab, shares);
    expect(named(plan)).toEqual(["hard", "hardest", "random", "same", "masked"]);
    expect(plan.every(({ training }) => training === undefined)).toBe(true);
    const kinds = stagesOf(plan).map(({ kind }) => kind.kind);
    expect(["cot", "sft", "triplets", "shares", "rl"].map((kind) => kinds.filter((one) => one === kind).length)).toEqual([1, 1, 5, 5, 0]); // prettier-ignore
    const [mined] = plan;
    expect(mined!.analysed[0]!.stage.inputs).toEqual("given" in mined!.method.model ? {} : mined!.method.model.inputs);
  });

  it("are measured term by term, and shown where they are", () => {
    const share = { share: 0.02, cosine: -0.5 };
    const terms = [
      { term: "policy", weight: 1, perWeight: 1, value: 1, share: 1, cosine: 1 },
      { term: "entropy", weight: 0.03, perWeight: 0, value: 1, share: 0, cosine: null },
      ...[false, true].map((negativeGradient) => ({ term: "klNegative", klEstimator: "released", negativeGradient, weight: 0.01, perWeight: 2, value: 1, ...share })), // prettier-ignore
    ];
    const batch = { rollouts: 40, groups: 4, sampledGroups: 5, resamples: 1, meanReward: 1, meanAccuracy: 1, meanLength: 9, policyNorm: 3 }; // prettier-ignore
    const rows = gradientShares.measure({ ...batch, terms, whole: { share: 1.1, cosine: 0.9 } });
    const values = Object.fromEntries(rows.map(({ setting, metric, value }) => [`${setting}: ${metric}`, value]));
    expect(values).toEqual({
      "policy: share": 1,
      "policy: cosine": 1,
      "entropy: share": 0, // no gradient has no angle and no matching weight
      "klNegative, released estimator, constant negative: share": 0.02,
      "klNegative, released estimator, constant negative: cosine": -0.5,
      "klNegative, released estimator, constant negative: matched": 0.5,
      "klNegative, released estimator, live negative: share": 0.02,
      "klNegative, released estimator, live negative: cosine": -0.5,
      "klNegative, released estimator, live negative: matched": 0.5,
      "objective: share": 1.1,
      "objective: cosine": 0.9,
    });
    expect(new Set(rows.map(({ n }) => n))).toEqual(new Set([40]));
    const whose = { method: "hard", seed: 1, dataset: lab.dataset.name };
    const measurements = rows.map((one) => ({ ...whose, ...one }));
    const made = [{ method: "hard", seed: 1, at: "", processor: "", numerics: "", keys: [] }];
    const { tables, results } = keptFindings(lab, shares, { settings: {}, made, measurements, outcomes: [] });
    expect([...tables.keys()]).toEqual(["table", "cosines", "matching-weights"]);
    expect(tables.get("table")!.rows[0]).toMatchObject({ all_terms_all: 1.1 });
    expect(shares.figures[0]!.draw(results)!.layout["yaxis"]).toMatchObject({ type: "log" });
  });
});
