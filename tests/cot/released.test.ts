import { describe, expect, it } from "vitest";
import { namesLabel } from "../../src/cot/names";
import { readReleased, recoverStages } from "../../src/cot/released";
import { tmpdir } from "node:os";
import * as fs from "node:fs";
import * as path from "node:path";

const FILE = "../shared/data/fine-r1-release/Fine-R1-Stage1-data.json";

describe("the released stage-1 records", () => {
  const records = readReleased(FILE);
  const chains = records.map((record) => recoverStages(record.thinking));

  it("are 404, one a class, of the counts the release is known for", () => {
    // Counts: notes/paper-vs-release.md, "Stage-1 data".
    expect(records).toHaveLength(404);
    expect(new Set(records.map(({ answer }) => answer)).size).toBe(404);
    const of = (part: string): number => records.filter(({ image }) => image.includes(part)).length;
    expect([of("stanford_cars"), of("bird"), of("dog"), of("fgvc-aircraft"), of("flower"), of("pet")]).toEqual([
      117, 86, 70, 60, 59, 12,
    ]);
    expect(records.every(({ question }) => question !== "" && !question.includes("<image>"))).toBe(true);
  });

  it("give back all four stages in all but two, where the teacher named no candidate", () => {
    const partial = chains.flatMap(({ missing }, index) => (missing.length === 0 ? [] : [{ index, missing }]));
    // Read by eye: in 16 and 54 the teacher says that the image shows no aeroplane and lists nothing.
    expect(partial).toEqual([
      { index: 16, missing: ["candidates"] },
      { index: 54, missing: ["candidates"] },
    ]);
  });

  it("list four candidates, but for four records", () => {
    // Read by eye: 50 lists two variants of the 737, 176 three models of a maker.
    const other = chains.flatMap(({ stages }, index) => {
      const count = stages.candidates?.length ?? 0;
      return count === 4 ? [] : [[index, count]];
    });
    expect(other).toEqual([
      [16, 0],
      [50, 2],
      [54, 0],
      [176, 3],
    ]);
  });

  it("give the first record's stages as they stand in the file", () => {
    // Record 0 lists its candidates twice; the marked list, on one line, comes last.
    const { stages } = chains[0]!;
    expect(stages.candidates).toEqual([
      "Eurofighter Typhoon",
      "Dassault Rafale",
      "Saab JAS 39 Gripen",
      "Lockheed Martin F-35 Lightning II",
    ]);
    expect(stages.analysis?.startsWith("Analysis of Visual Features:")).toBe(true);
    expect(stages.comparison?.startsWith("The Eurofighter Typhoon matches the observed features")).toBe(true);
    expect(stages.prediction).toBe("The aircraft is identified as the Eurofighter Typhoon.");
  });

  it("lose no text: each recovered stage stands in the record, in order", () => {
    records.forEach(({ thinking }, index) => {
      const { analysis = "", comparison = "", prediction = "" } = chains[index]!.stages;
      const at = [analysis, comparison, prediction].map((part) => thinking.lastIndexOf(part));
      expect(
        at.every((offset) => offset >= 0),
        String(index),
      ).toBe(true);
      expect(at[0]! + analysis.length <= at[1]! && at[1]! + comparison.length <= at[2]!, String(index)).toBe(true);
    });
  });

  it("do not keep the paper's own rule: the label is named exactly among the candidates in less than half", () => {
    // A finding about the release, pinned so that a change of the reader shows: 198 of 404 (a note in parentheses
    // allowed); cars with their years and flowers under Latin names make up most of the rest.
    const exact = records.filter(({ answer }, i) => chains[i]!.stages.candidates?.some((c) => namesLabel(c, answer)));
    expect(exact).toHaveLength(198);
  });

  it("are refused when the file is another", () => {
    const folder = fs.mkdtempSync(path.join(tmpdir(), "cot-"));
    const write = (value: unknown): string => {
      const file = path.join(folder, "x.json");
      fs.writeFileSync(file, JSON.stringify(value));
      return file;
    };
    const turn = (role: string, content: string): object => ({ role, content });
    const messages = [turn("system", "s"), turn("user", "<image>q"), turn("assistant", "no tags")];
    expect(() => readReleased(write({}))).toThrow("is not a list of records");
    expect(() => readReleased(write([{ messages, images: [] }]))).toThrow("record 0");
    expect(() => readReleased(write([{ messages, images: ["a.jpg"] }]))).toThrow("record 0 is not <think>");
    fs.rmSync(folder, { recursive: true });
  });
});
