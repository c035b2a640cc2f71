import * as fs from "node:fs";
import * as path from "node:path";
import { beforeAll, expect, it } from "vitest";
import { silent } from "../../../src/core/progress";
import type { CotRecord } from "../../../src/cot/records";
import { RELEASE } from "../../../src/cot/releasedFindings";
import { openDataset } from "../../../src/lab/datasets";
import { loadProfile } from "../../../src/lab/profile";
import { exportLlamaFactory } from "../../../src/lab/trainers/write";
import { temporaryFolder } from "../../data/folderFixture";

/** Chains of a reader's own file, about the pictures of the profile smoke. */
let records: CotRecord[] = [];
beforeAll(async () => {
  const { train } = await openDataset("miniworld:smoke");
  records = train.slice(0, 2).map(({ id, subCategory: { name, superCategory } }) => ({
    ...{ version: 1, imageId: id, question: "bird ?", label: name, superCategory, concepts: [] },
    stages: { analysis: "white", candidates: [name], comparison: "long", prediction: name },
    text: `<think>white</think> <answer>${name}</answer>`,
    provenance: { teacher: "me", attempts: 1, seed: 1 },
  }));
});

/** What comes of exporting some records: how much there is, or why not. */
async function exported(some: readonly CotRecord[]): Promise<string> {
  const home = temporaryFolder();
  const file = path.join(home, "own.jsonl");
  fs.writeFileSync(file, some.map((record) => `${JSON.stringify(record)}\n`).join(""));
  const profile = loadProfile("smoke", { "sft.batchSize": 4, "sft.microBatchSize": 4 });
  const context = { store: path.join(home, "store"), progress: silent };
  const about = { profile, seed: 1, context, make: false, words: "", model: "BASE", gpus: 1, leave: [] };
  const folder = path.join(home, "out");
  try {
    return (await exportLlamaFactory({ ...about, folder }, file)).what;
  } catch (error) {
    expect(fs.existsSync(folder)).toBe(false);
    return String(error);
  }
}

it("are taken, one of a picture and about its class", async () => {
  expect(await exported(records)).toBe("2 chains of thought, 2 pictures");
});

it("are refused by the picture and what is wrong with its chain", async () => {
  const [first, second] = records as [CotRecord, CotRecord];
  const { imageId, label } = first;
  expect(await exported([first, second, first])).toContain(
    `${imageId}: has a second chain of thought. Correct that record of`,
  );
  const shows = `${imageId}: shows "${label}", and its chain of thought is about "albatross"`;
  expect(await exported([{ ...first, label: "albatross" }])).toContain(shows);
  const marked = { ...first, text: `<image> ${first.text}` };
  expect(await exported([marked])).toContain(`${imageId}: has a chain of thought with <image>`);
});

it("of the release are taken as they are: what is found of them is told by another command", async () => {
  const [first] = records as [CotRecord];
  const released = { ...first, provenance: { ...first.provenance, teacher: RELEASE } };
  expect(await exported([released, { ...released, label: "albatross" }])).toMatch(/^2 chains of thought/u);
});
