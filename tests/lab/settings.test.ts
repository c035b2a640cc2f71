import { describe, expect, it } from "vitest";
import { loadProfile } from "../../src/lab/profile";
import { differingSettings, settingsOf, withoutSeeds } from "../../src/lab/settings";

const inputs = [{ path: "assets/base", sha256: "aa" }];
const of = (overrides: Record<string, unknown>, files = inputs) =>
  settingsOf({ config: loadProfile("smoke", overrides), inputs: files });
const changed = (overrides: Record<string, unknown>) => differingSettings(of({}), of(overrides));

describe("settings", () => {
  it("differ by the keys that were changed, and by the contents of the checkpoints", () => {
    expect(changed({})).toEqual([]);
    expect(changed({ "rl.options.objective.gamma": 0, "sftCot.epochs": 1 })).toEqual([
      "sftCot.epochs",
      "rl.options.objective.gamma",
    ]);
    expect(differingSettings(of({}), of({}, [{ path: "assets/base", sha256: "bb" }]))).toEqual(["the checkpoints"]);
  });

  it("do not differ by names, nor by where a checkpoint of the same contents lies", () => {
    const config = { ...loadProfile("smoke"), name: "other", description: "d", base: "elsewhere" };
    expect(differingSettings(of({}), settingsOf({ config, inputs }))).toEqual([]);
    expect(differingSettings(of({}), of({}, [{ path: "elsewhere/base", sha256: "aa" }]))).toEqual([]);
  });

  it("of an older record are filled up with the defaults of the keys it lacks", () => {
    const config = loadProfile("smoke");
    const older: Record<string, unknown> = { ...config.rl.options };
    delete older["whenExhausted"]; // by default "skip", as in the profile
    const recorded = settingsOf({ config: { ...config, rl: { ...config.rl, options: older } }, inputs });
    expect(differingSettings(of({}), recorded)).toEqual([]);
  });

  it("without seeds are those of another seed, but for the evaluation's", () => {
    const seeds = { seed: 2, "sftCot.seed": 2, "rl.options.seed": 2 };
    expect(changed(seeds)).toHaveLength(3);
    expect(differingSettings(withoutSeeds(of({})), withoutSeeds(of(seeds)))).toEqual([]);
    const evaluation = of({ "evaluation.seed": 1 });
    expect(differingSettings(withoutSeeds(of({})), withoutSeeds(evaluation))).toEqual(["evaluation.seed"]);
  });
});
