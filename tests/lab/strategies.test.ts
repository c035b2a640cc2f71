import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encoderTemplates } from "../../src/data/prompts";
import { readAnswers } from "../../src/eval/answers";
import { drawDemonstrations } from "../../src/eval/strategies";
import { variant, type Method } from "../../src/lab/experiment";
import { ANSWERS, answersStage, testItems } from "../../src/lab/kinds/asking";
import type { Lab } from "../../src/lab/lab";
import { make } from "../../src/lab/make";
import { labelSft } from "../../src/lab/recipe";
import { planMethod } from "../../src/lab/run";
import { withInputs, type Given } from "../../src/lab/stage";
import { quickstart } from "../../src/experiments";
import { newHome, removeHome } from "../cli/home";
import { tinyLab } from "./tinyLab";

const home = newHome("strategies");
let lab: Lab;
beforeAll(async () => {
  lab = await tinyLab(home);
});
afterAll(() => {
  removeHome(home);
});

const given = (kind: Given["given"]): Given => ({ given: kind, fingerprint: `${kind} 1`, at: "here" });
const HOW = { setting: "closed", promptSet: "mini", optionOrder: "shuffled", seed: 42, batchSize: 8 } as const;
const asked = { dataset: given("dataset"), ...HOW, thinking: false, maxNewTokens: 12 } as const;
const ofModel = { model: given("checkpoint"), ...asked };
const ofEncoder = { model: given("encoder"), ...asked };
const templates = encoderTemplates("mini");

describe("the key of answers", () => {
  it("without a strategy is what it was before there were any", () => {
    // recorded with the code of version 2 before: answersStage.stage({ model, dataset, … }).key with these very inputs
    expect(answersStage.version).toBe(2);
    expect(answersStage.stage(ofModel).key).toBe("2fe3c8e12322660048a066fdf88713203cd9b6d819db8856371b06d916a0db32");
    expect(answersStage.stage(ofEncoder).key).toBe("6945d0e8573b8b46f80b8feec7e110b8ec902aa8913371b29337762b77f24c07");
    const left = answersStage.stage({ ...ofModel, strategy: undefined });
    expect(left.key).toBe(answersStage.stage(ofModel).key);
    expect(Object.keys(left.inputs)).not.toContain("strategy");
  });

  it("is another one for each strategy", () => {
    const paper = { ...ofModel, promptSet: "paper", thinking: true } as const;
    const stages = [
      ...[ofModel, { ...ofModel, strategy: "inContext" as const }],
      ...[paper, { ...paper, strategy: "stepByStep" as const }],
      ...(["own", "lookalike"] as const).map((analysis) => ({ ...paper, strategy: { analysis } })),
      ...[ofEncoder, { ...ofEncoder, strategy: { templates } }, { ...ofEncoder, strategy: { templates: ["{class}"] } }],
    ].map((inputs) => answersStage.stage(inputs).key);
    expect(new Set(stages).size).toBe(9);
  });
});

describe("a strategy that is none for what is asked", () => {
  it.each([
    ["templates of a model", { ...ofModel, strategy: { templates } }, /key strategy: templates are for encoders/],
    ["demonstrations of an encoder", { ...ofEncoder, strategy: "inContext" }, /an encoder has templates/],
    ["an open question", { ...ofModel, setting: "open", strategy: "inContext" }, /needs candidates/],
    ["no thinking", { ...ofModel, promptSet: "paper", strategy: "stepByStep" }, /thinking must be true/],
    ["no sentence", { ...ofModel, thinking: true, strategy: "stepByStep" }, /the wording mini has no sentence/],
    ["an analysis without a chain", { ...ofModel, strategy: { analysis: "own" } }, /thinking must be true/],
    ["an analysis of an encoder", { ...ofEncoder, strategy: { analysis: "own" } }, /an encoder has templates/],
    ["no class", { ...ofEncoder, strategy: { templates: ["a photo"] } }, /key strategy/],
  ] as const)("is refused before anything is made: %s", (_, inputs, message) => {
    expect(() => answersStage.stage(inputs)).toThrow(message);
  });
});

describe("a method's strategy", () => {
  it("is asked where it can be: in context in the closed world alone, and an ablation keeps it", () => {
    const model = labelSft(lab.recipe(1));
    const method: Method = { name: "a", title: "A", model, thinking: false, strategy: "inContext" };
    for (const one of [method, variant(method, { epochs: 1 })]) {
      const { asked: stages } = planMethod(lab, quickstart, one, 1); // asks closed and open
      expect(stages.map(({ setting, answers }) => [setting, answers.inputs["strategy"]])).toEqual([
        ["closed", "inContext"],
      ]);
    }
    const plain = planMethod(lab, quickstart, { ...method, strategy: undefined }, 1);
    expect(plain.asked.map(({ answers }) => "strategy" in answers.inputs)).toEqual([false, false]);
  });
});

describe("stages of a tiny model", () => {
  it("show training pictures of the candidates that are seen classes, and keep as many answers as questions", async () => {
    const { base, dataset } = lab.recipe(1);
    const plain = answersStage.stage({ model: base, ...asked, dataset });
    const strategic = withInputs(plain, { strategy: "inContext" });
    const made = await make(lab, strategic);
    const file = path.join(made.folder, ANSWERS);
    const items = testItems(lab.dataset);
    const answers = readAnswers(file);
    expect(answers.map(({ id }) => id)).toEqual(items.map(({ id }) => id));
    expect(fs.readFileSync(file, "utf8").split("\n")[0]).toContain(`"demonstrations":${lab.dataset.train.length}`);
    // what could be shown: every seen candidate, and no unseen one
    const seen = new Set(lab.dataset.subCategories.filter((c) => c.seen).map(({ id }) => id));
    const counts = items.map((item, i) => {
      const shown = answers[i]!.options!;
      const drawn = drawDemonstrations(item, shown, lab.dataset.train, HOW.seed);
      const wanted = shown.filter((name) => seen.has(`${item.image.subCategory.superCategory}/${name}`));
      expect(drawn.map(({ subCategory }) => subCategory.name)).toEqual(wanted);
      return drawn.length;
    });
    expect(new Set(counts).size).toBeGreaterThan(1);
  });

  it("go on from an analysis that is written for them, and keep the whole as their answer", async () => {
    const { base, dataset } = lab.recipe(1);
    const plain = answersStage.stage({ model: base, ...asked, dataset, setting: "open", thinking: true });
    const items = testItems(lab.dataset);
    const { describe: shows, lookalikes } = lab.dataset;
    for (const analysis of ["own", "lookalike"] as const) {
      const made = await make(lab, withInputs(plain, { strategy: { analysis } }));
      const answers = readAnswers(path.join(made.folder, ANSWERS));
      answers.forEach(({ output, tokens }, i) => {
        const [own, other] = lookalikes!(items[i]!.image.subCategory);
        const begun = `<think> analysis ${shows!(analysis === "own" ? own! : other!)}`;
        expect(output.startsWith(`${begun} `) || output === begun).toBe(true);
        expect(tokens).toBeLessThanOrEqual(asked.maxNewTokens); // what was written for it does not count
      });
    }
  });

  it("are asked in another order of the options where a method says so", () => {
    const { base } = lab.recipe(1);
    const method: Method = { name: "a", title: "A", model: base, thinking: false };
    const orderOf = (one: Method): unknown =>
      planMethod(lab, quickstart, one, 1).asked[0]!.answers.inputs["optionOrder"];
    expect(orderOf(method)).toBe(lab.profile.evaluation.optionOrder);
    expect(orderOf({ ...method, asking: { optionOrder: "released" } })).toBe("released");
    const trained = { ...method, model: labelSft(lab.recipe(1)), asking: { optionOrder: "released" } } as const;
    expect(orderOf(variant(trained, { epochs: 1 }))).toBe("released");
  });

  it("let an encoder choose by several templates", async () => {
    const { encoder, dataset } = lab.recipe(1);
    const one = answersStage.stage({ model: encoder, ...asked, dataset });
    const chosen = async (stage: typeof one): Promise<string[]> =>
      readAnswers(path.join((await make(lab, stage)).folder, ANSWERS)).map(({ output }) => output);
    const first = { templates: templates.slice(0, 1) };
    expect(await chosen(withInputs(one, { strategy: first }))).toEqual(await chosen(one));
    expect(await chosen(withInputs(one, { strategy: { templates } }))).not.toEqual(await chosen(one));
  });
});
