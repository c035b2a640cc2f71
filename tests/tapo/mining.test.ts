import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { Scored } from "../../src/model/contract";
import { withMinedNegatives } from "../../src/tapo/mining";
import type { Rollout, TapoExample } from "../../src/tapo/rollouts";
import { tapo, type TapoRun } from "../../src/tapo/train";
import { ask, picture, weightsOf } from "../sft/tinyPolicy";
import { example, tapoOptions, textOf, type TapoChanges } from "./recorded";
import { guessingPolicy } from "./trainedPolicy";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "fine-r1-mining-"));
afterAll(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

/** Examples with four pictures of other classes, whose prompts say which they show. */
const mined = (id: string, index = 0): TapoExample => ({
  ...example(id),
  answer: index % 2 === 0 ? "ash" : "birch",
  prompt: (which) => Promise.resolve(ask(picture(index % 2 === 0 ? 40 : 215, `${id} ${which}`))),
  rivals: (count, random) =>
    Promise.resolve(
      random
        .shuffle([0, 1, 2, 3])
        .slice(0, count)
        .map((rival) => ask(picture(60 * rival, `${id} rival`), `${id} rival ${rival}`)),
    ),
});

const rollout = (group: number, of: string, accuracy: 0 | 1, token: number): Rollout => {
  const prompt = ask(picture(1, of), of);
  const completion = { tokenIds: [token, token], text: "", logProbs: [0, 0], finish: "stop" as const };
  const reward = { overall: accuracy, accuracy, format: 1 };
  const prompts = { rolloutPrompt: prompt, anchorPrompt: prompt, negativePrompt: undefined };
  return { group, example: of, source: "anchor", ...prompts, completion, reward };
};

/** Scores a picture by a rule, and keeps what it was asked. */
function judge(scoreOf: (rival: number, token: number) => number) {
  const asked: Scored[] = [];
  return {
    asked,
    logProbs: (items: readonly Scored[]) => {
      asked.push(...items);
      const rivalIn = (text: string): number => Number(/rival (\d)/.exec(text)?.[1]);
      return Promise.resolve(
        items.map(({ prompt, tokenIds }) => tokenIds.map((token) => scoreOf(rivalIn(textOf(prompt)), token) / 2)),
      );
    },
  };
}

const chosen = (rollouts: readonly Rollout[]): string[] =>
  rollouts.map(({ negativePrompt }) => (negativePrompt === undefined ? "none" : textOf(negativePrompt).slice(8)));

describe("negatives that the policy mines", () => {
  const group = [rollout(0, "a", 0, 7), rollout(0, "a", 1, 1), rollout(0, "a", 1, 9)];
  const wrong = [rollout(1, "b", 0, 2), rollout(1, "b", 0, 9)];
  const examples = [mined("a"), mined("b")];

  it("are those under which the group's first right answer is likeliest, or its first where none is right", async () => {
    const model = judge((rival, token) => -Math.abs(rival - token));
    const options = tapoOptions({ rivals: 4 });
    const found = await withMinedNegatives(model, [...group, ...wrong], examples, options, 1);
    // answer 1 of "a" is at home with rival 1, answer 2 of "b" with rival 2
    expect(chosen(found)).toEqual([...group.map(() => "a rival 1"), ...wrong.map(() => "b rival 2")]);
    expect(model.asked.map(({ tokenIds }) => tokenIds[0])).toEqual([1, 1, 1, 1, 2, 2, 2, 2]);
    const without = (rollouts: readonly Rollout[]) => rollouts.map((one) => ({ ...one, negativePrompt: undefined }));
    expect(without(found)).toEqual(without([...group, ...wrong]));
  });

  it("are looked for among as many pictures as are asked for, drawn by the seed and the example", async () => {
    const model = judge((rival) => rival);
    const asked = async (seed: number, rivals = 2): Promise<string[]> => {
      model.asked.length = 0;
      await withMinedNegatives(model, group, examples, tapoOptions({ rivals }), seed);
      return model.asked.map(({ prompt }) => textOf(prompt));
    };
    expect(await asked(1)).toHaveLength(2);
    expect(await asked(1, 3)).toHaveLength(3);
    expect(await asked(1)).toEqual(await asked(1));
    const draws = new Set<string>();
    for (let seed = 0; seed < 20; seed++) draws.add((await asked(seed)).join());
    expect(draws.size).toBeGreaterThan(3); // of 12 ordered pairs, drawn 20 times
    // alone or beside another group, an example's pictures are the same
    await withMinedNegatives(model, [...wrong, ...group], examples, tapoOptions({ rivals: 2 }), 1);
    expect(model.asked.slice(-2).map(({ prompt }) => textOf(prompt))).toEqual(await asked(1));
  });

  it.each([
    ["the options do not ask for it", {}],
    ["no term looks at negatives", { rivals: 4, objective: { gamma: 0, eta2: 0 } }],
  ] satisfies [string, TapoChanges][])("are left alone where %s", async (_, changes) => {
    const model = judge(() => 0);
    expect(await withMinedNegatives(model, group, examples, tapoOptions(changes), 1)).toBe(group);
    expect(model.asked).toEqual([]);
  });
});

describe("a training that mines its negatives", () => {
  const examples = Array.from({ length: 6 }, (_, i) => mined(`e${i}`, i));
  const small = (changes: TapoChanges = {}) =>
    tapoOptions({ maxNewTokens: 9, promptsPerRollout: 4, promptsPerUpdate: 2, epochs: 16 / 6, learningRate: 2e-3, maxResample: 1, rivals: 3, ...changes, objective: { gamma: 1 } }); // prettier-ignore

  async function trained(run: Partial<TapoRun> = {}, changes: TapoChanges = {}) {
    const model = await guessingPolicy();
    try {
      const figures = await tapo(model, examples, small(changes), { label: "test", microBatchSize: 8, ...run });
      const course = figures.map((f) => Object.entries(f).filter(([name]) => !/seconds/i.test(name)));
      return { course, weights: weightsOf(model) };
    } finally {
      model.dispose();
    }
  }

  it("goes on after a kill with the negatives that it would have had, and ends with the same bits", async () => {
    const whole = await trained();
    expect(await trained()).toEqual(whole);
    for (const killAt of [1, 4, 6]) {
      const inside = path.join(folder, `killed-${killAt}`);
      const dying = trained({
        folder: inside,
        checkpointEvery: 1,
        onStep: ({ step }) => {
          if (step === killAt) throw new Error("killed");
        },
      });
      await expect(dying).rejects.toThrow("killed");
      expect(await trained({ folder: inside, checkpointEvery: 1 })).toEqual(whole);
    }
  });

  it("is another one than with the negatives of its triplets, and than with another number of rivals", async () => {
    const all = [await trained(), await trained({}, { rivals: undefined }), await trained({}, { rivals: 1 })];
    expect(new Set(all.map(({ weights }) => JSON.stringify([...weights]))).size).toBe(3);
  });
});
