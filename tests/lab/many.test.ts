import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { defineExperiment, type Experiment, type Recipe } from "../../src/lab/experiment";
import type { Lab } from "../../src/lab/lab";
import { makeMany, planMany, stagesOfMany, tallyOf, type PlannedExperiment } from "../../src/lab/many";
import { sft } from "../../src/lab/recipe";
import { row } from "../../src/lab/rows";
import { stagesOf } from "../../src/lab/run";
import { listFinished } from "../../src/store/store";
import { newHome, removeHome } from "../cli/home";
import { tinyLab } from "./tinyLab";

const home = newHome("many");
let lab: Lab;
beforeAll(async () => {
  lab = await tinyLab(home, {}, ["larger", "clip"]);
});
afterAll(() => {
  removeHome(home);
});

const experiment = (id: string, methods: Experiment["methods"]): Experiment =>
  defineExperiment({ id, title: id, claim: id, methods, ask: ["closed"], metrics: ["accuracy"], compare: [], tables: [], figures: [] }); // prettier-ignore
const siglip = ({ encoder }: Recipe) => row("siglip", "Encoder", encoder);
const clip = ({ models }: Recipe) => row("clip", "Another encoder", models.clip);
const trained = (recipe: Recipe) => {
  const { larger } = recipe.models;
  const options = { ...recipe.profile.sftLabels, examples: "labels" as const };
  return row("sft", "SFT of the larger base", larger && sft(recipe, { ...options, from: larger }, "sft"));
};
const three = [
  experiment("first", siglip),
  experiment("second", (recipe) => [...siglip(recipe), ...clip(recipe), ...trained(recipe)]),
  experiment("third", (recipe) => [...siglip(recipe), ...clip(recipe)]),
];
const plan = (): PlannedExperiment[] => planMany([lab], three, { seeds: [1] });
const idOf = (one: PlannedExperiment): string => one.experiment.id;

async function made(planned = plan()) {
  const done: string[] = [];
  const failed: Record<string, unknown> = {};
  await makeMany(lab, planned, {
    done: (one) => {
      const keys = new Set(listFinished(lab.store).map(({ key }) => key));
      expect(stagesOf(one.plan).every(({ key }) => keys.has(key))).toBe(true); // all of it is there
      done.push(idOf(one));
      if (idOf(one) === "third") throw new Error("no room for its tables");
      return Promise.resolve();
    },
    failed: (one, error) => {
      failed[idOf(one)] = error;
    },
  });
  return { done, failed };
}

/** What the finished stages of a kind took. */
const mean = (kind: string): number => {
  const own = listFinished(lab.store).filter((one) => one.kind === kind);
  return own.reduce((sum, { seconds }) => sum + seconds, 0) / own.length;
};

describe("several experiments as one piece of work", () => {
  it("share their stages: each is counted for the first that needs it", () => {
    const planned = plan();
    // an encoder's answers; SFT of the larger base and its answers; the other encoder's answers
    expect(stagesOfMany(planned)).toHaveLength(1 + 2 + 1);
    const tally = tallyOf(lab.store, planned);
    expect(tally.map(({ stages, there, toMake, seconds }) => [stages, there, toMake.length, seconds])).toEqual([
      [1, 0, 1, undefined], // nothing is known of any kind
      [4, 0, 3, undefined],
      [2, 0, 0, 0],
    ]);
  });

  it("go on where one fails: what needs the failed stage is left, and all else is made and told as it is done", async () => {
    const larger = path.join(home, "larger");
    fs.renameSync(larger, `${larger}-away`);
    const { done, failed } = await made();
    expect(done).toEqual(["first", "third"]);
    expect(Object.keys(failed).sort()).toEqual(["second", "third"]);
    expect(failed).toMatchObject({ second: { name: "LabError" }, third: { message: "no room for its tables" } });
    expect(listFinished(lab.store).map(({ kind }) => kind)).toEqual(["answers", "answers"]);
    fs.renameSync(`${larger}-away`, larger);
  });

  it("make what is left when they are run again, and nothing twice", async () => {
    const before = listFinished(lab.store);
    const { done, failed } = await made();
    expect(done.sort()).toEqual(["first", "second", "third"]);
    expect(Object.keys(failed)).toEqual(["third"]); // its tables still do not fit
    const after = listFinished(lab.store);
    expect(after.slice(0, before.length)).toEqual(before);
    expect(after.slice(before.length).map(({ kind }) => kind)).toEqual(["sft", "answers"]);
  }, 60_000);

  it("expect of a stage the mean of what its kind took", () => {
    const [first, ...others] = listFinished(lab.store).filter(({ kind }) => kind === "answers");
    fs.rmSync(first!.folder, { recursive: true });
    const [one] = tallyOf(lab.store, plan());
    expect(others).toHaveLength(2);
    expect(one?.seconds).toBeCloseTo((others[0]!.seconds + others[1]!.seconds) / 2, 10);
  });

  it("expect everything once more where all is to be made anew, a stage's own time where it is known", () => {
    const [, , third] = tallyOf(lab.store, plan(), { fresh: true });
    const [, again] = tallyOf(lab.store, plan(), { fresh: true });
    expect([again?.there, again?.toMake.length, third?.toMake.length]).toEqual([0, 3, 0]);
    const took = new Map(listFinished(lab.store).map(({ key, seconds }) => [key, seconds]));
    const known = again!.toMake.filter(({ key }) => took.has(key));
    expect(known.length).toBeGreaterThan(1); // the first experiment's answers are gone from the store
    const sum = again!.toMake.reduce((all, { key, kind }) => all + (took.get(key) ?? mean(kind.kind)), 0);
    expect(again!.seconds).toBeCloseTo(sum, 10);
  });

  it("end when they are stopped", async () => {
    const reason = new Error("stopped by hand");
    const stopped = makeMany({ ...lab, signal: AbortSignal.abort(reason) }, plan(), {
      done: () => Promise.resolve(),
      failed: () => expect.unreachable("a stop is no failure"),
    });
    await expect(stopped).rejects.toBe(reason);
  });
});
