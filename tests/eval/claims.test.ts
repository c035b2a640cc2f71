import { describe, expect, it } from "vitest";
import { hasSpread, judge, VERDICT_RULE, verdictOf, type Claim } from "../../src/eval/claims";
import { effectOf, type Effect } from "../../src/eval/effects";

const effect = (low: number, high: number, more: Partial<Effect> = {}): Effect => ({
  ...{ value: (low + high) / 2, low, high, standardError: 0.01, p: 0.5, detectable: 0.03 },
  ...{ worlds: 1, seeds: 10, items: 100, byWorld: [(low + high) / 2], fewestSeeds: 10, overItems: true },
  ...more,
});
const above = (low: number, high: number, paper?: number, more: Partial<Effect> = {}) =>
  verdictOf({}, { paper }, effect(low, high, more));

describe("the rule of verdicts, where a difference is claimed to be above 0", () => {
  it("reproduced: the whole interval lies above 0, however small beside the paper's", () => {
    expect(above(0.001, 0.05, 0.1)).toBe("reproduced");
    expect(above(0.001, 0.002, 0.1)).toBe("reproduced");
    expect(above(0.001, 0.05)).toBe("reproduced");
  });

  it("inconclusive where one of several worlds lies on the other side", () => {
    expect(above(0.01, 0.05, 0.1, { byWorld: [0.04, 0.05, -0.001] })).toBe("inconclusive");
    expect(above(0.01, 0.05, 0.1, { byWorld: [0.04, 0.05, 0.001] })).toBe("reproduced");
  });

  it("not reproduced: the interval excludes half of the paper's effect, or lies below 0", () => {
    expect(above(-0.02, 0.049, 0.1)).toBe("not reproduced");
    expect(above(-0.05, -0.01, 0.1)).toBe("not reproduced");
    expect(above(-0.05, -0.01)).toBe("not reproduced");
    expect(above(-0.05, -0.01, -0.1)).toBe("not reproduced"); // a paper's number against its own claim shifts nothing
  });

  it("inconclusive: 0 and half of the paper's effect both lie inside, or 0 where the paper prints none", () => {
    expect(above(-0.02, 0.051, 0.1)).toBe("inconclusive");
    expect(above(-0.02, 0.01)).toBe("inconclusive");
    expect(above(0, 0.06, 0.1)).toBe("inconclusive"); // the bound itself is not above 0
  });

  it("inconclusive with fewer than three seeds in some world, whatever the interval", () => {
    for (const [low, high] of [
      [0.01, 0.05],
      [-0.05, -0.01],
    ] as const) {
      // prettier-ignore
      expect(above(low, high, 0.1, { fewestSeeds: 2 })).toBe("inconclusive");
      expect(above(low, high, 0.1, { fewestSeeds: 3 })).not.toBe("inconclusive");
    }
    // what is given needs no seeds, but something that the interval can rest on
    expect(above(0.01, 0.05, 0.1, { fewestSeeds: null })).toBe("reproduced");
    expect(above(0.05, 0.05, 0.1, { fewestSeeds: null, overItems: false })).toBe("inconclusive");
    expect(above(0, 0, 0.1, { overItems: false })).toBe("inconclusive"); // three seeds that all say the same have no spread
    expect(above(0.01, 0.05, 0.1, { fewestSeeds: null, overItems: false, byWorld: [0.01, 0.05] })).toBe("reproduced");
  });
});

it("runs that all say the same have no spread, whatever their numbers were rounded to", () => {
  const mean = (method: string, seed: number, value: number) => ({
    ...{ method, seed, dataset: "d", domain: "items", split: "all" as const, setting: "general", metric: "m" },
    ...{ value, low: 0, high: 1, n: 20 },
  });
  // one question of 20 more under each of three seeds: 0.05 three times, were it not for rounding
  const measurements = [10, 13, 16].flatMap((right, at) => [
    mean("tapo", at + 1, (right + 1) / 20),
    mean("base", at + 1, right / 20),
  ]);
  const results = { world: "w", outcomes: [], measurements, given: new Set<string>() };
  const found = effectOf([results], { a: "tapo", b: "base", setting: "general", metric: "m", split: "all", domain: "items" })!; // prettier-ignore
  expect(found.low === found.high).toBe(false);
  expect(hasSpread(found)).toBe(false);
  expect(verdictOf({}, {}, found)).toBe("inconclusive");
  expect(hasSpread({ low: 0.05, high: 0.0501 })).toBe(true);
});

describe("the rule of verdicts, with a margin", () => {
  it("no difference: reproduced within the margin, not reproduced outside of it, else inconclusive", () => {
    const within = (low: number, high: number) => verdictOf({ expects: { within: 0.03 } }, {}, effect(low, high));
    expect([within(-0.03, 0.03), within(0.001, 0.02)]).toEqual(["reproduced", "reproduced"]);
    expect([within(0.031, 0.05), within(-0.05, -0.031)]).toEqual(["not reproduced", "not reproduced"]);
    expect([within(-0.04, 0.01), within(0.02, 0.04), within(-0.1, 0.1)]).toEqual(Array(3).fill("inconclusive"));
  });

  it("is inconclusive where one of several worlds lies beyond the margin", () => {
    const worlds = (byWorld: number[]) =>
      verdictOf({ expects: { within: 0.03 } }, {}, effect(-0.02, 0.02, { byWorld }));
    expect([worlds([0.029, -0.03, 0]), worlds([0.05, -0.05, 0])]).toEqual(["reproduced", "inconclusive"]);
  });

  it("no loss: a gain of any size is none", () => {
    const kept = (low: number, high: number) => verdictOf({ expects: { notBelow: 0.03 } }, {}, effect(low, high));
    expect([kept(-0.02, 0.01), kept(0.2, 0.3)]).toEqual(["reproduced", "reproduced"]);
    expect([kept(-0.04, 0.01), kept(-0.09, -0.04)]).toEqual(["inconclusive", "not reproduced"]);
  });
});

describe("a claim of several differences", () => {
  const claim: Claim = {
    ...{ id: "c", experiment: "e", where: "§1", says: "a is the best of three" },
    differences: ["b", "c"].map((b) => ({ a: "a", b, setting: "open", metric: "accuracy", split: "all", paper: 0.1 })),
  };
  const by = (effects: Readonly<Record<string, Effect | undefined>>) => judge(claim, ({ b }) => effects[b]);
  const [yes, open, no] = [effect(0.02, 0.09), effect(-0.02, 0.09), effect(-0.08, 0.01)];

  it("holds when each does; one that fails fails it, one that is missing leaves it open", () => {
    expect(by({ b: yes, c: yes }).verdict).toBe("reproduced");
    expect(by({ b: yes, c: open }).verdict).toBe("inconclusive");
    expect(by({ b: open, c: no }).verdict).toBe("not reproduced");
    expect(by({ b: yes }).verdict).toBe("not measured");
    expect(by({ b: no }).verdict).toBe("not reproduced");
    expect(by({}).verdict).toBe("not measured");
  });

  it("takes another row where the first is not made, and says so", () => {
    const instead = { ...claim, differences: claim.differences.map((one) => ({ ...one, orElse: { a: "d" } })) };
    const judged = judge(instead, ({ a }) => (a === "d" ? yes : undefined));
    expect(judged.verdict).toBe("reproduced");
    expect(judged.decided.map(({ difference }) => difference.a)).toEqual(["d", "d"]);
    expect(judge(instead, ({ a }) => (a === "a" ? no : yes)).verdict).toBe("not reproduced");
  });

  it("names the difference that decides: of those of its verdict, the one with the lowest bound", () => {
    expect(by({ b: yes, c: open }).deciding?.difference.b).toBe("c");
    expect(by({ b: effect(0.01, 0.09), c: yes }).deciding?.difference.b).toBe("b");
    expect(by({ b: yes }).deciding).toMatchObject({
      difference: { b: "c" },
      effect: undefined,
      verdict: "not measured",
    });
  });
});

it("the rule in words names the same numbers", () => {
  expect(VERDICT_RULE).toContain("fewer than 3 seeds");
  for (const word of ["Reproduced:", "Not reproduced:", "Inconclusive:", "Not measured:"])
    expect(VERDICT_RULE).toContain(word);
});
