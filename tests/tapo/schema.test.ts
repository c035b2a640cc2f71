import { describe, expect, it } from "vitest";
import { DAPO, DEFAULTS, GRPO, TAPO } from "../../src/tapo/options";
import { usesNegative } from "../../src/tapo/terms";
import { tapoOptionsWith } from "../../src/tapo/schema";

const schema = tapoOptionsWith({});

describe("the options of TAPO", () => {
  it.each([
    ["TAPO", TAPO],
    ["DAPO", DAPO],
    ["GRPO", GRPO],
  ])("takes the %s preset as it is", (_, objective) => {
    expect(schema.parse({ objective })).toEqual({ ...DEFAULTS, objective });
  });

  it("takes nothing at all for the defaults", () => {
    expect(schema.parse({})).toEqual(DEFAULTS);
  });

  it.each([
    { n1: -1 },
    { n2: 1.5 },
    { n1: 0, n2: 1 },
    { updateCondition: "positive" },
    { maxResample: -1 },
    { formatWeight: 1.1 },
    { temperature: 0 },
    { topP: 0 },
    { topP: 1.1 },
    { promptsPerRollout: 100 }, // 128 prompts an update
    { epochs: 0 },
    { objective: { clipLow: 1.1 } },
    { objective: { clipDual: 0.5 } },
    { objective: { gamma: -0.01 } },
    { objective: { tokenMean: "token" } },
    { objective: { entropies: "high" } },
    { rivals: 0 },
    { objective: [] },
    { objectives: {} },
  ])("refuses %j", (value) => {
    expect(schema.safeParse(value).success).toBe(false);
  });
});

describe("the direction of the entropies", () => {
  it("is no part of a key where it is the usual one", () => {
    expect(schema.parse({ objective: { entropies: "lowered" } })).toEqual(DEFAULTS);
    expect(schema.parse({ objective: { entropies: "raised" } }).objective.entropies).toBe("raised");
  });
});

describe("usesNegative", () => {
  it("is true of TAPO and of either of its two terms, false of DAPO and GRPO", () => {
    expect([TAPO, { ...DAPO, gamma: 0.01 }, { ...DAPO, eta2: 0.03 }].map(usesNegative)).toEqual([true, true, true]);
    expect([DAPO, GRPO, { ...DAPO, eta1: 0.03 }].map(usesNegative)).toEqual([false, false, false]);
  });
});
