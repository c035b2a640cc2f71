import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { readJson } from "../../src/core/files";
import { silent } from "../../src/core/progress";
import { NEGATIVES } from "../../src/data/negatives";
import { openDataset } from "../../src/lab/datasets";
import type { Recipe } from "../../src/lab/experiment";
import { givenCheckpoint, givenDataset } from "../../src/lab/given";
import { readTriplets, tripletStage } from "../../src/lab/kinds/data";
import { make } from "../../src/lab/make";
import { loadProfile } from "../../src/lab/profile";
import { labelSft, matched, objective, rl, shares, sized, triplets } from "../../src/lab/recipe";
import { withInputs, type Given, type LabContext } from "../../src/lab/stage";
import { miniConfig } from "../../src/miniworld/base/architecture";
import { QwenModel } from "../../src/model/qwen/model";
import { writeWordTokenizer } from "../../src/model/qwen/tokenizerWords";
import { TINY_SIZES } from "../../src/verify/numerics/tinySteps";
import { newHome, removeHome, withoutSeconds } from "../cli/home";
import { smokeWorld } from "../miniworld/worlds";

/** A random model of 20,000 parameters that knows the smoke world's words; no encoder, which none of these asks. */
const home = newHome("shares");
const context: LabContext = { progress: silent, store: path.join(home, "store") };
const encoder: Given = { given: "encoder", fingerprint: "none", at: path.join(home, "nowhere") };
let recipe: Recipe;
beforeAll(async () => {
  const folder = path.join(home, "base");
  const words = writeWordTokenizer(folder, smokeWorld.vocabulary());
  const model = QwenModel.initialise(miniConfig(TINY_SIZES, words), 5, folder);
  await model.save(folder);
  model.dispose();
  const dataset = await givenDataset("miniworld:smoke");
  recipe = {
    dataset,
    base: givenCheckpoint(folder),
    encoder,
    similarity: encoder,
    models: {},
    profile: loadProfile("smoke"),
    seed: 1,
  };
});
afterAll(() => {
  removeHome(home);
});

describe("a stage of triplets", () => {
  it("with mined negatives has the key that it had before there were others", () => {
    // tests/lab/golden-stages.json of version 0.1 has it, for the smoke profile's world and encoder of then
    const given = {
      dataset: { given: "dataset", fingerprint: "7f0101466c84f24c", at: "miniworld:smoke" },
      encoder: {
        given: "encoder",
        fingerprint: "f8582ae9d7fc0cf4966d4c0ddbd89246b7bf28911b408fae0fe0c01d422d1c6d",
        at: "",
      },
      seed: 1,
    } as const;
    expect(tripletStage.stage(given).key.slice(0, 10)).toBe("27cb570fed");
    expect(tripletStage.stage({ ...given, negatives: "hard" }).key.slice(0, 10)).toBe("27cb570fed");
  });

  it("has a key of its own for each choice, of which an encoder that is not asked is no part", () => {
    const other = { ...recipe, encoder: { ...encoder, fingerprint: "another" } };
    const keys = NEGATIVES.map((negatives) => triplets(recipe, negatives).key);
    expect(new Set(keys).size).toBe(NEGATIVES.length);
    const same = NEGATIVES.filter((negatives, i) => triplets(other, negatives).key === keys[i]);
    expect(same).toEqual(NEGATIVES.filter((negatives) => negatives !== "hard"));
    const masked = triplets(recipe, "masked");
    expect(withInputs(triplets(recipe), { negatives: "masked" }).key).toBe(masked.key);
    expect(withInputs(masked, { maskedShare: 0.6 }).key).toBe(masked.key);
    expect(withInputs(masked, { maskedShare: 0.9 }).key).not.toBe(masked.key);
  });

  it("is refused without the encoder that it needs, or with a share of no mask", () => {
    const { dataset } = recipe;
    expect(() => tripletStage.stage({ dataset, seed: 1 })).toThrow(/key encoder: hard negatives are mined by one/);
    expect(() => tripletStage.stage({ dataset, encoder, maskedShare: 0.5, seed: 1 })).toThrow(
      /key maskedShare: only masked/,
    );
    expect(() => tripletStage.stage({ dataset, negatives: "same", maskedShare: 0.5, seed: 1 })).toThrow(
      /key maskedShare/,
    );
  });

  it("gives each choice's negatives again as they were drawn", async () => {
    const world = await openDataset("miniworld:smoke");
    for (const negatives of ["hardest", "random", "same", "masked"] as const) {
      const { folder, result } = await make(context, triplets(recipe, negatives));
      const read = readTriplets(world, folder);
      expect(result).toEqual({ triplets: world.train.length });
      expect(read.map(({ anchor }) => anchor)).toEqual(world.train);
      const related = read.map(({ anchor, negative }) => {
        if (negative.id === anchor.id) return "masked";
        return negative.subCategory.id === anchor.subCategory.id ? "same" : "other";
      });
      expect(new Set(related)).toEqual(new Set([negatives === "same" || negatives === "masked" ? negatives : "other"]));
    }
    const { folder } = await make(context, triplets(recipe, "masked"));
    const [first] = z
      .array(z.tuple([z.string(), z.string(), z.unknown()]))
      .parse(readJson(path.join(folder, "triplets.json")));
    expect(first![2]).toMatchObject({ masked: first![0], share: 0.6 });
    const [one, again] = [readTriplets(world, folder)[0]!, readTriplets(world, folder)[0]!];
    expect(await one.negative.load()).toEqual(await again.negative.load());
    expect(await one.negative.load()).not.toEqual(await one.anchor.load());
  });
});

describe("a training whose γ is a size", () => {
  it("is the one that has the weight of that size where it begins", async () => {
    const start = withInputs(labelSft(recipe), { epochs: 30, learningRate: 1e-2 });
    const changes = { triplets: triplets(recipe, "random"), thinking: false, maxNewTokens: 12, epochs: 0.2 };
    const trained = rl(recipe, start, sized(recipe, start, changes, 0.5), "sized");
    const measured = await make(context, shares(recipe, start, changes));
    const of = ({ term, klEstimator, negativeGradient }: (typeof measured.result.terms)[number]): boolean =>
      term === "klNegative" && klEstimator === "released" && negativeGradient === false;
    const gamma = 0.5 / measured.result.terms.find(of)!.perWeight;
    const byHand = rl(recipe, start, { ...changes, ...objective(recipe.profile.rl, { gamma }) }, "by hand");
    const [one, other] = [await make(context, trained), await make(context, byHand)];
    expect(withoutSeconds(JSON.stringify(one.result))).toEqual(withoutSeconds(JSON.stringify(other.result)));
    const weightsIn = (folder: string): Buffer => fs.readFileSync(path.join(folder, "model", "model.safetensors"));
    expect(weightsIn(one.folder).equals(weightsIn(other.folder))).toBe(true);
    expect(one.folder).not.toBe(other.folder);
  });

  it("has the profile's weights where it has matched ones, which no other row takes", () => {
    const weights = { gamma: 0.2, eta1: 0.01, eta2: 0.02 };
    const own = { ...recipe, profile: loadProfile("smoke", { matched: weights }) };
    const start = labelSft(recipe);
    const { inputs } = rl(own, start, matched(own, start), "matched");
    expect(inputs).toMatchObject({ objective: weights });
    expect(Object.keys(inputs)).not.toContain("sizedBy");
    expect(rl(own, start, {}, "tapo").key).toBe(rl(recipe, start, {}, "tapo").key);
    expect(rl(recipe, start, matched(recipe, start), "matched").inputs).toMatchObject({
      objective: { gamma: 1 },
      sizedBy: { stage: "shares", key: shares(recipe, start).key },
    });
  });
});

describe("a stage of shares", () => {
  it("tells each term's share where a training would begin, from that training's inputs", async () => {
    // names alone, until it says some name for every picture, and now and then the right one
    const start = withInputs(labelSft(recipe), { epochs: 30, learningRate: 1e-2 });
    const changes = { triplets: triplets(recipe, "masked"), thinking: false, maxNewTokens: 12 };
    const stage = shares(recipe, start, changes);
    expect(stage.inputs).toEqual(rl(recipe, start, changes, "rl").inputs);
    const { result, seconds } = await make(context, stage);
    const { objective, n1, n2 } = recipe.profile.rl;
    expect(result.rollouts).toBe(result.groups * (n1 + n2));
    expect(result.terms.map(({ term, weight }) => [term, weight])).toEqual([
      ["policy", 1],
      ["entropy", objective.eta1],
      ...Array.from({ length: 4 }, () => ["klNegative", objective.gamma]),
      ["entropyNegative", objective.eta2],
    ]);
    for (const { term, perWeight } of result.terms) expect(perWeight, term).toBeGreaterThan(0);
    expect(result.whole.share).toBeGreaterThan(0);
    expect(await make(context, stage)).toMatchObject({ result, seconds }); // from the store
  });
});
