import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Answer } from "../../src/eval/answers";
import { measure, scoreOf, type Measuring } from "../../src/eval/measure";
import { select, type Measurement } from "../../src/eval/measurements";
import { METRICS, metricNamed, type Metric } from "../../src/eval/metrics";
import { answer, DIRECT } from "./helpers";

/** Right where the output is the truth; the options of a closed question are not looked at. */
const right: Metric = { ...metricNamed("exact"), name: "right", of: ({ output, truth }) => output === truth };
/** The output read as a number. */
const number: Metric = { ...right, name: "number", of: ({ output }) => Number(output) };
const OPEN: Measuring = { method: "m", seed: 3, dataset: "d", setting: "open", metrics: [right], context: DIRECT };

/** The one row of a metric, split and domain. */
function row(rows: readonly Measurement[], split: Measurement["split"], domain: string, metric = "right"): Measurement {
  const found = select(rows, { split, domain, metric });
  expect(found.length).toBe(1);
  return found[0]!;
}

/** Answers of which the first `hits` are right. */
function answers(n: number, hits: number, fields: Partial<Answer>): Answer[] {
  return Array.from({ length: n }, (_, i) => answer({ ...fields, id: `${i}`, output: i < hits ? "least auklet" : "" }));
}

describe("rows", () => {
  test("the mean over domains and the mean of both splits: the paper's row of CLIP-L", () => {
    // Table 1, CLIP-L: seen 77.10, unseen 67.98, average 72.54; entries to 0.01 % as shares of 10,000 items.
    const shares = {
      seen: { aircraft: 4795, bird: 7396, car: 8050, dog: 7712, flower: 8759, pet: 9545 },
      unseen: { aircraft: 4568, bird: 6235, car: 7981, dog: 7358, flower: 5724, pet: 8922 },
    };
    const all = (["seen", "unseen"] as const).flatMap((split) =>
      Object.entries(shares[split]).flatMap(([domain, hits]) =>
        answers(10_000, hits, { domain, seen: split === "seen" }),
      ),
    );
    const rows = measure(all, OPEN);
    const percent = (split: Measurement["split"]) => (100 * row(rows, split, "mean").value).toFixed(2);
    expect([percent("seen"), percent("unseen"), percent("all")]).toEqual(["77.09", "67.98", "72.54"]); // 77.095 unrounded
    const domains = Object.keys(shares.seen);
    expect(rows.map(({ split, domain }) => `${split} ${domain}`)).toEqual([
      ...["seen", "unseen"].flatMap((split) => [...domains, "mean", "items"].map((domain) => `${split} ${domain}`)),
      "all mean",
      "all items",
    ]);
    expect(row(rows, "seen", "aircraft")).toMatchObject({
      ...{ method: "m", seed: 3, dataset: "d", setting: "open" },
      value: 0.4795,
      n: 10_000,
    });
    expect(row(rows, "seen", "mean").n).toBe(60_000);
  });

  test("'mean' counts domains alike, 'items' counts items alike; a split without answers has no rows", () => {
    const rows = measure([...answers(1, 1, { domain: "car" }), ...answers(9, 0, {})], OPEN);
    expect(row(rows, "all", "mean").value).toBe(0.5);
    expect(row(rows, "all", "items").value).toBe(0.1);
    expect(select(rows, { split: "unseen" })).toEqual([]);
    expect(measure([], OPEN)).toEqual([]);
  });

  test("answers that do not count are left out of n, and of the domains where none counts", () => {
    const some: Metric = { ...right, of: (one, context) => (one.domain === "car" ? null : right.of(one, context)) };
    const all = [
      ...answers(4, 2, {}),
      ...answers(3, 3, { domain: "car" }),
      ...answers(2, 2, { domain: "car", seen: false }),
    ];
    const rows = measure(all, { ...OPEN, metrics: [some] });
    expect(rows.map(({ split, domain, value, n }) => [split, domain, value, n])).toEqual([
      ["seen", "bird", 0.5, 4],
      ["seen", "mean", 0.5, 4],
      ["seen", "items", 0.5, 4],
      ["all", "mean", 0.5, 4],
      ["all", "items", 0.5, 4],
    ]);
  });

  test("a metric of the other setting gives no rows, answers of the other setting are refused", () => {
    const all = answers(3, 1, {});
    const rows = measure(all, { ...OPEN, metrics: METRICS.filter(({ name }) => name !== "similarity") });
    expect(new Set(rows.map(({ metric }) => metric))).toEqual(new Set(["accuracy", "exact", "wellFormed", "cut"])); // no item is unseen
    expect(() => measure(all, { ...OPEN, setting: "closed" })).toThrow(/0 was not asked in the closed world/u);
    expect(() => measure([answer({ options: ["a"] })], OPEN)).toThrow(RangeError);
    expect(() => scoreOf([], right, DIRECT)).toThrow(RangeError);
  });
});

describe("values and intervals", () => {
  const some = fc.array(
    fc.record({
      domain: fc.constantFrom("bird", "car", "dog"),
      seen: fc.boolean(),
      hit: fc.boolean(),
      number: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
    { minLength: 1, maxLength: 40 },
  );

  test("all right is 1, none right is 0, with Wilson's bounds", () => {
    // p = 1: the centre (1 + z²/2n) and the half width z²/2n over 1 + z²/n make n/(n + z²) to 1; p = 0 mirrors it. z = 1.959964
    const z2 = 1.959963984540054 ** 2;
    for (const n of [1, 7, 200]) {
      const all = row(measure(answers(n, n, {}), OPEN), "seen", "bird");
      expect(all).toMatchObject({ value: 1, high: 1, n });
      expect(all.low).toBeCloseTo(n / (n + z2), 12);
      const none = row(measure(answers(n, 0, {}), OPEN), "seen", "bird");
      expect(none).toMatchObject({ value: 0, low: 0 });
      expect(none.high).toBeCloseTo(z2 / (n + z2), 12);
    }
  });

  test("a permutation of the answers changes nothing, a doubling of them no value", () => {
    fc.assert(
      fc.property(some, fc.integer(), (given, seed) => {
        const all = given.map(({ hit, ...one }, i) =>
          answer({ ...one, id: `${i}`, output: hit ? "least auklet" : "" }),
        );
        const order = all.map((one, i) => ({ one, key: Math.imul(i + 1, seed | 1) })).sort((a, b) => a.key - b.key);
        const permuted = measure(
          order.map(({ one }) => one),
          OPEN,
        );
        expect(permuted).toEqual(measure(all, OPEN));
        const doubled = measure([...all, ...all], OPEN);
        expect(doubled.map(({ value }) => value)).toEqual(permuted.map(({ value }) => value));
        expect(
          doubled.every(
            ({ low, high, n }, i) => n === 2 * permuted[i]!.n && high - low <= permuted[i]!.high - permuted[i]!.low,
          ),
        ).toBe(true);
      }),
    );
  });

  test("means lie between the least and the greatest, within their bounds, and say how many items stand behind them", () => {
    fc.assert(
      fc.property(some, (given) => {
        const all = given.map((one, i) =>
          answer({ domain: one.domain, seen: one.seen, id: `${i}`, output: `${one.number}` }),
        );
        const rows = measure(all, { ...OPEN, metrics: [number] });
        const values = given.map((one) => one.number);
        for (const { value, low, high } of rows) {
          expect(value).toBeGreaterThanOrEqual(Math.min(...values) - 1e-12);
          expect(value).toBeLessThanOrEqual(Math.max(...values) + 1e-12);
          expect(low <= value && value <= high).toBe(true);
        }
        expect(row(rows, "all", "items", "number").n).toBe(given.length);
        expect(row(rows, "all", "mean", "number").n).toBe(given.length);
      }),
    );
  });

  test("numbers get the normal interval: 0.4, 0.5, 0.6 is 0.5 ± 1.96·0.1/√3", () => {
    const all = ["0.4", "0.5", "0.6"].map((output, i) => answer({ id: `${i}`, output }));
    const mean = row(measure(all, { ...OPEN, metrics: [number] }), "seen", "items", "number");
    expect(mean.value).toBeCloseTo(0.5, 12);
    expect(mean.high - 0.5).toBeCloseTo((1.959964 * 0.1) / Math.sqrt(3), 6);
  });
});

test("a metric that gives no number is refused by name, with the answer", () => {
  const all = [answer({ id: "a", output: "0.5" }), answer({ id: "b", output: "half" })];
  expect(() => measure(all, { ...OPEN, metrics: [number] })).toThrow(/metric number, b: gives no number/);
});
