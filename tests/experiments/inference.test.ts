import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encoderTemplates } from "../../src/data/prompts";
import { experimentNamed, inference, quickstart } from "../../src/experiments";
import type { Lab } from "../../src/lab/lab";
import { planRun, stagesOf, type PlannedMethod } from "../../src/lab/run";
import { newHome, removeHome } from "../cli/home";
import { tinyLab } from "../lab/tinyLab";

const home = newHome("inference");
let lab: Lab;
beforeAll(async () => {
  lab = await tinyLab(home);
});
afterAll(() => {
  removeHome(home);
});

const named = (plan: readonly PlannedMethod[]): string[] => plan.map(({ method }) => method.name);
const inputsOf = (plan: readonly PlannedMethod[], name: string) =>
  plan.find(({ method }) => method.name === name)!.asked[0]!.answers.inputs;

describe("the plan of Fig. 3b", () => {
  it("has a row for each strategy, asked in the closed world alone", () => {
    expect(experimentNamed("inference")).toBe(inference);
    const plan = planRun(lab, inference);
    expect(named(plan)).toEqual(["base", "base-think", "base-in-context", "clip", "clip-ensemble", "siglip", "siglip-ensemble", "tapo"]); // prettier-ignore
    for (const { asked } of plan) expect(asked.map(({ setting }) => setting)).toEqual(["closed"]);
    const { base, encoder, models } = lab.recipe(1);
    expect(inputsOf(plan, "base-in-context")).toMatchObject({ model: base, thinking: false, strategy: "inContext" });
    expect(inputsOf(plan, "siglip-ensemble")).toMatchObject({
      model: encoder,
      strategy: { templates: encoderTemplates("mini") },
    });
    expect(inputsOf(plan, "clip-ensemble")).toMatchObject({ ...inputsOf(plan, "siglip-ensemble"), model: models.clip });
    for (const name of ["base", "base-think", "clip", "siglip", "tapo"])
      expect(inputsOf(plan, name)).not.toHaveProperty("strategy");
    // eight answers; Fine-R1: chains, CoT SFT, triplets, TAPO
    expect(stagesOf(plan)).toHaveLength(8 + 4);
  });

  it("takes from the store what the quickstart made", () => {
    const keys = new Set(stagesOf(planRun(lab, quickstart, { only: "all" })).map(({ key }) => key));
    const own = stagesOf(planRun(lab, inference)).filter(({ key }) => !keys.has(key));
    expect(own.map(({ label }) => label)).toEqual(["base-in-context, closed", "clip, closed", "clip-ensemble, closed", "siglip-ensemble, closed"]); // prettier-ignore
  });

  it("has a zero-shot CoT prompt where the wording has one", () => {
    const { profile } = lab;
    const paper: Lab = {
      ...lab,
      profile: { ...profile, promptSet: "paper" },
      recipe: (seed) => ({ ...lab.recipe(seed), profile: { ...profile, promptSet: "paper" } }),
    };
    const plan = planRun(paper, inference);
    expect(named(plan)).toContain("base-step-by-step");
    const maxNewTokens = profile.evaluation.maxNewTokensThinking;
    expect(inputsOf(plan, "base-step-by-step")).toMatchObject({ strategy: "stepByStep", thinking: true, maxNewTokens });
  });
});
