import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { chainOutcomes } from "../../src/data/chains";
import { Random } from "../../src/core/random";
import { renderText, type CotStages } from "../../src/cot/stages";
import type { Answer } from "../../src/eval/answers";
import { chainMetrics, METRICS, metricNamed, type MetricContext } from "../../src/eval/metrics";
import { chainStages } from "../../src/miniworld/chain";
import { alike, smokeWorld as world } from "../miniworld/worlds";
import { answer, DIRECT, subCategory } from "./helpers";

const THINKING = { ...DIRECT, thinking: true };
const of = (name: string, one: Answer, context: MetricContext = DIRECT) => metricNamed(name).of(one, context);

describe("the released closed world beside the choice of an option", () => {
  const options = ["petunia", "mexican petunia", "tree mallow", "sword lily"];
  const said = [
    "petunia",
    "Mexican Petunia",
    "it is a mexican petunia",
    "petunia or mexican petunia",
    "sword lily",
    "owl",
  ];
  const all = said.map((output, i) =>
    answer({ id: `${i}`, truth: "petunia", options, output: `<answer>${output}</answer>` }),
  );

  // Released: the truth stands in the answer. Choice: one option is named, and it is the truth. The second and the third
  // chose the wrong option; the fourth names two and chose none.
  test.each([
    ["accuracy", [true, true, true, true, false, false]],
    ["choice", [true, false, false, false, false, false]],
    ["exact", [true, false, false, false, false, false]],
    ["option", [true, true, true, false, true, false]],
    ["firstPosition", [true, false, false, false, false, false]],
    ["truthFirst", [true, true, true, true, true, true]],
    ["nested", [true, true, true, true, true, true]],
    ["wrongCounted", [false, true, true, false, false, false]],
    ["differ", [false, true, true, true, false, false]],
  ])("%s", (name, due) => {
    expect(all.map((one) => of(name, one))).toEqual(due);
  });

  test("what an encoder chose is no text: another option's name does not count, though the truth stands in it", () => {
    const chosen = said.slice(0, 2).map((output) => answer({ truth: "petunia", options, output, finish: "chosen" }));
    expect(chosen.map((one) => of("accuracy", one))).toEqual([true, false]);
    expect(chosen.map((one) => of("wrongCounted", one))).toEqual([false, false]);
  });

  test("a truth is nested only in a longer option", () => {
    const truths = ["Petunia", "mexican_petunia"];
    expect(truths.map((truth) => of("nested", answer({ truth, options: options.slice(0, 2) })))).toEqual([true, false]);
  });

  test("without nested names, accuracy and choice agree on every answer that is an option", () => {
    const names = ["least auklet", "crested auklet", "gull", "owl"];
    fc.assert(
      fc.property(fc.nat(3), fc.nat(3), (truth, chosen) => {
        const one = answer({ truth: names[truth]!, options: names, output: names[chosen]! });
        expect(of("accuracy", one)).toBe(truth === chosen);
        expect([of("choice", one), of("differ", one), of("wrongCounted", one)]).toEqual([
          truth === chosen,
          false,
          false,
        ]);
      }),
    );
  });
});

describe("the open world", () => {
  test("text inclusion looks at the answer, or at the whole output where there is none", () => {
    const outputs = [
      "<answer>a least auklet</answer>",
      "a least auklet",
      "<think>least auklet</think><answer>owl</answer>",
    ];
    expect(outputs.map((output) => of("accuracy", answer({ output }), THINKING))).toEqual([true, true, false]);
  });

  test("with the released super-categories a car's body style and year do not count", () => {
    const car = answer({ truth: "Audi A5 Coupe 2012", image: "cars/1.jpg", output: "an Audi A5 from 2015" });
    expect(of("accuracy", car, { ...DIRECT, superCategory: "released" })).toBe(true);
    expect(of("accuracy", car)).toBe(false);
    expect(of("accuracy", { ...car, image: "pets/1.jpg" }, { ...DIRECT, superCategory: "released" })).toBe(false);
  });
});

describe("the form of an answer", () => {
  test("is that of the prompt, and a cut output says so", () => {
    const output = "<think>a</think><answer>b</answer>";
    expect(of("wellFormed", answer({ output }), THINKING)).toBe(true);
    expect(of("wellFormed", answer({ output }))).toBe(false);
    expect(of("wellFormed", answer({ output: "b" }))).toBe(true);
    expect(of("cut", answer({ finish: "length" }))).toBe(true);
    expect(of("cut", answer({}))).toBe(false);
  });
});

describe("names of seen classes", () => {
  const classes = [
    subCategory("bird", "auklet", true),
    subCategory("bird", "least auklet", false),
    subCategory("car", "gray_gull", true),
    subCategory("car", "owl", true),
    subCategory("bird", "owl", false),
  ];
  const named = (output: string, seen = false) => of("seenNames", answer({ seen, output }), { ...DIRECT, classes });

  test("count on unseen items alone; the longest name that an answer holds is the one it names", () => {
    expect(["Gray Gull", "it is an auklet", "a least auklet", "crow", ""].map((said) => named(said))).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
    expect(named("auklet", true)).toBeNull();
  });

  test("a name that two super-categories have is that of the item's own", () => {
    expect(named("owl")).toBe(false);
    expect(of("seenNames", answer({ seen: false, domain: "car", output: "owl" }), { ...DIRECT, classes })).toBe(true);
  });
});

describe("chains", () => {
  const truth = world.subCategories.find(({ seen }) => !seen)!;
  const stages = chainStages(world, truth, { random: new Random(1) });
  const rival = stages.candidates.find((name) => name !== truth.name)!;
  const about = { domain: truth.superCategory, seen: truth.seen, truth: truth.name };
  const chain = (changes: Partial<CotStages>, name = truth.name): Answer =>
    answer({ ...about, output: renderText("short", { ...stages, ...changes }, name) });
  const context: MetricContext = { thinking: true, classes: world.subCategories };
  const metrics = chainMetrics(world.chains);
  const values = (one: Answer) => Object.fromEntries(metrics.map(({ name, of }) => [name, of(one, context)]));

  const otherTail = world.config.attributes.tail.find((tail) => !stages.analysis.endsWith(tail))!;
  const analysis = stages.analysis.replace(/\S+$/u, otherTail);
  const swapped = stages.comparison.replace(/fits \d/u, (verdict) => (verdict === "fits 0" ? "fits 1" : "fits 0"));
  const wrong = { prediction: rival };
  const rivalLike = world.describe(world.classNamed(truth.superCategory, rival)!); // an analysis that describes the rival
  const rivalSeen = world.subCategories.find(
    ({ superCategory, name }) => superCategory === truth.superCategory && name === rival,
  )!.seen;

  test.each([
    ["right in every step", chain({}), "right", true, true],
    ["a wrong analysis, mended: right, but not faithful", chain({ analysis }), "right", false, false],
    ["wrong from the analysis on", chain({ analysis, ...wrong }, rival), "analysis", null, false],
    [
      "comparisons of others",
      chain({ candidates: [...stages.candidates].reverse(), ...wrong }, rival),
      "recall",
      null,
      true,
    ],
    ["a wrong count", chain({ comparison: swapped, ...wrong }, rival), "count", null, true],
    ["a wrong conclusion", chain(wrong, rival), "last", null, true],
    ["the truth not considered", chain({ candidates: [rival, rival, rival, rival] }, rival), "candidates", null, true],
    ["no chain", answer({ ...about, output: `<answer> ${rival} </answer>` }), "malformed", null, false],
  ])("%s", (_, one, outcome, faithful, first) => {
    const found = values(one);
    for (const each of chainOutcomes(world.chains))
      expect([each, found[`chain:${each}`]]).toEqual([each, each === outcome]);
    expect(found).toMatchObject({
      faithful,
      "chain:analysisRight": first,
      "chain:namesSeen": outcome !== "right" && rivalSeen,
    });
  });

  // what the chain says itself decides, not what is true
  const tied = stages.comparison.replaceAll(/(\S+ \S+) (\S+ ){5}fits \d/gu, `$1 ${stages.analysis} fits 5`);
  test.each([
    ["the truth seen and answered", chain({}), true, true],
    ["the truth seen, the rival answered", chain(wrong, rival), false, false],
    ["the rival seen, the truth answered", chain({ analysis: rivalLike }), false, false],
    ["the rival seen and answered", chain({ analysis: rivalLike, ...wrong }, rival), true, true],
    ["every candidate alike", chain({ comparison: tied }), null, true],
    ["no chain", answer({ ...about, output: `<answer> ${rival} </answer>` }), null, null],
  ])("are used where the answer goes by what they say: %s", (_, one, follows, described) => {
    expect(values(one)).toMatchObject({ "chain:follows": follows, "chain:described": described });
  });

  test("describe no class where none has the values of the analysis, and follow from their own words all the same", () => {
    const all = new Set(world.subCategories.map((one) => world.describe(one)));
    const odd = world.config.attributes.tail
      .map((tail) => stages.analysis.replace(/\S+$/u, tail))
      .find((one) => !all.has(one));
    expect(values(chain({ analysis: odd ?? "" }))["chain:described"]).toBeNull();
    expect(odd).toBeDefined();
  });

  test("take the options of a closed question into account, and count no answer that was not asked to reason", () => {
    const options = alike(world, truth);
    const closed = chainStages(world, truth, { random: new Random(2), options });
    const candidates = closed.candidates.map((name) => (name === options[1] ? options[0]! : name));
    const output = renderText("short", { ...closed, candidates }, options[1]!);
    expect(values(answer({ ...about, options, output }))).toMatchObject({ "chain:candidates": true });
    for (const { of } of metrics) expect(of(chain({}), { ...context, thinking: false })).toBeNull();
  });

  test("an answer about another dataset is refused by name", () => {
    expect(() => values(answer({ ...about, id: "i", truth: "no body" }))).toThrow(
      `i: is about "no body", which is no ${truth.superCategory}`,
    );
  });
});

describe("metrics by name", () => {
  test("every one has a name of its own, a title and a sentence", () => {
    const all = [...METRICS, ...chainMetrics(world.chains)];
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
    for (const { name, title, help, settings } of all) {
      expect(metricNamed(name, all)).toMatchObject({ name });
      expect(title.length * help.length * settings.length).toBeGreaterThan(0);
    }
  });

  test("a misspelt name is met with the nearest, and a chain's metric is known where chains are judged", () => {
    expect(() => metricNamed("acuracy")).toThrow(/no metric "acuracy". Did you mean "accuracy"\?/u);
    expect(() => metricNamed("chain:right")).toThrow(/Choose one of accuracy, choice/u);
    expect(metricNamed("chain:right", chainMetrics(world.chains)).title).toBe("right");
  });
});
