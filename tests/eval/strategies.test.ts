import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { LabelledImage } from "../../src/data/types";
import { askAll, type AskingOptions } from "../../src/eval/asking";
import { drawDemonstrations } from "../../src/eval/strategies";
import { ruleModel, someItems } from "./helpers";

let folder: string;
let answersFile: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "strategies-"));
  answersFile = path.join(folder, "answers.jsonl");
});
afterEach(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

const CLOSED: AskingOptions = { setting: "closed", thinking: true, promptSet: "mini", batchSize: 4 };

const picture = (name: string, superCategory: string, shot: number): LabelledImage => ({
  id: `${superCategory}/${name}/${shot}`,
  subCategory: { id: `${superCategory}/${name}`, name, superCategory, seen: true },
  load: () => Promise.resolve({ width: 1, height: 1, data: Uint8Array.of(100 + shot, 0, 0) }),
});
/** Two of the four candidates are seen; another domain has a class of the same name. */
const train = ["least auklet", "parakeet auklet"].flatMap((name) => [0, 1, 2, 3].map((i) => picture(name, "car", i)));
const others = [4, 5].map((shot) => picture("least auklet", "bird", shot));
const [item] = someItems(1); // of the domain "car"
const drawn = (names: readonly string[], seed: number): string[] =>
  drawDemonstrations(item!, names, [...others, ...train], seed).map(({ id }) => id);

test("a demonstration for each candidate that has pictures of its own domain, in the candidates' order", () => {
  const names = ["crested auklet", "parakeet auklet", "least auklet", "rhinoceros auklet"];
  for (let seed = 0; seed < 20; seed++) {
    const ids = drawn(names, seed);
    expect(ids.map((id) => id.slice(0, -2))).toEqual(["car/parakeet auklet", "car/least auklet"]);
    expect(drawn(names, seed)).toEqual(ids);
    expect(drawn([...names].reverse(), seed)).toEqual([...ids].reverse()); // the order moves no draw
  }
  const shots = new Set(Array.from({ length: 40 }, (_, seed) => drawn(names, seed)[0]));
  expect(shots.size).toBe(4);
  expect(drawn(["crested auklet"], 1)).toEqual([]);
});

test("in context: the same question about each demonstration with its answer, then the picture that is asked about", async () => {
  const model = ruleModel(() => "");
  const [said] = await askAll(model, [item!], { ...CLOSED, thinking: false, demonstrations: train, seed: 3 });
  const question = `<image> car options ${said!.options!.join(" , ")} ? answer`;
  const shown = said!.options!.filter((name) => train.some(({ subCategory }) => subCategory.name === name));
  const turns = shown.flatMap((name) => [
    { role: "user", content: question },
    { role: "assistant", content: `<answer> ${name} </answer>` },
  ]);
  const [prompt] = model.asked[0]!;
  expect(shown).toHaveLength(2);
  expect(prompt!.messages).toEqual([...turns, { role: "user", content: question }]);
  const pictures = drawDemonstrations(item!, said!.options!, train, 3);
  const images = await Promise.all([...pictures, item!.image].map((one) => one.load()));
  expect(prompt!.images).toEqual(images);
});

test("demonstrations are part of a file's settings, and none can be shown to an open question", async () => {
  const asked = async (changes: Partial<AskingOptions>): Promise<unknown> =>
    askAll(
      ruleModel(() => ""),
      [item!],
      { ...CLOSED, answersFile, ...changes },
    );
  await asked({});
  expect(fs.readFileSync(answersFile, "utf8").split("\n")[0]).not.toMatch(/stepByStep|demonstrations/u);
  await expect(asked({ demonstrations: train })).rejects.toThrow("demonstrations: undefined → 8");
  await expect(asked({ demonstrations: train, setting: "open" })).rejects.toThrow(/no candidates to demonstrate/u);
});

test("step by step: the direct question and the sentence, where the wording has one", async () => {
  const model = ruleModel(() => "");
  const how = { ...CLOSED, promptSet: "paper", stepByStep: true } as const;
  await askAll(model, [item!], how);
  const { content } = model.asked[0]![0]!.messages[0]!;
  expect(content).toMatch(
    /<answer>choice<\/answer>\. Please follow this format exactly\. Let's think step by step\.$/u,
  );
  expect(content).not.toContain("think>");
  await expect(askAll(model, [item!], { ...how, promptSet: "mini" })).rejects.toThrow(/wording mini: has no sentence/u);
});
