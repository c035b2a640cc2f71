import { describe, expect, it } from "vitest";
import { chainAnswers, chainErrorRows, type ChainAnswer } from "../../src/analysis/chainErrors";
import { loadWorldConfig } from "../../src/miniworld/config";
import { Random } from "../../src/core/random";
import { renderText, type CotStages } from "../../src/cot/stages";
import { chainStages } from "../../src/miniworld/chain";

const renderChain = (stages: CotStages, answer = stages.prediction): string => renderText("short", stages, answer);
import { buildMiniWorld } from "../../src/miniworld/world";

const world = buildMiniWorld(loadWorldConfig("configs/worlds/smoke.yaml"));
const truth = world.subCategories.find(({ seen }) => !seen)!;
const stages = chainStages(world, truth, { random: new Random(1) });
const rival = stages.candidates.find((name) => name !== truth.name)!;
const answer = (changes: Partial<typeof stages>, name = truth.name): ChainAnswer => ({
  text: renderChain({ ...stages, ...changes }, name),
  truth,
});

describe("chainErrorRows", () => {
  it("puts each unseen chain under its first wrong step, and counts what else shows the chain's use", () => {
    const otherTail = world.config.attributes.tail.find((tail) => !stages.analysis.endsWith(tail))!;
    const analysis = stages.analysis.replace(/\S+$/u, otherTail);
    const swapped = stages.comparison.replace(/fits \d/u, (verdict) => (verdict === "fits 0" ? "fits 1" : "fits 0"));
    const unseen = [
      answer({}), // right
      answer({ analysis }), // a wrong analysis, mended: right, but its analysis is not
      answer({ analysis, prediction: rival }, rival), // analysis
      answer({ candidates: [...stages.candidates].reverse(), prediction: rival }, rival), // comparisons of others: recall
      answer({ comparison: swapped, prediction: rival }, rival), // count
      answer({ prediction: rival }, rival), // last
      answer({ candidates: [rival, rival, rival, rival] }, rival), // candidates
      { text: `<answer> ${rival} </answer>`, truth }, // malformed
    ];
    const rivalSeen = world.classNamed(truth.superCategory, rival)!.seen;
    const [seenRow, row] = chainErrorRows(world, "m", unseen);
    expect(row).toEqual({
      method: "m",
      split: "unseen",
      items: 8,
      counts: { right: 2, malformed: 1, analysis: 1, candidates: 1, recall: 1, count: 1, last: 1 },
      shares: {
        right: 0.25,
        malformed: 0.125,
        analysis: 0.125,
        candidates: 0.125,
        recall: 0.125,
        count: 0.125,
        last: 0.125,
      },
      rightChains: 1, // of two right answers: the other one's analysis is wrong
      analysisRight: 5, // all but two wrong analyses and the malformed one
      seenNames: rivalSeen ? 6 : 0,
    });
    expect(seenRow).toMatchObject({ split: "seen", items: 0, shares: { right: 0 } });
  });

  it("separates seen from unseen, takes options into account, and loses no item", () => {
    const answers = world.subCategories.flatMap((subCategory) => {
      const options = world.optionsFor(subCategory);
      const closed = chainStages(world, subCategory, { random: new Random(2), options });
      const dropped = {
        ...closed,
        candidates: closed.candidates.map((name) => (name === options[1] ? options[0]! : name)),
      };
      return [
        { text: renderChain(closed), truth: subCategory, options },
        { text: renderChain(dropped, options[1]), truth: subCategory, options },
        { text: "", truth: subCategory },
      ];
    });
    const rows = chainErrorRows(world, "m", answers);
    expect(rows.map(({ split }) => split)).toEqual(["seen", "unseen"]);
    for (const row of rows) {
      const classes = world.subCategories.filter(({ seen }) => seen === (row.split === "seen")).length;
      expect(row.items).toBe(3 * classes);
      expect(row.counts).toMatchObject({ right: classes, candidates: classes, malformed: classes });
      expect(Object.values(row.counts).reduce((a, b) => a + b, 0)).toBe(row.items);
      expect(Object.values(row.shares).reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
    }
    // Every right answer about a seen class names a seen one; about an unseen class it never does.
    expect(rows[0]!.seenNames).toBeGreaterThanOrEqual(rows[0]!.counts["right"]!);
    expect(rows[1]!.seenNames).toBeLessThanOrEqual(rows[1]!.items - 2 * rows[1]!.counts["right"]!);
  });
});

describe("chainAnswers", () => {
  it("finds the class of each record, keeps shown options, and refuses another world's records", () => {
    const record = { id: "i", domain: truth.superCategory, truth: truth.name, options: null, output: "text" };
    expect(chainAnswers(world, [record, { ...record, options: ["a b"] }])).toEqual([
      { text: "text", truth },
      { text: "text", truth, options: ["a b"] },
    ]);
    expect(() => chainAnswers(world, [{ ...record, truth: "no body" }])).toThrow('i: is about "no body"');
  });
});
