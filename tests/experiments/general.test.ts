import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { silent } from "../../src/core/progress";
import type { Dataset } from "../../src/data/dataset";
import { NEEDS } from "../../src/data/questions";
import { encodePng } from "../../src/data/rasters";
import { GENERAL, kindSetting } from "../../src/eval/questions";
import { general, quickstart } from "../../src/experiments";
import { rowsLeftOut, type Experiment } from "../../src/lab/experiment";
import { findingsOf } from "../../src/lab/findings";
import { labOf, type Lab } from "../../src/lab/lab";
import { makeMethods, planRun, requireRows, stagesOf } from "../../src/lab/run";
import { bareValue } from "../../src/report/table/table";
import { newHome, removeHome } from "../cli/home";
import { tinyLab } from "../lab/tinyLab";

/** Random weights find no end: what they say is cut soon. */
const SHORT = { "evaluation.maxNewTokensThinking": 4, "evaluation.maxNewTokensDirect": 4, "evaluation.batchSize": 64 };
const home = newHome("general");
let lab: Lab;
beforeAll(async () => {
  lab = await tinyLab(home, SHORT);
});
afterAll(() => {
  removeHome(home);
});

describe("the plan of Table 7", () => {
  it("asks every row the same questions, named as the row is asked, and trains nothing that the quickstart does not", () => {
    const plan = planRun(lab, general);
    const asked = plan.map(({ asked: answers, analysed }) => [answers.length, analysed.map(({ stage }) => stage)]);
    expect(asked.every(([answers, stages]) => answers === 0 && (stages as unknown[]).length === 1)).toBe(true);
    const inputs = plan.map(({ method, analysed }) => [method, analysed[0]!.stage.inputs] as const);
    const { seed } = lab.profile.evaluation;
    for (const [method, one] of inputs)
      expect(one, method.name).toMatchObject({ thinking: method.thinking, seed, promptSet: "mini" });
    const known = new Set(stagesOf(planRun(lab, quickstart, { only: "all" })).map(({ key }) => key));
    const own = stagesOf(plan).filter(({ key }) => !known.has(key));
    expect(own.map(({ kind }) => kind.kind)).toEqual(Array(plan.length).fill("questions"));
  });

  it("has no row, and says why, where the dataset has no such questions", () => {
    const dataset: Dataset = { ...lab.dataset, name: "folder" };
    Reflect.deleteProperty(dataset, "questions");
    const without: Lab = { ...lab, dataset };
    expect(planRun(without, general)).toEqual([]);
    expect(rowsLeftOut(general, without)).toEqual(["Left out: all rows; the dataset folder has no general questions."]);
    expect(() => {
      requireRows(without, general, []);
    }).toThrow(
      /general: has no row in the profile \S+\. Left out: all rows; the dataset folder has no general questions/,
    );
  });
});

describe("general benchmarks", () => {
  it("are asked by the same stage, scored by their own rules, and stand in tables of their own", async () => {
    const root = path.join(home, "benchmarks");
    const put = (file: string, content: string | Uint8Array): void => {
      fs.mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
      fs.writeFileSync(path.join(root, file), content);
    };
    const png = await encodePng({ width: 56, height: 56, data: new Uint8Array(56 * 56 * 3).map((_, i) => i % 249) });
    for (const [name, lines] of Object.entries({
      "color/1": "Is it red?\tYes\nIs it blue?\tNo\n",
      "color/2": "Is it red?\tYes\nIs it green?\tYes\n",
      "OCR/1": "torn\n",
    })) {
      put(`mme/${name}.png`, png);
      put(`mme/${name}.txt`, lines);
    }
    const option = (letter: string): string => `index\tquestion\tA\tB\tanswer\timage\n1\tWhich?\tred\tblue\t${letter}\t${png.toString("base64")}\n`; // prettier-ignore
    put("dev.tsv", option("A"));
    // red it says, and yes; A to the options as they stand and to them turned on
    const answers = { rules: [{ contains: "blue?", answers: [{ text: "I see." }] }, { contains: "green?", answers: [{ text: "no" }] }, { contains: "think through", answers: [{ text: "<think> B? </think> <answer> red </answer>" }] }, { contains: "A. ", answers: [{ text: "A" }] }], otherwise: [{ text: "Yes" }] }; // prettier-ignore
    put("script.json", JSON.stringify(answers));
    const base = `scripted:${path.join(root, "script.json")}`;
    const evaluation = { ...lab.profile.evaluation, maxNewTokensThinking: 80 };
    const benchmarks = [`mme:${path.join(root, "mme")}`, `mmbench:${path.join(root, "dev.tsv")}`];
    const own = await labOf({ ...lab.profile, base, benchmarks, evaluation, promptSet: "released" }, { progress: silent, store: lab.store }); // prettier-ignore
    const dataset: Dataset = { ...own.dataset };
    Reflect.deleteProperty(dataset, "questions"); // as one of photographs
    const without: Lab = { ...own, dataset };
    const given: Experiment = { ...general, methods: (recipe) => general.methods(recipe).slice(0, 2), compare: [] };
    const plan = planRun(without, given);
    expect(stagesOf(plan).map(({ kind }) => kind.kind)).toEqual(Array(4).fill("questions"));
    const made = await makeMethods(without, given, plan);
    const { tables } = await findingsOf(without, given, made);
    expect([...tables.keys()]).toEqual(["table"]);
    const table = tables.get("table")!;
    expect(table.columns.slice(0, 3).map(({ title }) => title)).toEqual(["Method", "MME, perception", "MMBench"]);
    const value = (row: number, column: number): unknown => bareValue(table.rows[row]![table.columns[column]!.key]!);
    // direct, of four: red yes is right twice, "I see." and the no to green are wrong: accuracy 2/4, accuracy+ 0/2, score 50; of the
    // options "A" is right as they stand and wrong when they are turned on
    expect([value(0, 1), value(0, 2)]).toEqual([50, 0]);
    // asked to think first, in the words of stage 2: "red", the option's own name, wherever it stands; it is neither yes nor no
    expect([value(1, 1), value(1, 2)]).toEqual([0, 1]);
    expect(table.notes.join("\n")).toMatch(/to MME that choose nothing readable.*: Base, direct 1, Base, thinking 3\./);
    expect(table.notes.join("\n")).toMatch(/1 lines or files of MME could not be used/);
    const { paper_mme_score_perception_all: mme, paper_mmbench_items_all: mmbench } = table.rows[0]!;
    expect([mme, mmbench]).toEqual([1591, 0.793]); // Table 7, Qwen2.5-VL-3B
    const both = await findingsOf(own, given, await makeMethods(own, given, planRun(own, given, { only: ["base"] })));
    expect([...both.tables.keys()]).toEqual(["table", "kinds", "benchmarks"]);
  });

  it("are refused where they are named twice, are none, or stand in the place of a dataset", async () => {
    const opened = (set: Partial<Lab["profile"]>): Promise<Lab> => labOf({ ...lab.profile, ...set }, { progress: silent, store: lab.store }); // prettier-ignore
    const recipeWith = async (...benchmarks: string[]): Promise<unknown> => (await opened({ benchmarks })).recipe(1).benchmarks; // prettier-ignore
    const mme = `mme:${path.join(home, "small")}`;
    fs.mkdirSync(path.join(home, "small", "color"), { recursive: true });
    fs.writeFileSync(path.join(home, "small", "color", "1.txt"), "Is it red?\tYes\nIs it blue?\tNo\n");
    fs.writeFileSync(path.join(home, "small", "color", "1.png"), await encodePng({ width: 1, height: 1, data: Uint8Array.of(1, 2, 3) })); // prettier-ignore
    await expect(recipeWith(mme, mme)).rejects.toThrow(/names mme twice under benchmarks/);
    await expect(recipeWith("mmbensh:x")).rejects.toThrow(/names no benchmark. Did you mean "mmbench"/);
    fs.mkdirSync(path.join(home, "empty"));
    await expect(recipeWith(`mme:${path.join(home, "empty")}`)).rejects.toThrow(/holds no folder of a subtask of MME/);
    const absent = await opened({ benchmarks: ["mme:/nowhere"] }); // named by what is run, and no reason to show nothing
    await expect(makeMethods(absent, general, planRun(absent, general))).rejects.toThrow(/^mme:\/nowhere: the file is not there/); // prettier-ignore
    await expect(opened({ dataset: mme })).rejects.toThrow(/is a benchmark.*under the key benchmarks/);
  });
});

describe("what a run of it comes to", () => {
  it("is a row per method, whose measurements stand in tables and the figure", async () => {
    const given: Experiment = { ...general, methods: (recipe) => general.methods(recipe).slice(0, 2), compare: [["base-think", "base"]] }; // prettier-ignore
    const made = await makeMethods(lab, given, planRun(lab, given));
    expect(made.every(({ keys }) => keys.length === 1)).toBe(true);
    const { tables, results } = await findingsOf(lab, given, made);
    expect([...tables.keys()]).toEqual(["table", "kinds"]);
    const [table, kinds] = [...tables.values()];
    expect(table!.rows.map(({ method }) => method)).toEqual(["Base, direct", "Base, thinking"]);
    expect(kinds!.columns.slice(1).map(({ title }) => title)).toEqual(lab.dataset.questions!.kinds.map(({ title }) => title)); // prettier-ignore
    const all = made[0]!.measurements;
    const names = lab.dataset.questions!.kinds.map(({ name }) => name);
    expect(new Set(all.map(({ setting }) => setting))).toEqual(new Set([GENERAL, ...names.map(kindSetting)]));
    expect(new Set(all.map(({ metric }) => metric))).toEqual(new Set(NEEDS));
    const total = (settings: readonly string[]): number =>
      all.filter(({ setting, split, domain }) => settings.includes(setting) && split === "all" && domain === "items").reduce((sum, { n }) => sum + n, 0); // prettier-ignore
    const drawn = lab.dataset.questions!.draw(lab.profile.evaluation.seed).length;
    expect(total([GENERAL])).toBe(drawn);
    expect(total(names.map(kindSetting))).toBe(drawn);
    const [figure] = general.figures.map(({ draw }) => draw(results));
    expect(figure!.data.filter((trace) => trace["showlegend"] === false)).toHaveLength(3);
  });
});
