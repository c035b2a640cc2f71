import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { buildPrompt } from "../../../src/data/prompts";
import { randomNegative } from "../../../src/data/negatives";
import { drawTriplets } from "../../../src/data/triplets";
import type { Dataset } from "../../../src/data/dataset";
import { shownOptions } from "../../../src/eval/asking";
import { openDataset } from "../../../src/lab/datasets";
import { rlExamples } from "../../../src/lab/kinds/training";
import { testItems } from "../../../src/lab/kinds/asking";
import { loadProfile } from "../../../src/lab/profile";
import type { Completion, Prompt, VisionLanguageModel } from "../../../src/model/contract";
import { openModel } from "../../../src/model/open";
import { lookAtServer } from "../../../src/model/served/look";
import { QwenModel } from "../../../src/model/qwen/model";
import { readAnswers } from "../../../src/eval/answers";
import { tapo } from "../../../src/tapo/train";
import { faultyProxy, storm } from "../../served/proxy";
import { openServed } from "../../served/script";
import { serveVllm, type RunningVllm } from "./server";

const BASE = "assets/mini/base";
const NAME = "mini";
const GREEDY = { samples: 1, maxNewTokens: 96, temperature: 0, topP: 1, seed: 1 };
/** Log-probs of the two sides may differ by this, and so may two tokens that each takes for the likelier one. */
const CLOSE = 1e-3;

let dataset: Dataset;
let here: QwenModel;
beforeAll(async () => {
  dataset = await openDataset("miniworld:test");
  here = await QwenModel.load(BASE);
});
afterAll(() => {
  here.dispose();
});

/** Evaluation prompts: open and closed, with a chain and without, of seen and unseen classes in turns. */
async function prompts(count: number): Promise<Prompt[]> {
  const items = [dataset.test("seen"), dataset.test("unseen")].flatMap((all) => all.slice(0, count / 2));
  return Promise.all(
    items.map(async (item, i) => {
      const { superCategory } = item.image.subCategory;
      const options = i % 4 < 2 ? { options: shownOptions(item, { seed: 42 }) } : {};
      const image = await item.image.load();
      return buildPrompt("mini", { question: item.question, superCategory, image, thinking: i % 2 === 0, ...options });
    }),
  );
}

describe("vLLM, serving the mini base", () => {
  let server: RunningVllm;
  let served: VisionLanguageModel;
  beforeAll(async () => {
    server = await serveVllm(BASE, NAME, ["--max-model-len", "512"]);
    served = await openModel(`served:${server.url}#${NAME}`, ["generate", "goOn", "score"]);
  });
  afterAll(async () => {
    served.dispose();
    await server.stop();
  });

  it("says what it is and what it can do", async () => {
    const found = await lookAtServer(`${server.url}#${NAME}`);
    expect(found).toMatchObject({ can: ["generate", "goOn", "score"], end: here.tokenizer.special.eos, vllm: true });
    expect(found.by).toMatch(/^vLLM 0\.32\.0/u);
  });

  it("answers 200 evaluation prompts greedily as the model in process, but for ties", async () => {
    const asked = await prompts(200);
    const [ours, theirs] = [await here.generate(asked, GREEDY), await served.generate(asked, GREEDY)];
    const differing = asked.flatMap((prompt, i) => {
      const [a, b] = [ours[i]?.[0], theirs[i]?.[0]] as [Completion, Completion];
      return a.tokenIds.join() === b.tokenIds.join() && a.text === b.text.trim() ? [] : [{ prompt, a, b }];
    });
    const gaps: number[] = [];
    for (const { prompt, a, b } of differing) {
      const at = a.tokenIds.findIndex((id, t) => id !== b.tokenIds[t]);
      const upTo = ({ tokenIds }: Completion): number[] => tokenIds.slice(0, at + 1);
      const [own, other] = await here.logProbs([
        { prompt, tokenIds: upTo(a) },
        { prompt, tokenIds: upTo(b) },
      ]);
      gaps.push((own?.[at] ?? NaN) - (other?.[at] ?? NaN));
      console.log(`tie: "${here.decode(upTo(a))}" beside "${here.decode(upTo(b))}", ${gaps.at(-1)} apart`);
    }
    console.log(`vLLM: ${200 - differing.length} of 200 greedy answers are equal, ${differing.length} are ties`);
    for (const gap of gaps) expect(gap).toBeLessThan(CLOSE);
    expect(differing.length).toBeLessThan(10);
    expect(theirs.map(([one]) => one?.finish)).toEqual(ours.map(([one]) => one?.finish));
  });

  it("gives the log-probs of given answers, ended, cut or begun", async () => {
    const asked = await prompts(40);
    const sampled = await here.generate(asked, { ...GREEDY, temperature: 1, samples: 2 });
    const items = asked.flatMap((prompt, i) => (sampled[i] ?? []).map(({ tokenIds }) => ({ prompt, tokenIds })));
    const cut = items.slice(0, 20).map(({ prompt, tokenIds }) => ({ prompt, tokenIds: tokenIds.slice(0, 3) }));
    const begun = items.slice(0, 20).map(({ prompt, tokenIds }) => ({
      prompt: { ...prompt, begun: here.decode(tokenIds.slice(0, 2)) },
      tokenIds: tokenIds.slice(2),
    }));
    for (const [what, list] of Object.entries({ ended: items, cut, begun })) {
      const distance = furthest(await here.logProbs(list), await served.logProbs(list));
      console.log(
        `vLLM: log-probs of ${list.length} given answers (${what}) differ by at most ${distance.toExponential(1)}`,
      );
      expect(distance).toBeLessThan(CLOSE);
    }
  });

  it("draws n answers by a seed, with the log-probs that the model in process gives them", async () => {
    const asked = await prompts(8);
    const options = { ...GREEDY, temperature: 1, samples: 6, seed: 5 };
    const first = await served.generate(asked, options);
    const texts = (groups: readonly (readonly Completion[])[]): string[][] =>
      groups.map((group) => group.map(({ text }) => text));
    expect(first.every((group) => group.length === 6)).toBe(true);
    expect(texts(await served.generate(asked, options))).toEqual(texts(first));
    expect(texts(await served.generate(asked, { ...options, seed: 6 }))).not.toEqual(texts(first));
    expect(first.filter((group) => new Set(texts([group])[0]).size > 1).length).toBeGreaterThan(4);
    const items = asked.flatMap((prompt, i) => (first[i] ?? []).map(({ tokenIds }) => ({ prompt, tokenIds })));
    const told = first.flat().map(({ logProbs }) => [...logProbs]);
    expect(furthest(await here.logProbs(items), told)).toBeLessThan(CLOSE);
  });

  it("goes on from a given beginning", async () => {
    const asked = (await prompts(16)).map((prompt) => ({ ...prompt, begun: "<think> analysis" }));
    const texts = async (model: VisionLanguageModel): Promise<(string | undefined)[]> =>
      (await model.generate(asked, GREEDY)).map(([one]) => one?.text.trim());
    expect(await texts(served)).toEqual(await texts(here));
    expect(await served.encodeCompletion("<think> analysis red")).toEqual(
      here.encodeCompletion("<think> analysis red"),
    );
    expect(await served.decode([14, 23, 40, 2])).toBe(here.decode([14, 23, 40, 2]));
  });

  it("gives the same answers through a storm of errors, resets, half and late answers", async () => {
    const faults = [
      { status: 429, retryAfter: "0.05" },
      { status: 503 },
      { status: 500 },
      "reset",
      "half",
      { lateMs: 50 },
    ] as const;
    const proxy = await faultyProxy(server.url, storm(0.4, 7, faults));
    const asked = await prompts(60);
    const through = await openServed(proxy.url, undefined, NAME);
    expect(await through.generate(asked, GREEDY)).toEqual(await served.generate(asked, GREEDY));
    expect(through.usage().retries).toBeGreaterThan(15);
    through.dispose();
    await proxy.close();
  });

  it("is a reference model of TAPO: an update with it is that with the model in process", async () => {
    const figures = [];
    for (const reference of [await QwenModel.load(BASE), served]) {
      const model = await QwenModel.load(BASE);
      const { rl } = loadProfile("mini");
      const options = {
        ...rl,
        ...{
          n1: 2,
          n2: 2,
          promptsPerRollout: 2,
          promptsPerUpdate: 2,
          epochs: 0.5,
          seed: 1,
          promptSet: "mini" as const,
          maxResample: 0,
        },
        ...{ dynamicSampling: false, objective: { ...rl.objective, referenceKl: 0.04 } },
      };
      const triplets = drawTriplets(dataset, randomNegative(dataset), 1).slice(0, 8);
      const examples = rlExamples(dataset, triplets, { ...options, stage2Options: "none", thinking: true });
      figures.push(await tapo(model, examples, options, { label: "TAPO", microBatchSize: 8, reference }));
      model.dispose();
    }
    const [own = [], other = []] = figures;
    expect(own).toHaveLength(2);
    own.forEach((step, i) => {
      for (const [name, value] of Object.entries(step)) {
        if (!/seconds/iu.test(name)) expect(Math.abs(value - (other[i]?.[name] ?? NaN)), name).toBeLessThan(CLOSE);
      }
    });
    expect(own[1]?.["referenceKl"]).toBeGreaterThan(0); // the policy has left the reference
  });

  it("is asked no question twice by an evaluation that is killed in the middle", async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "interop-vllm-"));
    const proxy = await faultyProxy(server.url, () => undefined);
    const chats = (): number => proxy.answered.filter((at) => at.endsWith("/chat/completions")).length;
    const set = ["--set", `base=served:${proxy.url}#${NAME}`, "--set", "evaluation.batchSize=40"];
    const args = ["dist/cli.js", "run", "closed-world", "--profile", "mini", "--only", "base", ...set];
    const env = { ...process.env, FINE_R1_RUNS: folder, FINE_R1_WORKERS: "1", FINE_R1_SERVED_LANES: "8" };
    const killed = spawn(process.execPath, args, { env, stdio: "ignore" });
    const gone = new Promise((resolve) => killed.once("exit", resolve));
    await vi.waitFor(
      () => {
        expect(chats()).toBeGreaterThan(150);
      },
      { timeout: 300_000, interval: 50 },
    );
    killed.kill("SIGKILL");
    await gone;
    await new Promise((resolve) => setTimeout(resolve, 2000)); // what was under way has ended
    const before = chats();
    const again = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "pipe"] });
    let printed = "";
    for (const stream of [again.stdout, again.stderr])
      stream.on("data", (chunk: Buffer) => (printed += chunk.toString()));
    const code = await new Promise((resolve) => again.once("exit", resolve));
    expect(code, printed.slice(-2000)).toBe(0);
    expect(printed).toMatch(/tokens \d/u);
    const stages = fs.readdirSync(path.join(folder, "store")).filter((name) => name.startsWith("answers-"));
    const answers = stages.flatMap((name) => readAnswers(path.join(folder, "store", name, "answers.jsonl")));
    expect(answers).toHaveLength(testItems(dataset).length);
    // what is served is found out by three requests: when a run is planned, before it makes anything and before each stage, if some time has passed
    const looks = 2 * 3 * 4;
    const asked = chats();
    console.log(`vLLM: killed after ${before} requests; ${asked} in all for ${answers.length} questions`);
    expect(asked).toBeGreaterThanOrEqual(answers.length);
    expect(asked).toBeLessThanOrEqual(answers.length + looks + 8); // and those that were under way when it was killed
    await proxy.close();
    fs.rmSync(folder, { recursive: true });
  });
});

describe("vLLM, started to pool", () => {
  it("shows the hidden states of the model in process after the last layer", async () => {
    const pooling = ["--runner", "pooling", "--convert", "embed", "--pooler-config", '{"task": "token_embed"}'];
    const server = await serveVllm(BASE, `${NAME}-states`, ["--max-model-len", "512", ...pooling]);
    try {
      const served = await openModel(`served:${server.url}#${NAME}-states`, ["hiddenStates"]);
      const asked = await prompts(24);
      for (const pool of ["last", "mean", "imageMean"] as const) {
        const options = { layer: "last", pool } as const;
        const rows = async (model: VisionLanguageModel): Promise<number[][]> =>
          (await model.hiddenStates(asked, options)).map((state) => [...state]);
        const distance = furthest(await rows(here), await rows(served));
        console.log(`vLLM: hidden states (${pool}) differ by at most ${distance.toExponential(1)}`);
        expect(distance).toBeLessThan(CLOSE);
      }
      await expect(openModel(`served:${server.url}#${NAME}-states`)).rejects.toThrow(/cannot answer questions/u);
      served.dispose();
    } finally {
      await server.stop();
    }
  });
});

function furthest(ours: readonly (readonly number[])[], theirs: readonly (readonly number[])[]): number {
  expect(theirs.map((row) => row.length)).toEqual(ours.map((row) => row.length));
  return Math.max(...ours.flatMap((row, i) => row.map((value, j) => Math.abs(value - (theirs[i]?.[j] ?? NaN)))));
}
