import * as fs from "node:fs";
import * as path from "node:path";
import { expect, it } from "vitest";
import { silent } from "../../src/core/progress";
import { trainingMethods } from "../../src/experiments/trainingMethods";
import { labOf } from "../../src/lab/lab";
import { loadProfile } from "../../src/lab/profile";
import { planRun } from "../../src/lab/run";

/** The source files that mention a text. */
function filesWith(text: string): string[] {
  const names = fs.readdirSync("src", { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
  return names.filter((name) => fs.readFileSync(path.join("src", name), "utf8").includes(text)).sort();
}

it("two baselines from another paper are one file of experiments, and a line in the index", () => {
  const own = ["experiments/claims.ts", "experiments/trainingMethods.ts"]; // and what the paper claims of them
  for (const name of ["cls-rl", "no-thinking-rl"]) expect(filesWith(`"${name}"`)).toEqual(own);
  expect(filesWith("./trainingMethods")).toEqual(["experiments/index.ts"]);
});

it("they train from the base as their paper says", async () => {
  const lab = await labOf(loadProfile("smoke"), { progress: silent });
  const plan = planRun(lab, trainingMethods, { only: ["cls-rl", "no-thinking-rl"] });
  const { base } = lab.recipe(1);
  const inputs = plan.map(({ training }) => training?.inputs ?? {});
  expect(inputs[0]).toMatchObject({ from: base, thinking: true, formatWeight: 0.1, n1: 6, n2: 0 });
  expect(inputs[1]).toMatchObject({ from: base, thinking: false, formatWeight: 0, n1: 6, n2: 0 });
  // GRPO: no extra terms, a KL to the reference, means over each answer first
  for (const { objective } of inputs)
    expect(objective).toMatchObject({ gamma: 0, eta1: 0, referenceKl: 0.04, tokenMean: "sequence" });
});
