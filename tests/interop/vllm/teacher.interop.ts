import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { silent } from "../../../src/core/progress";
import { REJECTION_REASONS } from "../../../src/cot/checks";
import { readCotRecords } from "../../../src/cot/records";
import { groupByClass } from "../../../src/data/fewshot";
import { openDataset } from "../../../src/lab/datasets";
import { labOf } from "../../../src/lab/lab";
import { make } from "../../../src/lab/make";
import { loadProfile } from "../../../src/lab/profile";
import { chains } from "../../../src/lab/recipe";
import { curationTable } from "../../../src/report/steps";
import { toText } from "../../../src/report/table/text";
import { makeBadTeacher } from "./badTeacher";
import { serveVllm, type RunningVllm } from "./server";

const NAME = "bad-teacher";
/** Every so many-th of the 144 seen classes: twelve of them, and of these every third was trained on. */
const EVERY = 12;

describe("a teacher behind vLLM", () => {
  let folder = "";
  let server: RunningVllm;
  beforeAll(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "interop-teacher-"));
    const dataset = await openDataset("miniworld:test");
    const classes = [...groupByClass(dataset.train).values()].filter((_, i) => i % (3 * EVERY) === 0);
    const items = classes.flatMap(([image]) =>
      image === undefined ? [] : [{ image, question: dataset.question(image) }],
    );
    await makeBadTeacher("assets/mini/base", folder, items);
    // its prompts of 200 words and the 2048 tokens that a chain may have are more than the mini base's context
    const longer = ["--max-model-len", "4096", "--hf-overrides", '{"max_position_embeddings": 4096}'];
    server = await serveVllm(path.join(folder, "teacher"), NAME, longer);
  });
  afterAll(async () => {
    await server.stop();
    fs.rmSync(folder, { recursive: true });
  });

  it("writes chains from pictures to records; every reason to turn one down occurs, and the cost is told", async () => {
    const set = { "cot.teacher": `served:${server.url}#${NAME}`, "cot.everyNthClass": EVERY, "cot.maxAttempts": 40 };
    const lab = await labOf(loadProfile("mini", set), { progress: silent, store: path.join(folder, "store") });
    const { result: report, folder: made } = await make(lab, chains(lab.recipe(1)));
    console.log(toText(curationTable(report)));
    for (const reason of REJECTION_REASONS) expect(report.rejections[reason], reason).toBeGreaterThan(0);
    expect(report).toMatchObject({ teacher: NAME, images: 12 });
    expect(report.accepted).toBeGreaterThan(0);
    expect(report.exhausted.length).toBeGreaterThan(0);
    const records = readCotRecords(path.join(made, "records.jsonl"));
    expect(records).toHaveLength(report.accepted);
    for (const { label, stages, concepts } of records) {
      expect(stages.prediction).toBe(label);
      expect(concepts.length).toBeGreaterThan(0);
    }
    const { requests = 0, promptTokens = 0, answerTokens = 0 } = report.cost ?? {};
    expect(requests).toBeGreaterThanOrEqual(12 * 5 + report.attempts / 4);
    // to its tokenizer, the sentence that asks for a description has 51 words, and Table 5's question 149 with three concepts of a word each and a name of two
    const words = 12 * 5 * 51 + (requests - 12 * 5) * 145;
    expect(promptTokens).toBeGreaterThan(words);
    expect(promptTokens).toBeLessThan(words + 40 * requests); // a picture, the template, and longer names
    expect(answerTokens).toBeGreaterThan(report.attempts);
  });
});
