import * as fs from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { namesLabel } from "../../src/cot/names";
import { readReleased, recoverStages, type RecoveredStages, type ReleasedRecord } from "../../src/cot/released";
import { RELEASED_FIXTURE } from "./releasedFixture";

let folder: string;
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(tmpdir(), "cot-"));
});
afterAll(() => {
  fs.rmSync(folder, { recursive: true });
});

/** A file in the temporary folder that holds the value as JSON. */
function written(value: unknown): string {
  const file = path.join(folder, "stage1.json");
  fs.writeFileSync(file, JSON.stringify(value));
  return file;
}

describe("the released stage-1 records", () => {
  const read = (): ReleasedRecord[] => readReleased(written(RELEASED_FIXTURE));
  const recovered = (): RecoveredStages[] => read().map((record) => recoverStages(record.thinking));

  it("are read with picture, question, chain and answer, without the marks around them", () => {
    const [first, , , last] = read();
    expect(first).toMatchObject({ image: "birds/001.jpg", question: "Which bird is this?", answer: "Marsh Lark" });
    expect(first?.system).toContain("thinks first");
    expect(first?.thinking.startsWith("Analysis of Visual Features:")).toBe(true);
    expect(first?.text).toContain("<answer>Marsh Lark</answer>");
    expect(last?.thinking.endsWith("The prediction is: Snow Terrier")).toBe(true);
  });

  it("give back their stages, whichever of the release's forms they have", () => {
    expect(recovered().map(({ stages, missing }) => [stages.candidates ?? [], missing])).toEqual([
      [["Marsh Lark", "Hill Lark", "Sand Lark", "Crag Lark"], []],
      [[], ["candidates"]],
      [["Kestrel 40 (long body)", "Kestrel 60", "Heron 7"], []],
      [["Snow Terrier (Snowy)", "Lap Hound"], []],
    ]);
  });

  it("take the last list where candidates are listed twice", () => {
    const { stages } = recovered()[0]!;
    expect(stages.analysis?.endsWith("The bars leave two.")).toBe(true);
    expect(stages.comparison).toBe("The Marsh Lark fits best, by its bill.");
    expect(stages.prediction).toBe("The bird is the Marsh Lark.");
  });

  it("lose no text: each recovered stage stands in the record, in order", () => {
    read().forEach(({ thinking }, index) => {
      const { analysis = "", comparison = "", prediction = "" } = recovered()[index]!.stages;
      const at = [analysis, comparison, prediction].map((part) => thinking.lastIndexOf(part));
      expect(
        at.every((offset) => offset >= 0),
        String(index),
      ).toBe(true);
      expect(at[0]! + analysis.length <= at[1]! && at[1]! + comparison.length <= at[2]!, String(index)).toBe(true);
    });
  });

  it("tell a candidate that is the label, a note in parentheses allowed, from one that only resembles it", () => {
    const exact = read().map(({ answer }, i) => recovered()[i]!.stages.candidates?.some((c) => namesLabel(c, answer)));
    // The third label has the year in front, as the release's cars have; the second chain names no candidate.
    expect(exact).toEqual([true, undefined, false, true]);
  });

  it("are refused when the file is another", () => {
    const turn = (role: string, content: string): object => ({ role, content });
    const messages = [turn("system", "s"), turn("user", "<image>q"), turn("assistant", "no tags")];
    expect(() => readReleased(written({}))).toThrow("is not a list of records");
    expect(() => readReleased(written([{ messages, images: [] }]))).toThrow(
      /: record 0: key images.*\. Give the stage-1 file/,
    );
    expect(() => readReleased(written([{ messages, images: ["a.jpg"] }]))).toThrow("record 0 is not <think>");
  });
});
