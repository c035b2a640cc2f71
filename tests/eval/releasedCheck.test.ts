import * as fs from "node:fs";
import * as path from "node:path";
import { describe, expect, it } from "vitest";
import { readReleasedFolder } from "../../src/data/releasedLines";
import { shownOptions } from "../../src/eval/asking";
import { checkReleased, inBothSplits } from "../../src/eval/releasedCheck";
import { temporaryFolder } from "../data/folderFixture";

const line = (picture: string, options: readonly string[], truth = options[0]): string =>
  JSON.stringify({ image_path: `birds/${picture}.jpg`, question: "What is it?", options, ground_truth: truth });

function folderOf(files: Readonly<Record<string, readonly string[]>>): string {
  const folder = temporaryFolder();
  for (const [name, lines] of Object.entries(files)) fs.writeFileSync(path.join(folder, name), lines.join("\n"));
  return folder;
}

describe("released lines", () => {
  it("are counted; what is odd about them is told, and each malformed line by its number", () => {
    const folder = folderOf({
      "bird_seen.jsonl": [
        line("1", ["Tern", "Gull", "Auk", "Owl"]),
        line("2", ["Gull", "Ivory Gull", "Auk", "Owl"]), // "gull" stands in "ivory gull"
        "",
        line("3", ["Tern", "Gull", "Gull", "Owl"], "Owl"),
        line("3", ["Tern", "Gull", "Auk", "Owl"], "Crow"),
        "{ torn",
        JSON.stringify({ image_path: "x", question: "?", options: ["a", "b"] }),
        JSON.stringify({ image_path: "x", question: "?", options: ["a"], ground_truth: "a" }),
      ],
      "bird_unseen.jsonl": [line("9", ["owl", "crow", "auk", "tern"])],
      "other.jsonl": [],
      "readme.txt": ["x"],
    });
    const files = readReleasedFolder(folder);
    const [seen, unseen, other] = files.map((file) => checkReleased(file));
    expect(seen).toMatchObject({ set: "bird", split: "seen", items: 4, classes: 4, withoutTruth: 1, insideOthers: 1 });
    expect(seen).toMatchObject({ repeatedOptions: 1, repeatedPictures: 1, firstAsReleased: 2 });
    expect(seen!.malformed.map(({ line: number }) => number)).toEqual([6, 7, 8]);
    expect(seen!.malformed.map(({ reason }) => reason).join("\n")).toMatch(/JSON.*\n.*ground_truth.*\n.*options/u);
    expect(unseen).toMatchObject({ set: "bird", split: "unseen", items: 1, firstAsReleased: 1 });
    expect(other).toMatchObject({ set: "other", split: null, items: 0 });
    expect(inBothSplits(files)).toEqual([]); // "Owl" and "owl" are not the same text
    expect(() => readReleasedFolder(temporaryFolder())).toThrow(/holds no \.jsonl file/);
    expect(() => readReleasedFolder("/nowhere")).toThrow(/cannot be read/);
  });

  it("stand in our order as they are asked: the right one is first in about a quarter", () => {
    const lines = Array.from({ length: 400 }, (_, i) => line(`${i}`, ["Tern", "Gull", "Auk", "Owl"]));
    const files = readReleasedFolder(folderOf({ "bird_seen.jsonl": lines, "bird_unseen.jsonl": lines.slice(0, 1) }));
    const found = checkReleased(files[0]!);
    expect(found.firstAsReleased).toBe(400);
    // binomial, n = 400, p = ¼: standard deviation 8.7, so that four of it are 35
    expect(Math.abs(found.firstShuffled - 100)).toBeLessThan(35);
    const shown = lines.filter((_, i) => shownOptions({ id: `birds/${i}.jpg`, options: ["Tern", "Gull", "Auk", "Owl"] }, {})[0] === "Tern"); // prettier-ignore
    expect(found.firstShuffled).toBe(shown.length);
    expect(inBothSplits(files)).toEqual([{ set: "bird", classes: ["Tern"], pictures: ["birds/0.jpg"] }]);
  });
});
