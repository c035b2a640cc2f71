import * as fs from "node:fs";
import * as path from "node:path";
import { Command } from "commander";
import { expect, it, vi } from "vitest";
import { addChainsCommand } from "../../src/cli/dataChains";
import { readCotRecords } from "../../src/cot/records";
import { RELEASED_FIXTURE } from "../cot/releasedFixture";
import { cubFolder } from "../data/setsFixture";
import { temporaryFolder } from "../data/folderFixture";

/** What the command prints. */
async function chains(...args: readonly string[]): Promise<string> {
  const printed: string[] = [];
  const log = vi.spyOn(console, "log").mockImplementation((line: string) => void printed.push(line));
  try {
    const program = new Command();
    addChainsCommand(program);
    await program.parseAsync(["chains", ...args], { from: "user" });
  } finally {
    log.mockRestore();
  }
  return printed.join("\n");
}

/** The cells of the table's line that begins so. */
const cells = (text: string, name: string): string[] | undefined =>
  text.split("\n").find((line) => line.startsWith(`${name} `))?.split(/\s{2,}/); // prettier-ignore

it("counts findings by the folder of the pictures, and writes them down one by one", async () => {
  const folder = temporaryFolder();
  const file = path.join(folder, "stage1.json");
  fs.writeFileSync(file, JSON.stringify(RELEASED_FIXTURE));
  const printed = await chains(file, "--out", path.join(folder, "out"));
  // a chain each of birds/, boats/, dogs/ and planes/; what is found of each stands in releasedFindings.test.ts
  expect(cells(printed, "chains")).toEqual(["chains", "1", "1", "1", "1", "4"]);
  expect(cells(printed, "wrong prediction")).toEqual(["wrong prediction", "1", "1", "0", "1", "3"]);
  expect(cells(printed, "label not among candidates")).toEqual(["label not among candidates", "0", "1", "0", "1", "2"]);
  expect(cells(printed, "none of these")).toEqual(["none of these", "0", "0", "1", "0", "1"]);
  expect(printed).toContain("no candidates: no list of candidates is to be found");
  expect(printed).toMatch(/4 chains with 4 answers, of \d+ to \d+ words/);
  expect(cells(printed, "mixed language")).toBeUndefined();
  const csv = fs.readFileSync(path.join(folder, "out/findings.csv"), "utf8").trim().split("\n");
  expect(csv).toHaveLength(1 + 8); // 1 + 4 + 3 + 0 findings, as releasedFindings.test.ts has them
  expect(csv[1]).toBe("birds/001.jpg,Marsh Lark,wrong prediction,The bird is the Marsh Lark.");
  expect(fs.existsSync(path.join(folder, "out/records.jsonl"))).toBe(false);
});

it("imports the chains about a dataset's training pictures", async () => {
  const root = await cubFolder();
  const file = path.join(root, "stage1.json");
  const [first] = structuredClone(RELEASED_FIXTURE) as { images: string[] }[];
  fs.writeFileSync(file, JSON.stringify([{ ...first, images: ["a/Mallard_0001_301.jpg"] }, RELEASED_FIXTURE[1]]));
  // four of the five birds are seen, at seed 1 the mallard among them
  const spec = `cub:${root}?chains=stage1.json&seenFraction=0.8`;
  const printed = await chains(file, "--dataset", spec, "--out", path.join(root, "out"));
  const records = readCotRecords(path.join(root, "out/records.jsonl"));
  expect(printed).toContain(`${records.length} of 2 chains are about a training picture of CUB-200-2011`);
  expect(records.map(({ imageId }) => imageId)).toEqual(["cub/images/004.Mallard/Mallard_0001_301.jpg"]);
  expect(cells(printed, "no training picture")?.at(-1)).toBe("1");
  expect(cells(printed, "another name")?.at(-1)).toBe("1"); // the chain says Marsh Lark
});

it("writes nothing that a spreadsheet would calculate", async () => {
  const folder = temporaryFolder();
  const file = path.join(folder, "stage1.json");
  const [first] = structuredClone(RELEASED_FIXTURE) as { images: string[] }[];
  fs.writeFileSync(file, JSON.stringify([{ ...first, images: ["=1+1.jpg"] }]));
  await chains(file, "--out", folder);
  expect(fs.readFileSync(path.join(folder, "findings.csv"), "utf8")).toContain("\n'=1+1.jpg,");
});
