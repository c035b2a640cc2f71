import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Random } from "../../../src/core/random";
import { writeChain } from "../../../src/miniworld/chain";
import type { BenchmarkItem } from "../../../src/data/types";
import { readAnswers } from "../../../src/report/browse/answers";
import { smokeWorld } from "../../miniworld/worlds";

let run: string;
beforeEach(() => {
  run = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "fine-r1-browse-")), "quickstart", "smoke");
});
afterEach(() => {
  fs.rmSync(path.dirname(path.dirname(run)), { recursive: true, force: true });
});

const items = [...smokeWorld.test("seen"), ...smokeWorld.test("unseen")];
const chainOf = ({ image }: BenchmarkItem): string =>
  writeChain(smokeWorld, image.subCategory, { random: new Random(1) });

/** Leaves a finished evaluation as `evaluateStage` does. */
function evaluated(
  model: string,
  asking: { world: "open" | "closed"; thinking: boolean } | undefined,
  output: (item: BenchmarkItem) => string,
  { startedAt = "2026-01-01T00:00:00.000Z", digest = smokeWorld.fingerprint } = {},
): void {
  const folder = path.join(run, `eval-${model}-${startedAt.slice(0, 10)}${asking?.world ?? ""}`);
  fs.mkdirSync(folder, { recursive: true });
  const lines = items.map((item) => {
    const text = output(item);
    const answer = /<answer>(.*)<\/answer>/.exec(text)?.[1]?.trim() ?? null;
    const record = {
      ...{ id: item.id, domain: item.image.subCategory.superCategory, seen: item.image.subCategory.seen },
      ...{ truth: item.groundTruth, options: asking?.world === "open" ? null : item.options, output: text, answer },
      ...{ wellFormed: true, correct: answer === item.groundTruth, exact: false, position: null, similarity: null },
      ...{ tokens: 5, finish: "stop" },
    };
    return JSON.stringify({ record });
  });
  fs.writeFileSync(
    path.join(folder, "records.jsonl"),
    `${JSON.stringify({ settings: { model } })}\n${lines.join("\n")}\n`,
  );
  const inputs = asking === undefined ? { world: digest } : { world: digest, asking };
  const record = { stage: `eval-${model}`, inputs, result: { items: items.length }, startedAt, seconds: 1 };
  fs.writeFileSync(path.join(folder, "stage.json"), JSON.stringify(record));
}

const open = { world: "open", thinking: true } as const;

describe("readAnswers", () => {
  it("joins the models' answers about each picture, with every chain marked", async () => {
    evaluated("tapo", open, (item) => chainOf(item).replace("fits 5", "fits 3"));
    evaluated("base", { world: "open", thinking: false }, () => "<answer> nobody </answer>");
    evaluated("siglip", undefined, ({ groundTruth }) => `<answer>${groundTruth}</answer>`);
    const book = await readAnswers(run, 100);
    expect(book).toMatchObject({ title: path.join("quickstart", "smoke"), worldName: "mini-world/smoke" });
    expect(book.models).toEqual([
      { key: "base", title: "Base, direct" },
      { key: "tapo", title: "CoT SFT + TAPO" },
      { key: "siglip", title: "SigLIP-style encoder" },
    ]);
    expect([book.pictures.length, book.allPictures, book.questions.length]).toEqual([16, 16, 32]);
    const [question] = book.questions;
    expect(question).toMatchObject({ id: items[0]!.id, world: "open", split: "seen", options: null, picture: 0 });
    expect(Object.keys(question!.answers).sort()).toEqual(["base", "tapo"]);
    expect(question!.answers["base"]).toEqual({
      ...{ answer: "nobody", right: false, verdict: "wrong answer", firstWrong: null, steps: null, output: null },
    });
    const tapo = question!.answers["tapo"]!;
    expect(tapo).toMatchObject({
      right: true,
      verdict: "right answer, wrong count",
      firstWrong: "count",
      output: null,
    });
    expect(tapo.steps!.filter(({ wrong }) => wrong !== null)).toEqual([
      { kind: "count", text: "fits 3", wrong: "5 values match" },
    ]);
    expect(book.questions.at(-1)).toMatchObject({ world: "closed", options: items.at(-1)!.options });
  });

  it("shows a text that is no chain as it was written", async () => {
    evaluated("tapo", open, () => "<think> so long");
    const { questions } = await readAnswers(run, 1);
    expect(questions[0]!.answers["tapo"]).toEqual({
      ...{ answer: null, right: false, verdict: "wrong answer, no chain", firstWrong: "malformed" },
      ...{ steps: null, output: "<think> so long" },
    });
  });

  it("takes the newest evaluation of a model and a kind of question", async () => {
    evaluated("tapo", open, chainOf, { startedAt: "2026-02-02T00:00:00.000Z" });
    evaluated("tapo", open, () => "older", { startedAt: "2026-02-01T00:00:00.000Z" });
    const { questions } = await readAnswers(run, 100);
    expect(questions.every(({ answers }) => answers["tapo"]?.right === true)).toBe(true);
  });

  it("says which evaluations it leaves out, and why", async () => {
    evaluated("tapo", open, chainOf);
    evaluated("base", open, chainOf, { startedAt: "2026-02-01T00:00:00.000Z", digest: "another" });
    for (const [name, stage] of [
      ["eval-sft-1", "cot-sft"],
      ["cot-sft-1", "eval-sft"],
      ["tapo-1", "tapo"],
    ] as const) {
      fs.mkdirSync(path.join(run, name));
      const record = {
        stage,
        inputs: { world: smokeWorld.fingerprint },
        result: {},
        startedAt: "2026-03-01T00:00:00.000Z",
      };
      fs.writeFileSync(path.join(run, name, "stage.json"), JSON.stringify({ ...record, seconds: 1 }));
    }
    const { leftOut, models } = await readAnswers(run, 1);
    expect(models.map(({ key }) => key)).toEqual(["tapo"]);
    expect([...leftOut].sort()).toEqual([
      'cot-sft-1, whose stage.json is of the stage "eval-sft"',
      "eval-base-2026-02-01open asks about another world",
      'eval-sft-1, whose stage.json is of the stage "cot-sft"',
    ]);
  });

  it("keeps to the limit, and the pictures small", async () => {
    evaluated("tapo", open, chainOf);
    const { pictures, questions, allPictures } = await readAnswers(run, 3);
    expect([pictures.length, questions.length, allPictures]).toEqual([3, 3, 16]);
    for (const picture of pictures) {
      expect(picture.startsWith("data:image/webp;base64,")).toBe(true);
      expect(picture.length).toBeLessThan(4000);
    }
  });

  it("names what is missing or from elsewhere", async () => {
    fs.mkdirSync(run, { recursive: true });
    await expect(readAnswers(run, 1)).rejects.toThrow(/smoke: holds no finished evaluation\. .*npm start/);
    evaluated("tapo", open, chainOf, { digest: "0123" });
    await expect(readAnswers(run, 1)).rejects.toThrow(/world \(0123\) that no file of configs\/worlds makes/);
  });
});
