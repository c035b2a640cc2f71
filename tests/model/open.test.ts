import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rlStage } from "../../src/lab/kinds/training";
import { givenCheckpoint } from "../../src/lab/given";
import { requireAble, stageFrom } from "../../src/lab/stage";
import { engineOf, openModel, openTrainable, requireCan, vocabularyOf } from "../../src/model/open";
import { LANGUAGE_ONLY } from "../../src/model/parameters";
import { QwenModel } from "../../src/model/qwen/model";

const BASE = "assets/smoke/base";
let folder = "";
let script = "";

beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "engines-"));
  script = `scripted:${path.join(folder, "answers.json")}`;
  const rules = [{ contains: "bird", answers: [{ text: "<answer> tern </answer>" }] }];
  fs.writeFileSync(path.join(folder, "answers.json"), JSON.stringify({ rules, otherwise: [{ text: "?" }] }));
});
afterAll(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

describe("openModel", () => {
  it("opens a folder alone as a Qwen checkpoint, and others by the engine before the colon", async () => {
    const model = await openTrainable(BASE, LANGUAGE_ONLY);
    expect(model).toBeInstanceOf(QwenModel);
    model.dispose();
    const said = await openModel(script);
    const prompt = { messages: [{ role: "user" as const, content: "a bird ?" }], images: [] };
    const options = { samples: 1, maxNewTokens: 50, temperature: 0, topP: 1, seed: 1 };
    const [[completion] = []] = await said.generate([prompt], options);
    expect(completion?.text).toBe("<answer> tern </answer>");
    expect(said.decode(completion?.tokenIds ?? [])).toBe(completion?.text);
    expect(engineOf("C:/models").where).toBe("C:/models"); // "C" is no engine
  });

  it("knows the vocabulary of a word-level checkpoint, and none of a script", () => {
    expect(vocabularyOf(BASE)?.tokenId("bird")).toBeTypeOf("number");
    expect(vocabularyOf(script)).toBeUndefined();
  });

  it("refuses what an engine cannot do, by name, with one that can", async () => {
    const refusal =
      /is a model of the engine "scripted", which cannot be trained\. Take a model of another engine \(qwen\)/u;
    expect(() => {
      requireCan(script, ["generate", "train"]);
    }).toThrow(refusal);
    await expect(openTrainable(script, LANGUAGE_ONLY)).rejects.toThrow(refusal);
  });
});

describe("a stage", () => {
  it("is refused before anything is made, and by whoever describes a plan with it", () => {
    const from = givenCheckpoint(script);
    const dataset = { given: "dataset", fingerprint: "x", at: "miniworld:smoke" } as const;
    const train = { tower: false, merger: false, language: true, embeddings: true };
    const sizes = { microBatchSize: 1, promptsPerRollout: 1, promptsPerUpdate: 1, train };
    const rl = { from, dataset, triplets: dataset, ...sizes };
    expect(() => {
      requireAble([stageFrom(rlStage, rl)]);
    }).toThrow(/answers\.json: is a model of the engine "scripted", which cannot be trained/u);
  });

  it("has a key that changes with the script and not with its place", () => {
    const moved = path.join(folder, "sub");
    fs.mkdirSync(moved);
    fs.copyFileSync(script.slice("scripted:".length), path.join(moved, "answers.json"));
    const before = givenCheckpoint(script).fingerprint;
    expect(givenCheckpoint(`scripted:${path.join(moved, "answers.json")}`).fingerprint).toBe(before);
    fs.appendFileSync(path.join(moved, "answers.json"), " ");
    expect(givenCheckpoint(`scripted:${path.join(moved, "answers.json")}`).fingerprint).not.toBe(before);
  });
});
