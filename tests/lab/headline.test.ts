import { describe, expect, it } from "vitest";
import type { Measurement } from "../../src/eval/measurements";
import { inference } from "../../src/experiments/inference";
import { quickstart } from "../../src/experiments/quickstart";
import { separability } from "../../src/experiments/separability";
import { headline, keptHeadline } from "../../src/lab/headline";
import { partKey, type Origin } from "../../src/lab/kept";
import { loadProfile } from "../../src/lab/profile";
import { described } from "../../src/lab/described";

const made = (method: string, seed: number) => ({ method, seed, at: "", processor: "", numerics: "", keys: [] });
const unseen = (method: string, seed: number, value: number): Measurement => ({
  ...{ method, seed, dataset: "d", domain: "mean", split: "unseen", setting: "open", metric: "accuracy" },
  ...{ value, low: value, high: value, n: 8 },
});

describe("keptHeadline", () => {
  it("tells the last difference of what was kept, with the titles of today, whatever its models are", () => {
    const rows = [unseen("dapo", 1, 0.5), unseen("tapo", 1, 0.52), unseen("dapo", 2, 0.6), unseen("tapo", 2, 0.64)];
    const kept = {
      settings: {},
      made: rows.map(({ method, seed }) => made(method, seed)),
      measurements: rows,
      outcomes: [],
    };
    // differences 2 and 4: mean 3, standard error 1, Student's t of one degree of freedom 12.7
    expect(keptHeadline(quickstart, loadProfile("smoke"), kept)).toBe(
      "TAPO − DAPO = +3.0 points [−9.7, +15.7] in text inclusion on unseen classes, open world (2 seeds).",
    );
    expect(keptHeadline(quickstart, loadProfile("smoke"), { ...kept, made: [made("tapo", 1)] })).toBe(
      "CoT SFT + TAPO: 52.0 % in text inclusion on unseen classes, open world (one seed).",
    );
    const alone = { ...kept, made: [made("tapo", 1), made("tapo", 2)] }; // the mean of both seeds, 52 and 64
    expect(keptHeadline(quickstart, loadProfile("smoke"), alone)).toBe(
      "CoT SFT + TAPO: 58.0 % in text inclusion on unseen classes, open world (2 seeds).",
    );
  });

  it("reads nothing that the profile names: neither chains nor sentences need to be there", () => {
    const profile = loadProfile("smoke", { "cot.released": "no/chains.json", templates: "no/sentences.txt" });
    const rows = [unseen("base", 1, 0.5), unseen("base-think", 1, 0.52)].map((one) => ({ ...one, setting: "closed" }));
    const kept = { settings: {}, made: rows.map(({ method, seed }) => made(method, seed)), measurements: rows, outcomes: [] }; // prettier-ignore
    expect(keptHeadline(inference, profile, kept)).toBe(
      "Base, thinking − Base, direct = +2.0 points on unseen classes, closed world (one seed).",
    );
  });

  it("pairs the seeds that both methods have", () => {
    const rows = [unseen("dapo", 1, 0.5), unseen("tapo", 1, 0.52), unseen("dapo", 2, 0.6)];
    const kept = { settings: {}, made: rows.map(({ method, seed }) => made(method, seed)), measurements: rows, outcomes: [] }; // prettier-ignore
    expect(keptHeadline(quickstart, loadProfile("smoke"), kept)).toBe(
      "TAPO − DAPO = +2.0 points in text inclusion on unseen classes, open world (one seed).",
    );
  });

  it("is about what the experiment says, where that is no answer", () => {
    const told = (method: string, value: number): Measurement => ({
      ...unseen(method, 1, value),
      ...{ setting: "last layer", metric: "separability", split: "all", domain: "items" },
    });
    const kept = { settings: {}, made: [made("base", 1), made("tapo", 1)], measurements: [told("base", 0.5), told("tapo", 0.56)], outcomes: [] }; // prettier-ignore
    expect(keptHeadline(separability, loadProfile("smoke"), kept)).toBe(
      "Fine-R1 − Base = +6.0 points of right and wrong names told apart after the last layer (one seed).",
    );
  });

  it("is over all seeds that are shown, and says whether the record has a part in it", () => {
    const profile = loadProfile("smoke");
    const methods = quickstart.methods(described(profile).recipe(profile.seed));
    const tapo = methods.filter(({ name }) => name === "tapo");
    const told = (...rows: readonly [Measurement, Origin][]): string | undefined => {
      const parts = rows.map(([one, origin]) => {
        const part = { by: made(one.method, one.seed), measurements: [one], outcomes: [], origin };
        return [partKey(one), part] as const;
      });
      return headline(quickstart, methods, tapo.map((method) => ({ method })), { parts: new Map(parts) }); // prettier-ignore
    };
    const first: [Measurement, Origin][] = [
      [unseen("dapo", 1, 0.5), "record"],
      [unseen("tapo", 1, 0.52), "run"],
    ];
    const where = "in text inclusion on unseen classes, open world";
    expect(told(...first)).toBe(`TAPO − DAPO = +2.0 points ${where} (one seed, partly from results/).`);
    // one seed was made here, another is recorded: differences 2 and 4, as above
    expect(told(...first, [unseen("dapo", 2, 0.6), "record"], [unseen("tapo", 2, 0.64), "record"])).toBe(
      `TAPO − DAPO = +3.0 points [−9.7, +15.7] ${where} (2 seeds, partly from results/).`,
    );
    expect(told([unseen("tapo", 1, 0.52), "run"])).toBe(`CoT SFT + TAPO: 52.0 % ${where} (one seed).`);
    expect(told([unseen("tapo", 1, 0.52), "record"])).toBe(
      `CoT SFT + TAPO: 52.0 % ${where} (one seed, from results/).`,
    );
  });
});
