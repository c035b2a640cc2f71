import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random";
import { writeChain } from "../../src/miniworld/chain";
import { alike, smokeWorld } from "./worlds";

const truth = smokeWorld.subCategories[2]!;
const other = alike(smokeWorld, truth)[1]!;
const text = writeChain(smokeWorld, truth, { random: new Random(5) });
const wrongSteps = (changed: string) =>
  smokeWorld.chains
    .mark(changed, truth)!
    .filter(({ wrong }) => wrong !== null)
    .map(({ kind, wrong }) => `${kind}: ${wrong ?? ""}`);

describe("the judge of a world", () => {
  it("gives an analysis, the candidates, a recall and a count for each of the four, and the last step", () => {
    const steps = smokeWorld.chains.mark(text, truth)!;
    expect(steps.map(({ kind }) => kind)).toEqual([
      "analysis",
      "candidates",
      ...["recall", "count", "recall", "count", "recall", "count", "recall", "count"],
      "last",
    ]);
    expect(steps.every(({ wrong }) => wrong === null)).toBe(true);
    expect(steps.at(-1)?.text).toBe(truth.name);
  });

  it("marks each wrong step by itself and says what would be right", () => {
    expect(wrongSteps(text.replace("fits 5", "fits 3"))).toEqual(["count: 5 values match"]);
    expect(wrongSteps(text.replace(/prediction \w+ \w+/, `prediction ${other}`))).toEqual([
      `last: it is ${truth.name}`,
    ]);
    const blind = text.replace(/(short|medium|long)(?= candidates)/, (tail) => (tail === "long" ? "short" : "long"));
    // the counts no longer follow from what is seen: of the truth's own five values four match now
    expect(wrongSteps(blind)).toContain("count: 4 values match");
    expect(wrongSteps(blind)[0]).toMatch(/^analysis: the picture shows \w+ \w+ \w+ \w+ \w+$/);
  });

  it("has nothing to mark in a text that is no chain", () => {
    expect(smokeWorld.chains.mark(`<answer> ${truth.name} </answer>`, truth)).toBeUndefined();
  });
});
