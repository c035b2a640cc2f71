import * as path from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { readJson } from "../../src/core/files";
import type { Choice } from "../../src/data/questions";
import { chosenIn } from "../../src/eval/choice";

const read = z.record(z.string(), z.string().nullable());
/** What the benchmarks' own tools read off answers (`tests/reference/benchmarks/record.py`, with the commits). */
const RECORDED = z
  .strictObject({ options: z.array(z.string()), letter: read, lastLetter: read, yesNo: read })
  .parse(readJson(path.resolve(__dirname, "../reference/benchmarks/choices.json")));
const { options } = RECORDED;
const letter: Choice = { rule: "letter", options };
const lastLetter: Choice = { rule: "lastLetter", options };
const yesNo: Choice = { rule: "yesNo", options: ["yes", "no"] };

describe("chosenIn", () => {
  it("reads letters as VLMEvalKit does; its letter Z for none of them is no choice", () => {
    const theirs = Object.entries(RECORDED.letter).map(([answer, said]) => [answer, said === "Z" ? null : said]);
    expect(theirs.length).toBeGreaterThan(60);
    expect(theirs.filter(([, said]) => said === null).length).toBeGreaterThan(15);
    expect(theirs.map(([answer]) => [answer, chosenIn(answer!, letter)])).toEqual(theirs);
  });

  it("reads letters as ImageWikiQA's evaluation does, and as VLMEvalKit does where that draws one", () => {
    for (const [answer, said] of Object.entries(RECORDED.lastLetter)) {
      expect(chosenIn(answer, lastLetter), answer).toBe(said ?? chosenIn(answer, letter));
    }
    // what the two do not have alike: the last of two letters, and a letter with a dot
    expect([chosenIn("A or B", lastLetter), chosenIn("A or B", letter)]).toEqual(["B", null]);
    expect([RECORDED.lastLetter["A. red fox"], chosenIn("A. red fox", lastLetter)]).toEqual([null, "A"]);
  });

  it("reads yes and no as MME's tool does", () => {
    const theirs = Object.entries(RECORDED.yesNo).map(([answer, said]) => [answer, said === "other" ? null : said]);
    expect(theirs.map(([answer]) => [answer, chosenIn(answer!, yesNo)])).toEqual(theirs);
  });

  it("looks into the answer's tags and not into a chain of thought", () => {
    expect(chosenIn("<think> A, or no: B </think> <answer> C </answer>", letter)).toBe("C");
    expect(chosenIn("<think> the answer is B", letter)).toBe(null); // cut before it answered
    expect(chosenIn("<answer>Yes.</answer>", yesNo)).toBe("yes");
    expect(chosenIn("<think>yes</think>", yesNo)).toBe(null);
  });
});
