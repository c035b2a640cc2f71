import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { LabError } from "../../src/core/errors";
import { Random } from "../../src/core/random";
import { readAnswers } from "../../src/eval/answers";
import { askAll, chooseAll, shownOptions, type AskingOptions } from "../../src/eval/asking";
import { scoreOf } from "../../src/eval/measure";
import { metricNamed } from "../../src/eval/metrics";
import type { SamplingOptions } from "../../src/model/contract";
import { DIRECT, ruleModel, someItems } from "./helpers";

let folder: string;
let answersFile: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "asking-"));
  answersFile = path.join(folder, "answers.jsonl");
});
afterEach(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

const CLOSED: AskingOptions = { setting: "closed", thinking: true, promptSet: "mini", batchSize: 4 };
const THINKING = { ...DIRECT, thinking: true };

/** Answers with the option shown first. */
const first = (text: string): string =>
  `<think> x </think> <answer> ${/options (.*?) , /u.exec(text)?.[1] ?? ""} </answer>`;

describe("what is asked", () => {
  test("'always the first option' is right on everything in the released order, and on a quarter when shuffled", async () => {
    const items = someItems(200);
    const share = async (optionOrder: "released" | "shuffled", metric: string): Promise<number> => {
      const answers = await askAll(ruleModel(first), items, { ...CLOSED, optionOrder });
      return scoreOf(answers, metricNamed(metric), THINKING).value;
    };
    for (const metric of ["accuracy", "choice", "exact", "wellFormed", "firstPosition", "truthFirst"]) {
      expect(await share("released", metric)).toBe(1);
    }
    const right = await share("shuffled", "accuracy");
    expect(Math.abs(right - 0.25)).toBeLessThan(0.1); // 3.3 standard deviations of a share of 200
    expect(await share("shuffled", "truthFirst")).toBe(right);
    expect(await share("shuffled", "firstPosition")).toBe(1);
  });

  test("the order shown depends on the seed and the item alone", () => {
    const [a, b] = someItems(2);
    expect(shownOptions(a!, { seed: 1 })).toEqual(shownOptions(a!, { seed: 1 }));
    const orders = new Set(Array.from({ length: 30 }, (_, seed) => shownOptions(a!, { seed }).join()));
    expect(orders.size).toBeGreaterThan(10);
    expect([...shownOptions(b!, { seed: 3 })].sort()).toEqual([...b!.options].sort());
  });

  test("the prompt shows the options in that order, after the image; an open question shows none", async () => {
    const model = ruleModel(() => "");
    const [closed] = await askAll(model, someItems(1), CLOSED);
    const [open] = await askAll(model, someItems(1), { ...CLOSED, setting: "open", thinking: false });
    const texts = model.asked.map((batch) => batch[0]!.messages[0]!.content);
    expect(texts).toEqual([`<image> car options ${closed!.options!.join(" , ")} ? think`, "<image> car ? answer"]);
    expect(model.asked[0]![0]!.images[0]!.data[0]).toBe(0);
    expect(open!.options).toBeNull();
  });

  test("sampling is the release's, greedy with 2048 tokens, and each batch has a random stream of its own", async () => {
    const used: SamplingOptions[] = [];
    const model = ruleModel(first);
    const spy = {
      ...model,
      generate: (...[prompts, options]: Parameters<typeof model.generate>) => (
        used.push({ ...options, signal: undefined }),
        model.generate(prompts, options)
      ),
    };
    await askAll(spy, someItems(6), CLOSED);
    const seeds = [0, 1].map((index) => new Random(42).fork(`batch ${index}`).uint32());
    expect(used).toEqual(seeds.map((seed) => ({ samples: 1, maxNewTokens: 2048, temperature: 0, topP: 1, seed })));
  });
});

describe("what is kept", () => {
  test("the answer as it was said, with what was asked", async () => {
    const item = someItems(2)[1]!;
    const model = ruleModel(() => "  <answer>An Owl</answer>\n");
    expect(await askAll(model, [item], { ...CLOSED, optionOrder: "released" })).toEqual([
      {
        id: "item 1",
        image: "birds/1.jpg",
        domain: "bird",
        seen: false,
        truth: "crested auklet",
        options: item.options,
        output: "  <answer>An Owl</answer>\n",
        tokens: 2,
        finish: "stop",
      },
    ]);
  });

  test("a metric that did not exist when the questions were asked needs no new asking", async () => {
    await askAll(ruleModel(first), someItems(10), { ...CLOSED, answersFile });
    const shouted = {
      name: "shouted",
      title: "",
      help: "",
      settings: ["closed" as const],
      of: ({ output }: { output: string }) => output === output.toUpperCase(),
    };
    expect(scoreOf(readAnswers(answersFile), shouted, THINKING)).toMatchObject({ value: 0, n: 10 });
  });

  test("two items of one id are refused", async () => {
    const [item] = someItems(1);
    await expect(askAll(ruleModel(first), [item!, item!], CLOSED)).rejects.toThrow(RangeError);
  });
});

describe("resuming", () => {
  test("a killed run goes on with the batches of an uninterrupted one, and gives its answers", async () => {
    const items = someItems(10);
    const whole = await askAll(ruleModel(first), items, CLOSED);
    let asked = 0;
    const dying = ruleModel((text) => {
      if (++asked > 6) throw new Error("killed");
      return first(text);
    });
    await expect((async () => askAll(dying, items, { ...CLOSED, answersFile }))()).rejects.toThrow("killed");
    // The kill also tore the second batch: one of its lines is whole, one is half written.
    fs.appendFileSync(answersFile, `${JSON.stringify({ answer: whole[4] })}\n{"answer":{"id":"it`);
    const model = ruleModel(first);
    expect(await askAll(model, items, { ...CLOSED, answersFile })).toEqual(whole);
    expect(model.asked.map((batch) => batch.length)).toEqual([4, 2]); // the first batch is not asked again
    expect(readAnswers(answersFile)).toEqual(whole);
    const again = ruleModel(first);
    expect(await askAll(again, items, { ...CLOSED, answersFile })).toEqual(whole);
    expect(again.asked).toEqual([]);
  });

  test("answers of other settings, another batch size among them, are not continued", async () => {
    await askAll(ruleModel(first), someItems(2), { ...CLOSED, answersFile });
    const other = async (changes: Partial<AskingOptions>): Promise<unknown> =>
      askAll(ruleModel(first), someItems(2), { ...CLOSED, answersFile, ...changes });
    await expect(other({ seed: 7 })).rejects.toThrow(/answers\.jsonl.*seed: 42 → 7/u);
    await expect(other({ batchSize: 8, checkpoint: "k" })).rejects.toThrow("checkpoint: null → k; batchSize: 4 → 8");
  });

  test("an abort stops between batches and keeps what is done", async () => {
    const controller = new AbortController();
    const model = ruleModel((text) => {
      controller.abort();
      return first(text);
    });
    const run = async (): Promise<unknown> =>
      askAll(model, someItems(8), { ...CLOSED, answersFile, signal: controller.signal });
    await expect(run()).rejects.toThrow(/abort/iu);
    expect(readAnswers(answersFile).length).toBe(4);
  });

  test("progress counts items, and shows the share of right answers so far, resumed ones among them", async () => {
    const seen: unknown[] = [];
    const progress = {
      start: (label: string, total: number) => ({
        update: (done: number, figures?: object) => seen.push([label, done / total, figures]),
        finish: () => seen.push("finished"),
      }),
    };
    // In the released order the first option is right: so 4 of 4, then, with "" to the last six, 4 of 8 and 4 of 10.
    let asked = 0;
    const model = () => ruleModel((text) => (asked++ < 4 ? first(text) : ""));
    const options: AskingOptions = { ...CLOSED, optionOrder: "released", progress, answersFile };
    await askAll(model(), someItems(4), options);
    await askAll(model(), someItems(10), { ...options, label: "again" });
    expect(seen).toEqual([
      ["rule, closed world", 1, { correct: 1 }],
      "finished",
      ["again", 0.4, { correct: 1 }],
      ["again", 0.8, { correct: 0.5 }],
      ["again", 1, { correct: 0.4 }],
      "finished",
    ]);
  });
});

describe("encoders choose", () => {
  const names = ["least", "crested", "parakeet", "rhinoceros"];
  const encoder = {
    name: "one-hot",
    encodeImages: (images: readonly { data: Uint8Array }[]) =>
      Promise.resolve(images.map((image) => Float32Array.from(names, (_, k) => (k === image.data[0]! % 4 ? 1 : 0)))),
    encodeTexts: (texts: readonly string[]) =>
      Promise.resolve(texts.map((text) => Float32Array.from(names, (name) => (text.includes(name) ? 2 : 0.1)))),
    dispose: () => undefined,
  };

  test("the option nearest to the picture, whatever the order shown", async () => {
    const answers = await chooseAll(encoder, someItems(9), { batchSize: 2, answersFile });
    expect(answers.map(({ output }) => output)).toEqual(someItems(9).map(({ groundTruth }) => groundTruth));
    expect(answers[0]).toMatchObject({ tokens: 0, finish: "chosen" });
    expect(new Set(answers.map(({ options, truth }) => options!.indexOf(truth))).size).toBeGreaterThan(1);
    expect(readAnswers(answersFile)).toEqual(answers);
    for (const metric of ["accuracy", "choice", "exact", "option"]) {
      expect(scoreOf(answers, metricNamed(metric), DIRECT).value).toBe(1);
    }
    expect(metricNamed("wellFormed").of(answers[0]!, DIRECT)).toBeNull(); // it writes no text
  });

  test("no sentence is encoded twice, and the template's words are filled in", async () => {
    const asked: string[] = [];
    const spy = {
      ...encoder,
      encodeTexts: (texts: readonly string[]) => (asked.push(...texts), encoder.encodeTexts(texts)),
    };
    await chooseAll(spy, someItems(9), { templates: ["{superCategory} {class}"], batchSize: 2 });
    expect(new Set(asked).size).toBe(asked.length);
    expect(asked).toContain("car least auklet");
    expect(() => chooseAll(encoder, [], { templates: ["{class}", "a photo"] })).toThrow(LabError);
    expect(() => chooseAll(encoder, [], { templates: [] })).toThrow(LabError);
  });

  test("a run that goes on after a kill encodes each sentence in the company that it would have had", async () => {
    const companies = (): { spy: typeof encoder; asked: string[][] } => {
      const asked: string[][] = [];
      const encodeTexts = (texts: readonly string[]) => (asked.push([...texts]), encoder.encodeTexts(texts));
      return { spy: { ...encoder, encodeTexts }, asked };
    };
    const whole = companies();
    await chooseAll(whole.spy, someItems(9), { batchSize: 2, answersFile });
    const lines = fs.readFileSync(answersFile, "utf8").split("\n");
    fs.writeFileSync(answersFile, `${lines.slice(0, 6).join("\n")}\n`); // the head and two batches and a half
    const rest = companies();
    await chooseAll(rest.spy, someItems(9), { batchSize: 2, answersFile });
    expect(rest.asked.length).toBeGreaterThan(0);
    for (const company of rest.asked) expect(whole.asked).toContainEqual(company);
  });

  test("of several templates the class is the direction of their mean, each sentence counting alike", async () => {
    // One template: "least" lies in the picture's direction. Both: its units (1, 0) and (0, 1) point to 45°, cosine 0.71, and
    // "crested" stays at 0.8. Without scaling each to length 1, (5, 0.5) would still win with 0.995.
    const text = (sentence: string): number[] => {
      if (sentence.startsWith("least")) return [10, 0];
      if (sentence.endsWith("least auklet")) return [0, 1];
      return sentence.includes("crested") ? [4, 3] : [0, 1];
    };
    const plane = {
      ...encoder,
      encodeImages: (images: readonly unknown[]) => Promise.resolve(images.map(() => Float32Array.of(1, 0))),
      encodeTexts: (texts: readonly string[]) => Promise.resolve(texts.map((each) => Float32Array.from(text(each)))),
    };
    const chosen = async (...templates: string[]): Promise<string> =>
      (await chooseAll(plane, someItems(1), { templates }))[0]!.output;
    expect(await chosen("{class}")).toBe("least auklet");
    expect(await chosen("{class}", "a {class}")).toBe("crested auklet");
    await chooseAll(plane, someItems(1), { templates: ["{class}"], answersFile });
    const both = async (): Promise<unknown> =>
      chooseAll(plane, someItems(1), { templates: ["{class}", "a {class}"], answersFile });
    await expect(both()).rejects.toThrow(/other settings \(template/);
  });
});
