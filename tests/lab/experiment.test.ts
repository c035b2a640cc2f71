import { beforeAll, describe, expect, it } from "vitest";
import { silent } from "../../src/core/progress";
import { quickstart } from "../../src/experiments";
import { defineExperiment, seedOf, variant, type Recipe } from "../../src/lab/experiment";
import { keptFindings } from "../../src/lab/findings";
import { labOf, type Lab } from "../../src/lab/lab";
import { loadProfile } from "../../src/lab/profile";
import { planRun } from "../../src/lab/run";
import type { Stage } from "../../src/lab/stage";

let lab: Lab;
beforeAll(async () => {
  lab = await labOf(loadProfile("smoke"), { progress: silent });
});

describe("an experiment", () => {
  it("is refused for an id that can name no folder, and for a metric that there is not", () => {
    expect(() => defineExperiment({ ...quickstart, id: "../x" })).toThrow(/cannot be the name of an experiment/);
    expect(() => defineExperiment({ ...quickstart, metrics: ["acuracy"] })).toThrow(/Did you mean "accuracy"\?/);
  });

  it("is refused for two methods of one name, and for a difference of none", () => {
    const twice = { ...quickstart, methods: (recipe: Recipe) => quickstart.methods(recipe).map((m) => ({ ...m, name: "a" })) }; // prettier-ignore
    expect(() => planRun(lab, twice)).toThrow(/quickstart: has two methods named "a"/);
    const stranger = { ...quickstart, compare: [["tapo", "grpo"]] as const };
    expect(() => planRun(lab, stranger)).toThrow(/compares "grpo", which is no method of it/);
  });

  it("is refused for a table of what it does not measure", () => {
    const kept = { settings: {}, made: [], measurements: [], outcomes: [] };
    const lacking = { ...quickstart, metrics: ["accuracy"] };
    expect(() => keptFindings(lab, lacking, kept)).toThrow(/table of quickstart: has a column of "similarity"/);
  });
});

describe("variant", () => {
  const tapo = () => quickstart.methods(lab.recipe(3)).find(({ name }) => name === "tapo")!;

  it("says what changed, and is the method itself where nothing did", () => {
    expect(variant(tapo(), { objective: { gamma: 0 } })).toMatchObject({ name: "tapo (γ = 0)" });
    const same = tapo();
    expect(variant(same, {})).toBe(same);
  });

  it("refuses a change to nothing, and says of one to the same value that it is none", () => {
    expect(() => variant(tapo(), { n1: undefined })).toThrow(/variant of tapo: n1 is undefined/);
    expect(() => variant(tapo(), { objective: { gamma: undefined } })).toThrow(/gamma is undefined/);
    const { n1, n2 } = lab.profile.rl;
    const same = variant(tapo(), { n1, n2 });
    expect(same).toMatchObject({ name: `tapo (n₁ = ${n1}, n₂ = ${n2}, as it is)`, model: { key: (tapo().model as Stage).key } }); // prettier-ignore
    expect(variant(tapo(), { n1: n1 + 1, n2 }).name).toBe(`tapo (n₁ = ${n1 + 1}, n₂ = ${n2})`);
  });

  it("keeps the seed that the method is trained with", () => {
    expect(seedOf(variant(tapo(), { n1: 2 }), 1)).toBe(3);
    expect(seedOf(quickstart.methods(lab.recipe(3))[0]!, 1)).toBe(1); // given: the profile's
  });
});
