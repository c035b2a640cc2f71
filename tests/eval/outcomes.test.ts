import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Answer } from "../../src/eval/answers";
import { metricNamed, type Metric } from "../../src/eval/metrics";
import { decodeValues, encodeValues, outcomesOf, outcomesSchema, outcomesText, type Item, type Outcomes } from "../../src/eval/outcomes"; // prettier-ignore

const read = (text: string): Outcomes[] => outcomesSchema.parse(JSON.parse(text));
const valuesById = ({ items, values }: Outcomes) => new Map(items.map(({ id }, at) => [id, values[at]]));

describe("values as text", () => {
  it("have a digit per item where they are right or wrong, and come back as they were", () => {
    expect(encodeValues([1, 0, null, 1])).toBe("10-1");
    fc.assert(
      fc.property(fc.array(fc.constantFrom(0, 1, null)), (values) => {
        expect(decodeValues(encodeValues(values), values.length)).toEqual(values);
      }),
    );
  });

  it("have two digits of base 36 else: 0 and 1 exactly, all others within half a step of 1/1295", () => {
    expect(encodeValues([0, 1, null, 0.5])).toBe("00zz--i0"); // 0.5 · 1295 = 647.5 → 648 = 18 · 36
    fc.assert(
      fc.property(fc.array(fc.option(fc.double({ min: 0, max: 1, noNaN: true }))), (values) => {
        decodeValues(encodeValues(values), values.length).forEach((value, at) => {
          const before = values[at] ?? null;
          if (before === null) expect(value).toBeNull();
          else expect(Math.abs((value ?? NaN) - before)).toBeLessThanOrEqual(0.5 / 1295 + 1e-12);
        });
      }),
    );
  });
});

describe("a file of outcomes", () => {
  const item = (id: string, domain: string, seen: boolean): Item => ({ id, domain, seen });
  const items = [item("d2", "dog", false), item("b2", "bird", true), item("b1", "bird", true), item("b3", "bird", false)]; // prettier-ignore
  const about = { method: "tapo", seed: 1, setting: "open", metric: "similarity" };
  const outcomes: Outcomes[] = [
    { ...about, items, values: [1, 0, null, 1] },
    { ...about, seed: 2, items: [...items].reverse(), values: [0.25, 0, 1, null] },
    { ...about, setting: "closed", items: items.slice(1), values: [1, 1, 0] },
  ];

  it("names every item once for all methods, whatever their order, and comes back item by item", () => {
    const text = outcomesText(outcomes);
    expect(text.match(/"d2"/g)).toHaveLength(1);
    expect(text.match(/"b1"/g)).toHaveLength(2); // in the list of four and in that of three
    const back = read(text);
    expect(back).toHaveLength(3);
    back.forEach((one, at) => {
      const { items: own, values, method, seed, setting, metric } = one;
      expect(outcomes[at]).toMatchObject({ method, seed, setting, metric });
      expect(new Set(own)).toEqual(new Set(outcomes[at]!.items));
      expect(values).toHaveLength(own.length);
      for (const [id, value] of valuesById(outcomes[at]!)) {
        if (typeof value === "number") expect(valuesById(one).get(id)).toBeCloseTo(value, 2);
        else expect(valuesById(one).get(id)).toBeNull();
      }
    });
    expect(outcomesText(back)).toBe(text); // and once more the same, to the character
    expect(read(outcomesText([]))).toEqual([]);
  });

  it("is refused where values do not fit their items", () => {
    const file = (change: object) => {
      const value = JSON.parse(outcomesText(outcomes)) as { outcomes: object[] };
      return { ...value, outcomes: value.outcomes.map((one) => ({ ...one, ...change })) };
    };
    for (const change of [{ values: "101" }, { values: "10101" }, { values: "2---" }, { items: 7 }, { extra: 1 }])
      expect(outcomesSchema.safeParse(file(change)).success, JSON.stringify(change)).toBe(false);
    expect(outcomesSchema.safeParse({ ...file({}), version: 2 }).success).toBe(false);
  });

  it("is small: two settings of 1,920 items, six methods and ten seeds are half a megabyte", () => {
    const many = Array.from({ length: 1920 }, (_, at) => item(`bird/lesser hill wren/test/${at}`, `domain ${at % 6}`, at % 2 === 0)); // prettier-ignore
    const methods = Array.from({ length: 60 }, (_, at) => ({ ...about, method: `m${at % 6}`, seed: at % 10 }));
    const all = methods.flatMap((one): Outcomes[] => [
      { ...one, setting: "closed", metric: "accuracy", items: many, values: many.map((_, at) => at % 2) },
      { ...one, metric: "accuracy", items: many, values: many.map((_, at) => at % 2) },
      { ...one, items: many, values: many.map((_, at) => at / 1920) },
    ]);
    // per method and seed 1,920 · (1 + 1 + 2) bytes, and some 90 of each line's head; items once
    const bytes = outcomesText(all).length;
    expect(bytes).toBeGreaterThan(60 * 1920 * 4);
    expect(bytes).toBeLessThan(60 * (1920 * 4 + 3 * 100) + 1920 * 40);
    expect(bytes).toBeLessThan(600_000);
  });
});

it("outcomes are what the metric says of each answer; null where an answer does not count", () => {
  const answer = (id: string, seen: boolean, said: string): Answer => ({
    ...{ id, image: id, domain: "bird", seen, truth: "wren", options: null, output: `<answer>${said}</answer>` },
    ...{ tokens: 3, finish: "stop" as const },
  });
  const answers = [answer("1", true, "wren"), answer("2", false, "tern")];
  const context = { thinking: false, classes: [] };
  expect(outcomesOf(answers, metricNamed("accuracy"), context)).toEqual({
    items: [
      { id: "1", domain: "bird", seen: true },
      { id: "2", domain: "bird", seen: false },
    ],
    values: [1, 0],
  });
  const unseenOnly: Metric = { ...metricNamed("accuracy"), of: ({ seen }) => (seen ? null : 0.5) };
  // the file's steps are 1/1295, so that 0.5 is 648 of them, in memory as in the file
  const { values } = outcomesOf(answers, unseenOnly, context);
  expect(values).toEqual([null, 648 / 1295]);
  expect(decodeValues(encodeValues(values), 2)).toEqual(values);
});
