import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { silent } from "../../src/core/progress";
import { EXPERIMENTS } from "../../src/experiments";
import { givenDataset } from "../../src/lab/given";
import { labOf, type Lab } from "../../src/lab/lab";
import { planMany, recordSeeds, stagesOfMany } from "../../src/lab/many";
import { loadProfile } from "../../src/lab/profile";
import { planRun, stagesOf } from "../../src/lab/run";
import { newHome, removeHome } from "../cli/home";
import { tinyLab } from "../lab/tinyLab";

const home = newHome("plans");
let labs: ReadonlyMap<string, Lab>;
beforeAll(async () => {
  const tiny = await tinyLab(home, {}, ["larger", "qwen2", "clip"]);
  // mini as it is, with the tiny base in the place of its own: nothing is asked of a base when a plan is described
  const mini = { ...loadProfile("mini"), models: tiny.profile.models };
  const dataset = await givenDataset(mini.dataset);
  const recipe: Lab["recipe"] = (seed) => ({ ...tiny.recipe(seed), dataset, profile: mini });
  labs = new Map([
    ["smoke", await labOf(loadProfile("smoke"), { progress: silent, store: path.join(home, "store") })],
    ["mini", { ...tiny, profile: mini, recipe }],
  ]);
});
afterAll(() => {
  removeHome(home);
});

describe.each(["smoke", "mini"])("in the profile %s", (name) => {
  it.each(EXPERIMENTS)("$id can be described, with a row at least", (experiment) => {
    const plan = planRun(labs.get(name)!, experiment, { only: "all" });
    expect(plan.length).toBeGreaterThan(0);
  });

  it("all experiments together make each stage once, after those that it needs", () => {
    const planned = planMany([labs.get(name)!], EXPERIMENTS, { only: "all" });
    const keys = stagesOfMany(planned).map(({ key }) => key);
    const each = planned.flatMap(({ plan }) => stagesOf(plan).map(({ key }) => key));
    expect([...keys].sort()).toEqual([...new Set(each)].sort());
    expect(each.length).toBeGreaterThan(1.5 * keys.length); // they share bases, CoT SFT and TAPO
    stagesOfMany(planned).forEach(({ needs }, place) => {
      for (const { key } of needs) expect(keys.indexOf(key)).toBeLessThan(place);
    });
  });

  it("every record has its own number of seeds, from the profile's on", () => {
    for (const { experiment, seeds, plan } of planMany([labs.get(name)!], EXPERIMENTS, { only: "all" })) {
      expect(seeds).toEqual(recordSeeds(experiment, { seed: 1 }));
      const trained = plan.filter(({ method }) => !("given" in method.model));
      expect([...new Set(trained.map(({ seed }) => seed))]).toEqual(seeds);
    }
    expect(recordSeeds({}, { seed: 4 })).toEqual([4, 5, 6]);
  });
});
