import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { LabError } from "../../src/core/errors";
import { evaluateDualEncoder } from "../../src/eval/dualEncoder";
import { evaluate, shownOptions, type EvaluationOptions } from "../../src/eval/evaluate";
import { firstPositionBias } from "../../src/eval/diagnostics";
import { cosineSimilarity } from "../../src/eval/similarity";
import { ruleModel, someItems } from "./helpers";

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "eval-"));
});
afterEach(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

const CLOSED: EvaluationOptions = { world: "closed", thinking: true, promptSet: "mini", batchSize: 4 };

/** Answers with the option shown first. */
const first = (text: string): string =>
  `<think> x </think> <answer> ${/options (.*?) , /u.exec(text)?.[1] ?? ""} </answer>`;

describe("closed world", () => {
  test("'always the first option' is right on everything in the released order, and on a quarter when shuffled", async () => {
    const items = someItems(200);
    const released = await evaluate(ruleModel(first), items, { ...CLOSED, optionOrder: "released" });
    expect(released.every((r) => r.correct && r.exact && r.wellFormed && r.position === 0)).toBe(true);
    expect(firstPositionBias(released)).toMatchObject({ truthFirst: 1, bias: 0, noOption: 0 });
    const shuffled = await evaluate(ruleModel(first), items, CLOSED);
    const share = shuffled.filter((r) => r.correct).length / 200;
    expect(Math.abs(share - 0.25)).toBeLessThan(0.1); // 3.3 standard deviations of a share of 200
    const bias = firstPositionBias(shuffled);
    expect(bias.chosenFirst.value).toBe(1);
    expect(bias.bias).toBeCloseTo(1 - share, 12);
  });

  test("the order shown depends on the seed and the item alone", () => {
    const [a, b] = someItems(2);
    expect(shownOptions(a!, { seed: 1 })).toEqual(shownOptions(a!, { seed: 1 }));
    const orders = new Set(Array.from({ length: 30 }, (_, seed) => shownOptions(a!, { seed }).join()));
    expect(orders.size).toBeGreaterThan(10);
    expect([...shownOptions(b!, { seed: 3 })].sort()).toEqual([...b!.options].sort());
  });

  test("the prompt shows the options in that order, after the image", async () => {
    const model = ruleModel(() => "");
    const [record] = await evaluate(model, someItems(1), CLOSED);
    const text = model.asked[0]![0]!.messages[0]!.content;
    expect(text).toBe(`<image> car options ${record!.options!.join(" , ")} ? think`);
    expect(model.asked[0]![0]!.images[0]!.data[0]).toBe(0);
  });
});

describe("open world", () => {
  test("text inclusion and SS_relative against the dataset's super-category", async () => {
    // Vectors: the letters' sum; "car"/"bird" stand for ĉ. The answer is the truth for even items, ĉ for odd ones.
    const encode = (texts: readonly string[]): Promise<Float32Array[]> =>
      Promise.resolve(
        texts.map((t) => Float32Array.from({ length: 26 }, (_, k) => t.split(String.fromCharCode(97 + k)).length - 1)),
      );
    const items = someItems(6);
    const answers = items.map((item, i) => (i % 2 === 0 ? item.groundTruth : item.image.subCategory.superCategory));
    const model = ruleModel((_, prompt) => `<answer>${answers[prompt.images[0]!.data[0]!]!}</answer>`);
    const records = await evaluate(model, items, {
      ...CLOSED,
      world: "open",
      thinking: false,
      similarity: cosineSimilarity("letters", encode),
    });
    records.forEach((record, i) => {
      expect(record.correct).toBe(i % 2 === 0);
      expect(record.similarity).toBeCloseTo(i % 2 === 0 ? 1 : 0, 6);
      expect(record.options).toBeNull();
    });
    expect(model.asked[0]![0]!.messages[0]!.content).toBe("<image> car ? answer");
  });
});

describe("resuming", () => {
  test("a killed run goes on with the batches of an uninterrupted one, and gives its records", async () => {
    const items = someItems(10);
    const whole = await evaluate(ruleModel(first), items, CLOSED);
    const recordsFile = path.join(folder, "records.jsonl");
    let asked = 0;
    const dying = ruleModel((text) => {
      if (++asked > 6) throw new Error("killed");
      return first(text);
    });
    await expect((async () => evaluate(dying, items, { ...CLOSED, recordsFile }))()).rejects.toThrow("killed");
    // The kill also tore the second batch: one of its lines is whole, one is half written.
    fs.writeFileSync(
      recordsFile,
      `${fs.readFileSync(recordsFile, "utf8")}${JSON.stringify({ record: whole[4] })}\n{"record":{"id":"it`,
    );
    const model = ruleModel(first);
    const resumed = await evaluate(model, items, { ...CLOSED, recordsFile });
    expect(resumed).toEqual(whole);
    expect(model.asked.map((batch) => batch.length)).toEqual([4, 2]); // the first batch is not asked again
    const lines = fs.readFileSync(recordsFile, "utf8").trim().split("\n");
    expect(lines.length).toBe(1 + 10);
    const again = ruleModel(first);
    expect(await evaluate(again, items, { ...CLOSED, recordsFile })).toEqual(whole);
    expect(again.asked).toEqual([]);
  });

  test("a file of other settings is refused, and named; so is one that holds something else", async () => {
    const recordsFile = path.join(folder, "records.jsonl");
    await evaluate(ruleModel(first), someItems(2), { ...CLOSED, recordsFile });
    const other = async (): Promise<unknown> =>
      evaluate(ruleModel(first), someItems(2), { ...CLOSED, recordsFile, seed: 7 });
    await expect(other()).rejects.toThrow(LabError);
    await expect(other()).rejects.toThrow(/records\.jsonl.*seed: 42 → 7/u);
    fs.writeFileSync(recordsFile, '{"x":1}\n');
    await expect(other()).rejects.toThrow(/line 1/u);
  });

  test("an abort stops between batches and keeps what is done", async () => {
    const recordsFile = path.join(folder, "records.jsonl");
    const controller = new AbortController();
    const model = ruleModel((text) => {
      controller.abort();
      return first(text);
    });
    const run = async (): Promise<unknown> =>
      evaluate(model, someItems(8), { ...CLOSED, recordsFile, signal: controller.signal });
    await expect(run()).rejects.toThrow(/abort/iu);
    expect(fs.readFileSync(recordsFile, "utf8").trim().split("\n").length).toBe(1 + 4);
  });

  test("progress counts items", async () => {
    const seen: number[] = [];
    const progress = {
      start: (_: string, total: number) => ({
        update: (done: number) => seen.push(done / total),
        finish: () => seen.push(-1),
      }),
    };
    await evaluate(ruleModel(first), someItems(10), { ...CLOSED, progress });
    expect(seen).toEqual([0.4, 0.8, 1, -1]);
  });
});

describe("dual encoders", () => {
  const names = ["least", "crested", "parakeet", "rhinoceros"];
  const encoder = {
    name: "one-hot",
    encodeImages: (images: readonly { data: Uint8Array }[]) =>
      Promise.resolve(images.map((image) => Float32Array.from(names, (_, k) => (k === image.data[0]! % 4 ? 1 : 0)))),
    encodeTexts: (texts: readonly string[]) =>
      Promise.resolve(texts.map((text) => Float32Array.from(names, (name) => (text.includes(name) ? 2 : 0.1)))),
    dispose: () => undefined,
  };

  test("the nearest option wins, whatever the order shown; records aggregate like a model's", async () => {
    const records = await evaluateDualEncoder(encoder, someItems(9), { batchSize: 2 });
    expect(records.every((r) => r.correct && r.options![r.position!] === r.truth)).toBe(true);
    const asked: string[] = [];
    const spy = {
      ...encoder,
      encodeTexts: (texts: readonly string[]) => (asked.push(...texts), encoder.encodeTexts(texts)),
    };
    await evaluateDualEncoder(spy, someItems(9), { template: "{superCategory} {class}", batchSize: 2 });
    expect(new Set(asked).size).toBe(asked.length); // no sentence is encoded twice
    expect(asked).toContain("car least auklet");
  });

  test("a template without a class is refused", () => {
    expect(() => evaluateDualEncoder(encoder, [], { template: "a photo" })).toThrow(LabError);
  });
});
