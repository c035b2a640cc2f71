import * as path from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { readJson } from "../../src/core/files";
import { MME_SUBTASKS } from "../../src/data/benchmarks/mme";
import type { QuestionKind } from "../../src/data/questions";
import { benchmarkMeasurements } from "../../src/eval/benchmarks";
import { wilson } from "../../src/eval/intervals";
import { countAnswers, type QuestionAnswer } from "../../src/eval/questions";

/** MME's tool on drawn answers (`tests/reference/benchmarks/record.py`): picture, truth, what was said, by subtask. */
const MME = z
  .strictObject({
    answers: z.record(z.string(), z.array(z.tuple([z.string(), z.string(), z.string()]))),
    perception: z.number(),
    cognition: z.number(),
    subtasks: z.record(z.string(), z.number()),
  })
  .parse(readJson(path.resolve(__dirname, "../reference/benchmarks/mme.json")));

const said = (fields: Pick<QuestionAnswer, "id" | "kind" | "domain" | "truth" | "output"> & Partial<QuestionAnswer>): QuestionAnswer => ({
  ...{ seen: null, naming: null, user: "?", tokens: 1, finish: "stop" },
  ...fields,
}); // prettier-ignore
const kinds = (names: readonly string[]): QuestionKind[] => names.map((name) => ({ name, title: name, need: "reading" })); // prettier-ignore

describe("MME", () => {
  const domainOf = (subtask: string): string => Object.entries(MME_SUBTASKS).find(([, names]) => (names as readonly string[]).includes(subtask))![0]; // prettier-ignore
  const answers = Object.entries(MME.answers).flatMap(([kind, lines]) =>
    lines.map(([picture, truth, output], i) => {
      const of = { kind, domain: domainOf(kind), group: `${kind}/${picture}` };
      const choice = { rule: "yesNo" as const, options: ["yes", "no"] };
      return said({ id: `${kind}/${i}`, truth: truth.toLowerCase(), output, choice, ...of });
    }),
  );
  const rows = benchmarkMeasurements("mme", { counts: countAnswers(answers, kinds(Object.keys(MME.answers))) });
  const value = (metric: string, domain: string): number => rows.find((one) => one.metric === metric && one.domain === domain)!.value; // prettier-ignore

  it("is scored as its own tool scores it: each subtask, and both sums", () => {
    for (const [subtask, score] of Object.entries(MME.subtasks)) {
      expect(value("mmeScore", subtask), subtask).toBeCloseTo(score, 9);
      expect(100 * (value("mmeAccuracy", subtask) + value("mmeAccuracyPlus", subtask))).toBeCloseTo(score, 9);
    }
    expect(value("mmeScore", "perception")).toBeCloseTo(MME.perception, 9);
    expect(value("mmeScore", "cognition")).toBeCloseTo(MME.cognition, 9);
    expect(rows.some(({ domain }) => domain === "items")).toBe(false);
  });

  it("gives the score an interval over pictures", () => {
    // four pictures with 2, 2, 1 and 0 right answers: points 200, 200, 50, 0; mean 112.5; their standard deviation (ddof 1) is 103.08, so
    // that the half-width is 1.96 · 103.08 / √4 = 101.01; cut at 200
    const right = [2, 2, 1, 0];
    const four = right.flatMap((count, i) =>
      [0, 1].map((which) => said({
        ...{ id: `${i}/${which}`, kind: "color", domain: "perception", group: String(i), truth: "yes" },
        ...{ output: which < count ? "yes" : "no", choice: { rule: "yesNo", options: ["yes", "no"] } },
      })),
    ); // prettier-ignore
    const [score] = benchmarkMeasurements("mme", { counts: countAnswers(four, kinds(["color"])) });
    expect(score).toMatchObject({ metric: "mmeScore", domain: "perception", value: 112.5, high: 200, n: 8 });
    expect(score!.low).toBeCloseTo(112.5 - 101.01, 1);
  });
});

describe("MMBench", () => {
  it("counts a question that is answered right in each circular order, and tells what could not be read", () => {
    const options = ["red", "green"];
    const ask = (id: string, group: string, truth: string, output: string): QuestionAnswer =>
      said({ id, group, truth, output, kind: "k", domain: "c", choice: { rule: "letter", options } });
    const counts = countAnswers(
      [ask("1", "1", "A", "A."), ask("1000001", "1", "B", "B"), ask("2", "2", "A", "A"), ask("1000002", "2", "B", "A"), ask("3", "3", "A", "hm"), ask("1000003", "3", "B", "B")],
      kinds(["k"]),
    ); // prettier-ignore
    // 4 of 6 answers are right, 1 of 3 questions in both orders; "hm" is no choice
    expect(counts).toEqual([
      { kind: "k", need: "reading", domain: "c", seen: null, right: 4, n: 6, unread: 1, groups: 3, groupsRight: 1 },
    ]);
    const rows = benchmarkMeasurements("mmbench", { counts });
    expect(rows.find(({ metric, domain }) => metric === "mmbench" && domain === "items")).toEqual({
      ...{ setting: "mmbench", metric: "mmbench", split: "all", domain: "items" },
      ...wilson(1, 3),
    });
    expect(rows.find(({ metric, domain }) => metric === "mmbenchPlain" && domain === "k")).toMatchObject(wilson(4, 6));
  });
});
