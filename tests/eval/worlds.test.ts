import { describe, expect, it } from "vitest";
import type { Claim } from "../../src/eval/claims";
import type { WorldResults } from "../../src/eval/effects";
import { judgeOver, worldsFor } from "../../src/eval/worlds";

const of = { setting: "states", metric: "m", split: "all" } as const;
const claim: Claim = {
  ...{ id: "c", experiment: "e", where: "§1", says: "a is ahead of b and c" },
  differences: ["b", "c"].map((b) => ({ a: "a", b, ...of, paper: 0.1 })),
};
/** A world by its rows, each with the seeds that it has; a runs 0.06 ahead, c is given. */
const world = (name: string, rows: Readonly<Record<string, readonly number[]>>): WorldResults => {
  const measurements = Object.entries(rows).flatMap(([method, seeds]) =>
    seeds.map((seed) => {
      const value = (method === "a" ? 0.56 : 0.5) + (method === "c" ? 0 : seed / 1000) + name.length / 100;
      return { method, seed, dataset: "d", domain: "mean", ...of, value: value + (method === "b" ? seed / 5000 : 0), low: 0, high: 1, n: 9 }; // prettier-ignore
    }),
  );
  return { world: name, outcomes: [], measurements, given: new Set(["c"]) };
};
const three = [1, 2, 3];
const whole = world("w1", { a: three, b: three, c: [1] });
const other = (rows: Readonly<Record<string, readonly number[]>>) => world("w2", rows);
const names = (results: readonly WorldResults[], one: Claim = claim) => worldsFor(one, results).worlds.map((each) => each.world); // prettier-ignore

describe("a world with fewer seeds than a verdict needs", () => {
  const thin = other({ a: [1], b: [1, 2], c: [1] });

  it("takes no verdict back while another world has enough, and is named", () => {
    const before = judgeOver(claim, [whole]);
    expect([before.verdict, before.notes]).toEqual(["reproduced", []]);
    const after = judgeOver(claim, [whole, thin]);
    expect(after.notes).toEqual([{ world: "w2", how: "left out", reason: "1 seed so far, a verdict needs 3" }]);
    expect({ ...after, notes: [] }).toEqual(before);
  });

  it("enters where no world has enough: the claim is inconclusive", () => {
    const few = world("w1", { a: [1, 2], b: [1, 2], c: [1] });
    const pooled = judgeOver(claim, [few, thin]);
    expect(pooled).toMatchObject({ verdict: "inconclusive", deciding: { effect: { worlds: 2, fewestSeeds: 1 } } });
    expect(pooled.notes.map(({ world: at, how, reason }) => `${at}, ${how}: ${reason}`)).toEqual([
      "w1, too few seeds: 2 seeds so far, a verdict needs 3",
      "w2, too few seeds: 1 seed so far, a verdict needs 3",
    ]);
    expect(judgeOver(claim, [thin]).notes).toEqual([]); // alone it is what the row shows
  });

  it("is none where all have enough, and where nothing is trained", () => {
    const second = other({ a: three, b: three, c: [1] });
    expect(judgeOver(claim, [whole, second])).toMatchObject({ notes: [], deciding: { effect: { worlds: 2 } } });
    const given = { ...claim, differences: [{ a: "c", b: "d", ...of }] };
    const untrained = ["w1", "w2"].map((name) => ({ ...world(name, { c: [1], d: [1] }), given: new Set(["c", "d"]) }));
    expect(worldsFor(given, untrained)).toEqual({ worlds: untrained, notes: [] });
  });

  it("is left out before it is asked what it has beyond the others", () => {
    const half = world("w1", { a: three, c: [1] });
    const pooled = judgeOver(claim, [half, thin]);
    expect(pooled.verdict).toBe(judgeOver(claim, [half]).verdict);
    expect(pooled.notes).toHaveLength(1);
  });
});

describe("a world that lacks a difference", () => {
  const reason = (rows: Readonly<Record<string, readonly number[]>>) => judgeOver(claim, [whole, other(rows)]).notes.map((note) => note.reason).join(); // prettier-ignore

  it("enters none of the claim's, and what it lacks is said", () => {
    expect(names([whole, other({ a: three, c: [1] })])).toEqual(["w1"]);
    expect(reason({ a: three, c: [1] })).toBe("no row b");
    expect(reason({ b: three, c: [1] })).toBe("no row a");
    expect(reason({ a: [1, 2, 3], b: [4, 5, 6], c: [1] })).toBe("no seed in common of a and b");
    expect(reason({ a: [1], b: [2], c: [1] })).toBe("1 seed so far, a verdict needs 3; no seed in common of a and b");
    const elsewhere = other({ a: three, b: three, c: [1] });
    const measurements = elsewhere.measurements.map((one) => (one.method === "b" ? { ...one, metric: "n" } : one));
    expect(judgeOver(claim, [whole, { ...elsewhere, measurements }]).notes).toMatchObject([{ reason: "no states m of b" }]); // prettier-ignore
  });

  it("stands in for what it has where no world has all of them, and that is said, too", () => {
    const pooled = judgeOver(claim, [world("w1", { a: three, c: [1] }), other({ a: three, b: three })]);
    expect(pooled.decided.map(({ effect }) => effect?.worlds)).toEqual([1, 1]);
    expect(pooled.notes).toMatchObject([
      { how: "left out in part", reason: "no row b" },
      { how: "left out in part", reason: "no row c" },
    ]);
  });

  it("is not asked for what no world has, and not for another form of a difference than is measured", () => {
    const second = other({ a: three, b: three });
    expect(names([world("w1", { a: three, b: three }), second])).toEqual(["w1", "w2"]);
    const either = { ...claim, differences: [{ a: "x", b: "b", ...of, orElse: { a: "a" } }] };
    expect(names([whole, second], either)).toEqual(["w1", "w2"]);
    const first = other({ a: three, b: three, x: three });
    expect(judgeOver(either, [whole, first])).toMatchObject({ notes: [{ world: "w1", reason: "no row x" }] });
    // a first form with too few seeds is what the world has, as where it is alone
    expect(names([whole, other({ a: three, b: three, x: [1] })], either)).toEqual(["w1"]);
  });
});
