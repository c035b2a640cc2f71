import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Dataset } from "../../src/data/dataset";
import { NEEDS } from "../../src/data/questions";
import { GENERAL, kindSetting } from "../../src/eval/questions";
import { general, quickstart } from "../../src/experiments";
import { rowsLeftOut, type Experiment } from "../../src/lab/experiment";
import { findingsOf } from "../../src/lab/findings";
import type { Lab } from "../../src/lab/lab";
import { makeMethods, planRun, requireRows, stagesOf } from "../../src/lab/run";
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
