import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { cases, quickstart } from "../../src/experiments";
import { readJson } from "../../src/core/files";
import type { Experiment } from "../../src/lab/experiment";
import type { Lab } from "../../src/lab/lab";
import { lookAtAnswers, lookAtCases } from "../../src/lab/look";
import { beginRun, publish } from "../../src/lab/publish";
import { makeMethods, planRun, stagesOf } from "../../src/lab/run";
import { newHome, removeHome } from "../cli/home";
import { tinyLab } from "../lab/tinyLab";

/** Random weights find no end: what they say is cut soon. */
const SHORT = { "evaluation.maxNewTokensThinking": 4, "evaluation.maxNewTokensDirect": 4, "evaluation.batchSize": 64 };
const home = newHome("cases");
let lab: Lab;
beforeAll(async () => {
  vi.stubEnv("FINE_R1_RUNS", path.join(home, "runs"));
  vi.stubEnv("FINE_R1_RESULTS", path.join(home, "results"));
  lab = await tinyLab(home, SHORT);
});
afterAll(() => {
  vi.unstubAllEnvs();
  removeHome(home);
});

it("the plan of Fig. 6 asks base and Fine-R1 what the quickstart asks them, and counts what becomes of the answers", () => {
  const known = new Set(stagesOf(planRun(lab, quickstart, { only: "all" })).map(({ key }) => key));
  const plan = planRun(lab, cases);
  const own = stagesOf(plan).filter(({ key }) => !known.has(key));
  expect(own.map(({ kind }) => kind.kind)).toEqual(["changes"]);
  const [base, fine] = plan;
  expect([base!.analysed.length, fine!.analysed.length]).toEqual([0, 1]);
  expect(own[0]!.needs.map(({ key }) => key)).toEqual([base, fine].map((one) => one!.asked[0]!.answers.key));
});

describe("a run of it", () => {
  /** The base asked at once in Fine-R1's place, which needs no training. */
  const given = (): Experiment => ({
    ...cases,
    methods: (recipe) => {
      const [base, fine] = cases.methods(recipe);
      return [base!, { ...fine!, model: recipe.base, thinking: false }];
    },
  });
  const pageSchema = z.object({ models: z.array(z.string()), counts: z.record(z.string(), z.number()), cases: z.array(z.object({ change: z.string() })) }); // prettier-ignore

  it("writes pages with their pictures inside, what they show as JSON, and the counts as a table", async () => {
    const experiment = given();
    const made = await makeMethods(lab, experiment, planRun(lab, experiment));
    const run = beginRun(lab, experiment, [lab.profile.seed]);
    const { files, folder, tables } = await publish(lab, experiment, made, run);
    const names = files.map((file) => path.basename(file));
    for (const name of ["cases.html", "cases.json", "concepts.html", "concepts.json", "table.csv", "run.json"])
      expect(names).toContain(name);
    const unseen = lab.dataset.test("unseen").length;
    const { counts, models, cases: shown } = pageSchema.parse(readJson(path.join(folder, "cases.json")));
    expect(models).toEqual(["Base, thinking", "Fine-R1 (CoT SFT + TAPO)"]);
    expect(Object.values(counts).reduce((sum, count) => sum + count, 0)).toBe(unseen);
    const [row] = tables.get("table")!.rows;
    for (const [change, count] of Object.entries(counts))
      expect(row![`changes_${change.replace(" ", "_")}_items_unseen`], change).toBe(count);
    const page = fs.readFileSync(path.join(folder, "cases.html"), "utf8");
    expect(page.match(/<img src="data:image\/png/gu)).toHaveLength(shown.length);
    for (const name of ["cases.html", "concepts.html"]) {
      const text = fs.readFileSync(path.join(folder, name), "utf8");
      expect(text).not.toMatch(/<script|https?:\/\//u); // opens offline, and runs nothing
      expect(text).toContain("default-src 'none'");
    }
    const concepts = z.array(z.object({ pictures: z.array(z.unknown()) })).parse(readJson(path.join(folder, "concepts.json"))); // prettier-ignore
    expect(concepts.map(({ pictures }) => pictures.length)).toEqual([4, 4]); // birds and cars, four shots

    const looked = await lookAtCases(lab, made);
    expect(looked.counts).toEqual(counts);
    expect(await lookAtAnswers(lab, made)).toEqual(looked.cases[0]);
    await expect(lookAtCases(lab, made, { setting: "closed" })).rejects.toThrow(/was not asked in the closed setting/);
  });

  it("has no page of cases where only one of the two was made", async () => {
    const experiment = given();
    const made = await makeMethods(lab, experiment, planRun(lab, experiment, { only: ["base-think"] }));
    const run = beginRun(lab, experiment, [lab.profile.seed]);
    const { files } = await publish(lab, experiment, made, run);
    expect(files.map((file) => path.basename(file))).not.toContain("cases.html");
  });
});
