import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { StepFigures } from "../../src/engine/train";
import type { QwenModel } from "../../src/model/qwen/model";
import { sft } from "../../src/sft/train";
import { termShares } from "../../src/tapo/shares";
import { tapo } from "../../src/tapo/train";
import { openWorkers } from "../../src/workers/open";
import type { Pool } from "../../src/workers/pool";
import { ask, picture, policyIn, SFT, toyExamples, weightsOf } from "../sft/tinyPolicy";
import type { TapoExample } from "../../src/tapo/rollouts";
import { example, tapoOptions } from "../tapo/recorded";
import { guessingPolicy } from "../tapo/trainedPolicy";
import { assignAll } from "../tapo/weights";

/** What is compared between one process and several: nothing may differ, not even a last digit. */
const COUNTS = [1, 2, 3];

let folder: string;
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "fine-r1-same-bits-"));
});
afterAll(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

async function withWorkers<T>(
  count: number,
  body: (model: QwenModel, pool: Pool | undefined) => Promise<T>,
): Promise<T> {
  const pool = openWorkers(`${count}`);
  const model = policyIn(folder, 5, pool);
  try {
    return await body(model, pool);
  } finally {
    model.dispose();
    pool?.close();
  }
}

function hashOf({ parameters }: QwenModel): string {
  const hash = createHash("sha256");
  for (const variable of parameters.values()) hash.update(new Uint8Array(variable.dataSync<"float32">().buffer));
  return hash.digest("hex");
}

/** Questions that differ in their pictures; each group has right and wrong answers, since the policy guesses. */
const examples: TapoExample[] = Array.from({ length: 6 }, (_, i) => ({
  ...example(`e${i}`),
  answer: i % 2 === 0 ? "ash" : "birch",
  prompt: (which) => Promise.resolve(ask(picture(which === "negative" ? 215 : 40 + i, `${i} ${which}`))),
  rivals: (count, random) => {
    const levels = random.shuffle([90, 130, 170, 210]).slice(0, count);
    return Promise.resolve(levels.map((level) => ask(picture(level, `${i} rival`))));
  },
}));

async function sftHash(model: QwenModel): Promise<string> {
  const options = { ...SFT, batchSize: 8, microBatchSize: 2 };
  const figures = await sft(model, toyExamples(16), options, { label: "SFT", validation: toyExamples(3) });
  return hashOf(model) + courseOf(figures);
}

/** @param rivals of so many pictures the policy mines each negative; as the examples have them where absent */
async function tapoHash(model: QwenModel, onStep?: () => void, rivals?: number): Promise<string> {
  const options = tapoOptions({
    maxNewTokens: 9,
    promptsPerRollout: 4,
    promptsPerUpdate: 2,
    epochs: 2,
    dynamicSampling: false,
    rivals,
    objective: { gamma: 1 },
  });
  const run = { label: "TAPO", microBatchSize: 4, onStep, reference: undefined };
  return hashOf(model) + courseOf(await tapo(model, examples, options, run));
}

/** Of a policy that guesses in the right form: without a right answer the policy has no gradient. */
async function sharesOf(model: QwenModel): Promise<string> {
  const guessing = await guessingPolicy();
  assignAll(model.parameters, weightsOf(guessing));
  guessing.dispose();
  const options = tapoOptions({ maxNewTokens: 9, promptsPerRollout: 4, promptsPerUpdate: 4, dynamicSampling: false });
  return JSON.stringify(await termShares(model, examples, options, { label: "shares", microBatchSize: 3 }));
}

const courseOf = (figures: readonly StepFigures[]): string =>
  JSON.stringify(figures.map((f) => Object.entries(f).filter(([name]) => !/seconds/i.test(name))));

/** What the model says of its own, in every way in which it can be asked. */
async function answersOf(model: QwenModel): Promise<string> {
  const prompts = Array.from({ length: 50 }, (_, i) => ask(picture(5 * i, `asked ${i}`), i % 3 === 0 ? "tree ?" : "?"));
  const sampled = await model.generate(prompts, { samples: 3, maxNewTokens: 8, temperature: 1, topP: 0.9, seed: 4 });
  const many = await model.generate(prompts.slice(0, 2), {
    samples: 90,
    maxNewTokens: 4,
    temperature: 1,
    topP: 1,
    seed: 4,
  });
  const items = sampled.flatMap((group, b) => group.map(({ tokenIds }) => ({ prompt: prompts[b]!, tokenIds })));
  const states = await model.hiddenStates(prompts, { layer: "last", pool: "mean" });
  const every = await model.hiddenStates(prompts, { layer: "every", pool: "last" });
  const shown = [...states, ...every].map((state) => [...state]);
  return JSON.stringify([sampled, many, await model.logProbs(items), shown]);
}

/** The same for every number of workers; that it is no constant is seen from another seed or setting. */
async function sameFor(made: (model: QwenModel) => Promise<string>): Promise<void> {
  const results = [];
  for (const count of COUNTS) results.push(await withWorkers(count, made));
  expect(results[1]).toBe(results[0]);
  expect(results[2]).toBe(results[0]);
}

describe("one process, two workers and three give the same bits", () => {
  it("in SFT: weights and figures of every step", () => sameFor(sftHash));
  it("in TAPO: weights and figures of every step", () => sameFor((model) => tapoHash(model)));
  it("in TAPO that mines its negatives", () => sameFor((model) => tapoHash(model, undefined, 3)));
  it("in each term's share of the gradient", () => sameFor(sharesOf));
  it("in sampling, scoring and hidden states", () => sameFor(answersOf));
});

describe("a worker that is killed in the midst of a step", () => {
  it("changes nothing", async () => {
    const undisturbed = await withWorkers(1, (model) => tapoHash(model));
    let kills = 0;
    const disturbed = await withWorkers(2, (model, pool) =>
      tapoHash(model, () => {
        // a little later, when the next step is sampled, scored or differentiated
        setTimeout(() => {
          const pid = pool?.pids[kills % 2];
          if (pid === undefined || kills >= 4) return; // a piece that ends three workers is given up
          process.kill(pid, "SIGKILL");
          kills++;
        }, 25 * kills);
      }),
    );
    expect(kills).toBeGreaterThan(0);
    expect(disturbed).toBe(undisturbed);
  });
});
