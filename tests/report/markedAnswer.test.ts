import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random";
import type { MarkedStep } from "../../src/data/chains";
import { writeChain } from "../../src/miniworld/chain";
import { chainLines, markAnswer } from "../../src/report/markedAnswer";
import { answer } from "../eval/helpers";
import { smokeWorld } from "../miniworld/worlds";

const [item] = smokeWorld.test("unseen");
const { subCategory } = item!.image;
const chain = writeChain(smokeWorld, subCategory, { random: new Random(3) });
const mark = (output: string, thinking = true) => {
  const said = answer({ truth: item!.groundTruth, domain: subCategory.superCategory, output });
  return markAnswer(said, subCategory, { thinking, classes: smokeWorld.subCategories }, smokeWorld.chains);
};

describe("markAnswer", () => {
  it("tells a right answer from a right chain, and says what would be right", () => {
    expect(mark(chain)).toMatchObject({ right: true, verdict: "right answer, right chain", firstWrong: "right" });
    const wrong = mark(chain.replace("fits 5", "fits 3")); // the truth's own five values fit, whatever the chain says
    expect(wrong).toMatchObject({
      right: true,
      verdict: "right answer, wrong count",
      firstWrong: "count",
      output: null,
    });
    expect(wrong.lines!.flat().filter((step) => step.wrong !== null)).toEqual([
      { kind: "count", text: "fits 3", wrong: "5 values match" },
    ]);
  });

  it("shows a text that is no chain as it was written, control characters written out", () => {
    expect(mark("<think> so \u001b[2J long")).toEqual({
      ...{ answer: null, right: false, verdict: "wrong answer, no chain", firstWrong: "malformed" },
      ...{ lines: null, output: "<think> so \\u001b[2J long" },
    });
  });

  it("looks for no chain where none was asked for", () => {
    const bare = { verdict: "wrong answer", firstWrong: null, lines: null, right: false };
    expect(mark("<answer> nobody </answer>", false)).toEqual({ ...bare, answer: "nobody", output: null });
    const more = "it is <answer>nobody</answer>, I think";
    expect(mark(more, false)).toEqual({ ...bare, answer: "nobody", output: more });
  });
});

describe("chainLines", () => {
  const steps = (...kinds: string[]): MarkedStep[] => kinds.map((kind) => ({ kind, text: kind, wrong: null }));
  const kinds = (...given: string[]): string[] =>
    chainLines(steps(...given)).map((line) => line.map(({ kind }) => kind).join(" "));

  it("put the steps of a round that comes again on one line, every other step on its own", () => {
    expect(kinds("analysis", "candidates", "recall", "count", "recall", "count", "last")).toEqual([
      "analysis",
      "candidates",
      "recall count",
      "recall count",
      "last",
    ]);
    expect(kinds("look", "look", "say")).toEqual(["look", "look", "say"]);
    expect(kinds("recall", "count", "last")).toEqual(["recall", "count", "last"]);
    expect(kinds()).toEqual([]);
  });
});
