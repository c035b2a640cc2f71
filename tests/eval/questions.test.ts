import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { GeneralQuestion, QuestionKind } from "../../src/data/questions";
import { wilson } from "../../src/eval/intervals";
import { askQuestions, countAnswers, isRight, questionMeasurements } from "../../src/eval/questions";
import type { QuestionAsking } from "../../src/eval/questions";
import { ruleModel } from "./helpers";

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "questions-"));
});
afterEach(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

const pixel = () => Promise.resolve({ width: 1, height: 1, data: Uint8Array.of(7, 0, 0) });
const KINDS: QuestionKind[] = [
  { name: "its", title: "its", need: "recognition" },
  { name: "read", title: "read", need: "reading" },
  { name: "know", title: "know", need: "text" },
];
const its = (id: string, more: Partial<GeneralQuestion> = {}): GeneralQuestion => ({
  ...{ id, kind: "its", domain: "bird", seen: true, truth: "red", load: pixel },
  user: { question: "bird ?", then: (named) => `of ${named}` },
  ...more,
});
const read: GeneralQuestion = { id: "read", kind: "read", domain: "car", seen: null, load: pixel, user: "<image> colour", truth: "blue" }; // prettier-ignore
const know: GeneralQuestion = { id: "know", kind: "know", domain: "bird", seen: false, user: "members", truth: "a b , c" }; // prettier-ignore
const HOW: QuestionAsking = { promptSet: "mini", thinking: true, maxNewTokens: 9, batchSize: 2 };

describe("isRight", () => {
  it("takes the answer out of its tags on both sides, and a list in any order, with nothing left out or said twice", () => {
    const right = (output: string, truth: string): boolean => isRight({ output, truth });
    expect(right("<think> no </think> <answer> yes </answer>", "<answer> yes </answer>")).toBe(true);
    expect(right("no", "<answer> yes </answer>")).toBe(false);
    expect(right("c d , a b", "a b , c d")).toBe(true);
    for (const wrong of ["a b", "a b , c d , e", "a b , a b", "c a , b d", ""])
      expect(right(wrong, "a b , c d"), wrong).toBe(false);
  });
});

describe("askQuestions", () => {
  it("has a picture named in the usual form, and then asks about that name without the picture", async () => {
    const model = ruleModel((text) => (text.startsWith("<image> bird ? think") ? "<think> x </think> <answer> tern </answer>" : text === "of tern" ? "red" : "blue")); // prettier-ignore
    const answers = await askQuestions(model, [its("a"), read, know], HOW);
    expect(answers.map(({ id, naming, user, output }) => [id, naming, user, output])).toEqual([
      ["a", "<think> x </think> <answer> tern </answer>", "of tern", "red"],
      ["read", null, "<image> colour", "blue"],
      ["know", null, "members", "blue"],
    ]);
    const shown = model.asked.flat().map(({ messages, images }) => [messages[0]!.content, images.length]);
    expect(shown).toEqual([["<image> bird ? think", 1], ["of tern", 0], ["<image> colour", 1], ["members", 0]]); // prettier-ignore
    expect(answers.map(isRight)).toEqual([true, true, false]);
  });

  it("puts no question about a name that was not given, or that holds a tag: the answer is wrong", async () => {
    for (const said of ["no end", "<answer> </answer>", "<answer> <image> </answer>"]) {
      const model = ruleModel(() => said);
      const [answer] = await askQuestions(model, [its("a")], HOW);
      expect(answer).toMatchObject({ naming: said, user: null, output: "", tokens: 0 });
      expect(isRight(answer!)).toBe(false);
      expect(model.asked).toHaveLength(1);
    }
  });

  it("asks nothing again that is on disk, and whole batches that were cut short", async () => {
    const answersFile = path.join(folder, "answers.jsonl");
    const questions = [its("a"), its("b"), its("c"), know];
    const model = ruleModel(() => "<answer> tern </answer>");
    const whole = await askQuestions(model, questions, { ...HOW, answersFile });
    const lines = fs.readFileSync(answersFile, "utf8").split("\n");
    fs.writeFileSync(answersFile, `${lines.slice(0, 4).join("\n")}\n`); // the settings, the first batch, half the second
    const again = ruleModel(() => "<answer> tern </answer>");
    expect(await askQuestions(again, questions, { ...HOW, answersFile })).toEqual(whole);
    expect(again.asked.map((batch) => batch.length)).toEqual([1, 2]); // c is named; then both are asked
    expect(fs.readFileSync(answersFile, "utf8").split("\n")).toEqual(lines);
    const other = askQuestions(again, questions, { ...HOW, answersFile, thinking: false });
    await expect(other).rejects.toThrow(/other settings \(thinking: true → false\)/);
  });
});

describe("questionMeasurements", () => {
  it("counts by kind and by need: of each split, of each domain, and all alike", async () => {
    // its: seen birds 2 of 3 right, unseen cars 0 of 1; read: 1 of 1, of no class
    const questions = [
      ...["1", "2", "3"].map((id) => its(id, id === "3" ? { truth: "green" } : {})),
      its("4", { domain: "car", seen: false, truth: "green" }),
      read,
    ];
    const model = ruleModel((text) => (text.includes("?") ? "<answer> x </answer>" : text.includes("of") ? "red" : "blue")); // prettier-ignore
    const counts = countAnswers(await askQuestions(model, questions, HOW), KINDS);
    expect(counts).toEqual([
      { kind: "its", need: "recognition", domain: "bird", seen: true, right: 2, n: 3 },
      { kind: "its", need: "recognition", domain: "car", seen: false, right: 0, n: 1 },
      { kind: "read", need: "reading", domain: "car", seen: null, right: 1, n: 1 },
    ]);
    const rows = questionMeasurements({ counts });
    const of = (setting: string, split: string, domain: string) =>
      rows.filter((row) => row.setting === setting && row.metric === metric && row.split === split && row.domain === domain); // prettier-ignore
    const metric = "recognition";
    for (const setting of ["general", "general, its"]) {
      expect(of(setting, "seen", "items")).toEqual([
        { metric, setting, split: "seen", domain: "items", ...wilson(2, 3) },
      ]);
      expect(of(setting, "unseen", "car")).toMatchObject([{ value: 0, n: 1 }]);
      expect(of(setting, "all", "items")).toMatchObject([{ value: 2 / 4, n: 4 }]);
      expect(of(setting, "all", "mean")[0]!.value).toBeCloseTo((2 / 3 + 0) / 2, 12); // both splits alike
    }
    // of no class: neither split, once over all
    expect(
      rows
        .filter((row) => row.setting === "general" && row.metric === "reading")
        .map(({ split, domain }) => [split, domain]),
    ).toEqual([
      ["all", "car"],
      ["all", "mean"],
      ["all", "items"],
    ]);
    expect(rows.some((row) => row.metric === "text")).toBe(false); // none was asked
  });
});
