import * as path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { separability } from "../../src/experiments";
import { make } from "../../src/lab/make";
import { taxonomyStage } from "../../src/lab/kinds/knowledge";
import { onePerClass, pairsOf } from "../../src/lab/kinds/states";
import { openDataset } from "../../src/lab/datasets";
import { testItems } from "../../src/lab/kinds/asking";
import { lookAtPairs, lookAtSpecies, optionsStrip } from "../../src/lab/look";
import type { Lab } from "../../src/lab/lab";
import { separability as separabilityOf, states } from "../../src/lab/recipe";
import { cosine } from "../../src/core/vectors";
import { separability as separate } from "../../src/analysis/separability";
import { newHome, removeHome } from "../cli/home";
import { tinyLab } from "./tinyLab";

const home = newHome("look");
let lab: Lab;
beforeAll(async () => {
  lab = { ...(await tinyLab(home)), store: path.join(home, "store") };
});
afterAll(() => {
  removeHome(home);
});

const base = () => separability.methods(lab.recipe(1))[0]!;

it("lookAtPairs has the states that the separability of a model is measured on", async () => {
  const pairs = pairsOf(lab.dataset, lab.profile.seed);
  expect(pairs).toHaveLength(2 * onePerClass(testItems(lab.dataset)).length);
  const layers = await lookAtPairs(lab, base(), pairs);
  const { result } = await make(lab, separabilityOf(lab.recipe(1), lab.recipe(1).base));
  expect(layers).toHaveLength(1 + result.layers.length);
  const { points, accuracy } = separate(pairs, layers.at(-1)!, lab.profile.seed);
  expect({ points, accuracy }).toEqual({ points: result.points, accuracy: result.accuracy });
});

it("lookAtSpecies has the species that Δ is measured on, genus by genus", async () => {
  const recipe = lab.recipe(1);
  const own = states(recipe, recipe.base);
  const taxonomy = taxonomyStage.stage({ states: own, against: undefined, dataset: recipe.dataset, seed: 1 });
  const [{ domain, targets } = { domain: "", targets: [] }] = (await make(lab, taxonomy)).result.domains;
  const species = await lookAtSpecies(lab, base(), domain);
  const stateOf = (id: string) => species.find((one) => one.id === id)!.state;
  for (const { target, relative, same } of targets)
    expect(cosine(stateOf(target), stateOf(relative))).toBeCloseTo(same, 12);
  const genera = species.map(({ genus }) => genus);
  expect(genera.filter((genus, i) => i > 0 && genus !== genera[i - 1])).toHaveLength(new Set(genera).size - 1);
});

it("shows a closed question: its picture, then one of each candidate's class, the right one first", async () => {
  const dataset = await openDataset("miniworld:smoke");
  for (const split of ["seen", "unseen"] as const) {
    const [item] = dataset.test(split);
    if (item === undefined) throw new Error(`no test question about a class that is ${split}`);
    const [asked, ...candidates] = await optionsStrip(dataset, item);
    expect(asked).toEqual({ image: await item.image.load(), heading: "which is it?" });
    const named = candidates.map(({ caption }) => item.options.findIndex((name) => caption?.startsWith(`${name}:`)));
    expect(named).toEqual(item.options.map((_, i) => i));
    expect(candidates.map(({ heading }) => heading?.endsWith(", right"))).toEqual([true, false, false, false]);
    // a class of the smoke world that is not trained on has one picture, which is asked about
    const isItself = candidates[0]?.image === asked?.image;
    expect(isItself).toBe(split === "unseen");
  }
});
