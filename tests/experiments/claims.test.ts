import { afterAll, beforeAll, expect, it } from "vitest";
import { EXPERIMENTS } from "../../src/experiments";
import { CLAIMS, claimsOf } from "../../src/experiments/claims";
import type { Lab } from "../../src/lab/lab";
import { newHome, removeHome } from "../cli/home";
import { tinyLab } from "../lab/tinyLab";

const home = newHome("claims");
let lab: Lab;
beforeAll(async () => {
  lab = await tinyLab(home, {}, ["larger", "qwen2", "clip"]);
});
afterAll(() => {
  removeHome(home);
});

it("claims have names of their own, and say where the paper makes them", () => {
  const ids = CLAIMS.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(CLAIMS.length).toBeGreaterThanOrEqual(15);
  for (const { where, differences } of CLAIMS) {
    expect(where).toMatch(/§|Appendix|Abstract/);
    expect(differences.length).toBeGreaterThan(0);
  }
});

it("each difference is written so that the paper's own number speaks for the claim", () => {
  for (const { id, expects, differences } of CLAIMS)
    for (const { paper } of differences) {
      if (paper === undefined) continue;
      if (expects === undefined) expect(paper, id).toBeGreaterThan(0);
      else if ("within" in expects) expect(Math.abs(paper), id).toBeLessThan(expects.within);
      else expect(paper, id).toBeGreaterThan(-expects.notBelow);
    }
});

it("has the paper's numbers, as its text states them", () => {
  const papers = (id: string) => CLAIMS.find((claim) => claim.id === id)!.differences.map(({ paper }) => paper);
  expect(papers("closed-over-base")).toEqual([0.1154, 0.0947]); // 88.97 − 77.43, 81.41 − 71.94
  expect(papers("closed-larger")).toEqual([0.0851, 0.0427]); // §1: +8.51 over Qwen2.5-VL-7B, +4.27 over SigLIP-L
  expect(papers("sft-overfits")).toEqual([0.0398, 0.0612]); // §5.3: +3.98, −6.12
  expect(papers("two-stages-best")).toEqual([0.0756, 0.1559, 0.1028, 0.1005]); // §5.3: +7.56; §1: +15.59, +10.28, +10.05
  expect(papers("in-context")).toEqual([0.179]); // §5.3: 17.90
  expect([...papers("cot-sft-helps"), ...papers("dapo-helps")]).toEqual([0.133, 0.016]); // §5.3: 13.30, 1.60
  expect(papers("recognition-first")).toEqual([0.036, undefined]); // §1: +3.60; it says nothing of a base that thinks
  // which may decide: then the scorecard shows no number of the paper's, and the note has it
  expect(CLAIMS.find(({ id }) => id === "recognition-first")?.note).toContain("at once, 3.60 points behind");
});

it("an experiment carries its claims, measures what they are about, and has the rows that they name", () => {
  for (const experiment of EXPERIMENTS) {
    const { id, claims = [], metrics, ask } = experiment;
    expect(claims, id).toEqual(claimsOf(id));
    const names = experiment.methods(lab.recipe(1)).map(({ name }) => name);
    for (const { a: first, orElse, b, setting, metric } of claims.flatMap(({ differences }) => differences)) {
      const a = names.includes(first) ? first : (orElse?.a ?? first);
      expect(names, id).toEqual(expect.arrayContaining([a, b]));
      if (setting !== "open" && setting !== "closed") continue; // what is measured by an analysis
      expect([ask, metrics], id).toEqual([expect.arrayContaining([setting]), expect.arrayContaining([metric])]);
    }
  }
});
