import { expect, it } from "vitest";
import { silent } from "../../src/core/progress";
import { closedWorld } from "../../src/experiments/closedWorld";
import { trainingMethods } from "../../src/experiments/trainingMethods";
import { keptFindings } from "../../src/lab/findings";
import { labOf } from "../../src/lab/lab";
import { loadProfile } from "../../src/lab/profile";
import { planRun, stagesOf } from "../../src/lab/run";

/** What experiments take from papers: baselines of another one, and printed averages beside our own. */

it("two baselines of another paper train from the base as that says, and need no stage 1", async () => {
  const lab = await labOf(loadProfile("smoke"), { progress: silent });
  const plan = planRun(lab, trainingMethods, { only: ["cls-rl", "no-thinking-rl"] });
  const kinds = plan.map((planned) => stagesOf([planned]).map(({ kind }) => kind.kind));
  expect(kinds[0]).toEqual(["triplets", "rl", "answers", "answers", "similarity"]);
  expect(kinds[1]).toEqual(kinds[0]);
  const { base } = lab.recipe(1);
  const inputs = plan.map(({ training }) => training?.inputs ?? {});
  expect(inputs[0]).toMatchObject({ from: base, thinking: true, formatWeight: 0.1, n1: 6, n2: 0 });
  expect(inputs[1]).toMatchObject({ from: base, thinking: false, formatWeight: 0, n1: 6, n2: 0 });
  // GRPO: no extra terms, a KL to the reference, means over each answer first
  for (const { objective } of inputs)
    expect(objective).toMatchObject({ gamma: 0, eta1: 0, referenceKl: 0.04, tokenMean: "sequence" });
});

it("the paper's averages stand beside the experiment's own table, and not again beside that of domains", async () => {
  const lab = await labOf(loadProfile("smoke"), { progress: silent });
  const of = { method: "base", seed: 1, dataset: lab.dataset.name, setting: "closed", metric: "accuracy", n: 10 };
  const measurements = ["mean", "bird", "car"].flatMap((domain) =>
    (["seen", "unseen", "all"] as const).map((split) => ({ ...of, domain, split, value: 0.5, low: 0.4, high: 0.6 })),
  );
  const made = [{ method: "base", seed: 1, at: "", processor: "", numerics: "", keys: [], given: true as const }];
  const { tables } = keptFindings(lab, closedWorld, { settings: {}, made, measurements, outcomes: [] });
  const groups = (name: string) => new Set(tables.get(name)?.columns.map(({ group }) => group));
  expect(groups("table")).toContain("Paper (real pictures)");
  expect(groups("domains")).toEqual(new Set([undefined, "Seen classes", "Unseen classes"]));
});
