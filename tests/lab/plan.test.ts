import * as path from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { readJson } from "../../src/core/files";
import { experimentNamed } from "../../src/experiments";
import { describedLab } from "../../src/lab/described";
import { lackingFor } from "../../src/lab/lacking";
import { assumed, machines, type Machine } from "../../src/lab/plan/assumptions";
import { decode, encoding, forward, gridOf, pictureTokens, prefill, training } from "../../src/lab/plan/flops";
import { qwenSize, sizeOfModel, sumOf, type QwenSize } from "../../src/lab/plan/models";
import { planExperiment, type Plan } from "../../src/lab/plan/plan";
import { absentData } from "../../src/lab/datasets";
import { sizeOfData } from "../../src/lab/plan/sizes";
import { costOf } from "../../src/lab/plan/time";
import type { Work } from "../../src/lab/plan/workOfKinds";
import { loadProfile } from "../../src/lab/profile";
import { EVERYTHING, LANGUAGE_ONLY } from "../../src/model/parameters";
import { parseQwenConfig } from "../../src/model/qwen/config";

const counted = z.record(z.string(), z.number());
/** What transformers and torch say (tests/reference/plan). */
const references = z
  .object({
    parameters: z.record(z.string(), z.number()),
    flops: z.array(
      z.object({
        config: z.unknown(),
        grid: z.tuple([z.number(), z.number()]),
        text: z.number(),
        forward: counted,
        language: counted,
        everything: counted,
        blocks: counted,
      }),
    ),
  })
  .parse(readJson(path.join(__dirname, "../reference/plan/references.json")));

function qwen(at: string): QwenSize {
  const size = sizeOfModel(at);
  if (size === undefined || !("config" in size)) throw new Error(`${at} is no Qwen model`);
  return size;
}

describe("parameters", () => {
  it.each(Object.entries(references.parameters))("of %s are transformers' %d", (name, parameters) => {
    expect(sumOf(qwen(`models/${name}`).parameters)).toBe(parameters);
  });

  it("of Qwen2.5-VL-3B are these, part by part", () => {
    // embeddings 151,936 × 2,048, which are the head as well
    // a block: q 2,048² + 2,048, k and v 2 × (2,048 × 256 + 256), o 2,048², MLP 3 × 2,048 × 11,008, two norms; 36 of them and a norm
    const block = 2048 ** 2 + 2048 + 2 * (2048 * 256 + 256) + 2048 ** 2 + 3 * 2048 * 11008 + 2 * 2048;
    // the tower: patches 1,280 × 1,176; a block: qkv, proj, MLP of 3,420 with biases, two norms; 32 of them
    const inTower =
      3 * (1280 ** 2 + 1280) + 1280 ** 2 + 1280 + 2 * (1280 * 3420 + 3420) + 3420 * 1280 + 1280 + 2 * 1280;
    expect(qwen("models/Qwen2.5-VL-3B-Instruct").parameters).toEqual({
      embeddings: 151936 * 2048,
      language: 36 * block + 2048,
      tower: 1280 * 3 * 2 * 14 * 14 + 32 * inTower,
      merger: 1280 + 5120 ** 2 + 5120 + 5120 * 2048 + 2048,
    });
    expect(references.parameters["Qwen2.5-VL-3B-Instruct"]).toBe(3_754_622_976);
  });

  it("are found by a served name and by a row's, and of a folder that is there in the folder", () => {
    expect(qwen("served:http://127.0.0.1:8000/v1#Qwen/Qwen2.5-VL-32B-Instruct").name).toBe("Qwen2.5-VL-32B-Instruct");
    expect(qwen("row:qwen2-vl-2b").name).toBe("Qwen2-VL-2B-Instruct");
    expect(qwen(path.resolve("assets/smoke/base")).config.text.layers).toBeLessThan(5);
    expect(sizeOfModel("models/no-such-model")).toBeUndefined();
  });
});

describe.each(references.flops)("FLOPs of a small model, $config.model_type, as torch counts them", (reference) => {
  const size = qwenSize("small", parseQwenConfig(reference.config));
  const { grid, text } = reference;
  const tokens = pictureTokens(size, grid) + text;
  const sequence = { grid, text, answer: 0, logits: tokens };
  const pairs = tokens ** 2; // the eager attention computes what the mask hides, too
  const rotary = 2 * 3 * (size.config.text.headDim / 2) * tokens; // its table of angles is a product; ours are not counted

  it("forward", () => {
    expect(sumOf(forward(size, sequence, pairs)) + rotary).toBe(reference.forward["total"]);
  });

  it("forward and backward, with the language model, its blocks alone, and everything learning", () => {
    const of = (parts: typeof EVERYTHING): number => training(size, sequence, parts, pairs) + rotary;
    expect(of(LANGUAGE_ONLY)).toBe(reference.language["total"]);
    expect(of({ ...LANGUAGE_ONLY, embeddings: false })).toBe(reference.blocks["total"]);
    // nothing asks for the gradient of pixels: the patches' product is done once backwards, not twice
    expect(of(EVERYTHING)).toBe((reference.everything["total"] ?? 0) + (reference.everything["convolution"] ?? 0));
  });
});

describe("FLOPs of answers", () => {
  const size = qwen("models/Qwen2.5-VL-3B-Instruct");
  const prompt = { grid: gridOf({ width: 500, height: 375 }, size), text: 100 };

  it("see a picture of 500 × 375 as 234 tokens", () => {
    expect(pictureTokens(size, prompt.grid)).toBe(18 * 13); // 500 / 28 = 17.9 and 375 / 28 = 13.4, rounded
  });

  it("read and then written token by token are those of one pass over all", () => {
    const [answer, logits] = [50, 51]; // the prompt's last token, and each of the answer's
    expect(prefill(size, prompt) + decode(size, prompt, answer)).toBe(
      sumOf(forward(size, { ...prompt, answer, logits })),
    );
  });

  it("are about two for each weight and token, where the sequence is short", () => {
    const { language, embeddings } = size.matrices;
    const token = decode(size, { text: 1 }, 1);
    expect(token / (2 * (language + embeddings))).toBeGreaterThan(1);
    expect(token / (2 * (language + embeddings))).toBeLessThan(1.0002); // attention to two tokens: 2 × 4 × 2,048 × 36
  });

  it("of an encoder are those of its matrices and its attention", () => {
    // one block of width 2, MLP 3, 5 tokens: 2 × 5 × (4 × 4 + 2 × 2 × 3) + 4 × 2 × 25
    expect(encoding({ width: 2, mlp: 3, layers: 1, tokens: 5 })).toBe(280 + 200);
  });
});

describe("the plan of the profile paper", () => {
  const profile = loadProfile("paper");
  const planned = async (only: readonly string[] | "all" = ["tapo"], assume = {}): Promise<Plan> =>
    planExperiment(profile, experimentNamed("closed-world"), await sizeOfData(profile.dataset, profile.promptSet), {
      only,
      assume,
    });
  const workOf = ({ works }: Plan, kind: string): Work => works.find(({ stage }) => stage.kind.kind === kind)!;
  const gpu = (name: string): Machine => machines().find((machine) => machine.name === name)!;

  it("needs none of its files, and says which there are not and what gets them", async () => {
    const needed = async (only: readonly string[] | "all") =>
      new Map((await lackingFor(profile, [experimentNamed("closed-world")], { only })).map((one) => [one.key, one]));
    const lacking = await needed("all");
    const further = ["models.clip", "models.qwen2", "models.larger"];
    expect([...lacking.keys()].sort()).toEqual(["dataset", "base", "encoder", "cot.teacher", ...further].sort());
    expect([...(await needed(["siglip"])).keys()]).toEqual(["dataset", "encoder"]); // it answers by itself
    expect(lacking.get("dataset")?.get).toBe("the pictures: docs/published-sets.md");
    expect(lacking.get("cot.teacher")?.get).toContain("vllm serve Qwen/Qwen2.5-VL-32B-Instruct");
    expect(lacking.get("base")?.get).toBe(
      "hf download Qwen/Qwen2.5-VL-3B-Instruct --local-dir models/Qwen2.5-VL-3B-Instruct",
    );
    const mined = loadProfile("smoke", { mining: "embeddings:no/vectors.jsonl" });
    expect(await lackingFor(mined, [experimentNamed("quickstart")], { only: ["tapo"] })).toEqual([
      { key: "mining", at: "embeddings:no/vectors.jsonl", get: "a file of vectors: docs/published-sets.md" },
    ]);
    expect(absentData("sets:data/sets?shots=4")).toBe("data/sets");
    expect(absentData("heldout:miniworld:test")).toBeUndefined();
    expect(absentData("folder:no/what?/pictures?shots=2")).toBe("no/what?/pictures"); // a path may have a question mark
  });

  it("counts what the paper's settings come to", async () => {
    const plan = await planned();
    expect(plan.works.map(({ stage: { kind } }) => kind.kind)).toEqual(["cot", "sft", "triplets", "rl", "answers"]);
    expect(plan.unknown).toEqual([]);
    // 60 % of 100, 200, 196, 120, 102, 37 classes: 60 + 120 + 118 + 72 + 61 + 22 = 453, and four pictures of each
    expect(workOf(plan, "cot").what).toMatch(/^453 pictures/);
    expect(workOf(plan, "triplets").what).toBe("1,812 pictures");
    // 0.89 × 453 = 403 chains in batches of 64 are 7 steps, ten times
    expect(workOf(plan, "sft").what).toBe("403 chains × 10 epochs, 70 steps");
    // 10 × 1,812 / 384 = 47.2 batches of three updates
    expect(workOf(plan, "rl").what).toBe("141 steps × 128 questions × (5 + 5) answers");
    expect(workOf(plan, "answers").what).toBe("35,566 questions"); // the lines of the release's eval/data
  });

  it("prices stage 2 as its passes", async () => {
    const { writes, decoding, training: trained, forward: read } = workOf(await planned(), "rl");
    const all = 141 * 128 * 10;
    expect(writes?.answers).toBeCloseTo(all / 0.5, 6); // half of the groups are kept
    expect(writes?.due).toBe(384 * 10);
    const more = workOf(await planned(["tapo"], { kept: 1 }), "rl");
    expect(more.decoding).toBeCloseTo(decoding / 2, -9);
    expect(more.training).toBe(trained);
    // each prompt, that is each of two pictures, is read once for its five answers; the rest is scoring: old and negative log-probs of every answer
    const prompts = read - more.forward; // as many were left out as are kept
    const scored = more.forward - prompts;
    const perAnswer = scored / 2 / all;
    const perTraining = trained / all;
    expect(perTraining / perAnswer).toBeGreaterThan(2); // a frozen tower is passed once, the language model thrice
    expect(perTraining / perAnswer).toBeLessThan(3);
  });

  it("fits stage 2 of 3B on four GPUs of 48 GB, as the authors had, and not on one", async () => {
    const work = workOf(await planned(), "rl");
    const usual = assumed();
    expect(costOf(work, gpu("A6000"), 1, usual).fits).toBe(false);
    expect(costOf(work, gpu("A6000"), 4, usual).fits).toBe(true);
    const { parameters } = qwen(profile.base);
    const states = 16 * (parameters.language + parameters.embeddings) + 2 * (parameters.tower + parameters.merger);
    const between = (gpus: number) => costOf(work, gpu("H100"), gpus, usual).memory - states / gpus;
    // what a backward pass holds beside weights and optimiser is the same on every GPU: 4 sequences each
    expect(between(4)).toBeCloseTo(between(1), 0);
    expect(between(1)).toBeGreaterThan(4 * 1000 * 151936 * 8); // the logits alone
  });

  it("takes half the time at twice the efficiency where nothing is written, and more GPUs less time", async () => {
    const work = workOf(await planned(), "sft");
    const seconds = (efficiency: number, gpus = 1): number =>
      costOf(work, gpu("H100"), gpus, assumed({ efficiency })).seconds;
    expect(seconds(0.35)).toBeCloseTo(work.training / (989.5e12 * 0.35), 6);
    expect(seconds(0.7)).toBeCloseTo(seconds(0.35) / 2, 9);
    expect(seconds(0.35, 4)).toBeCloseTo(seconds(0.35) / (4 * 0.9), 9);
  });

  it("writes as fast as weights and cache are read", async () => {
    const work = workOf(await planned(), "answers");
    const { writes, model } = work;
    const slow: Machine = { name: "slow", teraflops: 1e6, bandwidth: 1000, memory: 80 }; // products cost nothing
    const one = costOf({ ...work, forward: 0 }, slow, 1, assumed({ sequences: 1, bandwidth: 1 }));
    const weights = 2 * sumOf((model as QwenSize).parameters);
    const cache = 2 * 2 * 36 * 2 * 128; // bytes of a token: keys and values, 36 layers of two heads of 128
    const token = (weights + cache * ((writes?.prompt ?? 0) + 360)) / 1e12;
    expect(one.seconds).toBeCloseTo(35566 * 720 * token, 3);
    const many = costOf({ ...work, forward: 0 }, slow, 1, assumed({ sequences: 256, bandwidth: 1 }));
    expect(many.seconds).toBeLessThan(one.seconds / 50);
  });

  it("has every row of the table, and says what it does not reckon", async () => {
    const plan = await planned("all");
    expect(plan.methods).toHaveLength(7); // two encoders, three bases, Fine-R1 twice
    expect(plan.unknown).toEqual([]);
    const general = planExperiment(profile, experimentNamed("general"), plan.data, { only: "all" });
    expect(general.unknown.join()).toMatch(/questions/);
  });

  it("refuses an assumption that there is not, and one that cannot be", () => {
    expect(() => assumed({ eficiency: 0.5 })).toThrow(/no assumption "eficiency".*Did you mean "efficiency"/);
    expect(() => assumed({ efficiency: 1.5 })).toThrow(/efficiency: is 1.5.*at most 1/);
    expect(() => assumed({ chain: 0 })).toThrow(/above 0/);
  });
});

describe("a plan of what is there", () => {
  it("counts the dataset and the words", async () => {
    const profile = loadProfile("smoke");
    const data = await sizeOfData(profile.dataset, profile.promptSet);
    expect(data.counted).toBe(true);
    const { works } = planExperiment(profile, experimentNamed("quickstart"), data, {
      assume: { chain: 60, template: 0.5 },
    });
    const sft = works.find(({ stage }) => stage.kind.kind === "sft");
    expect(sft?.model?.name).toBe("assets/smoke/base");
    expect(data.domains.reduce((sum, { train }) => sum + train, 0)).toBe(40); // configs/profiles/smoke.yaml: 40 training images
  });

  it("has no row where a run has none", async () => {
    const profile = loadProfile("smoke");
    const data = await sizeOfData(profile.dataset, profile.promptSet);
    const general = { ...experimentNamed("general"), lacks: () => "answers" };
    const lab = await describedLab(profile);
    expect(() => planExperiment(profile, general, data, { lab })).toThrow(
      /^general: has no row in the profile smoke\. Left out: all rows; the dataset .* has no answers\./,
    );
    expect(await lackingFor({ ...profile, base: "none" }, [general])).toEqual([]);
  });

  it("takes the options of the six sets where they are not there", async () => {
    const data = await sizeOfData("sets:no/such/place?shots=2&seenFraction=0.5&testPerClass=3", "paper");
    const bird = data.domains.find(({ name }) => name === "bird"); // configs/plan/sets.yaml: 200 classes, 5,794 test pictures
    expect(bird).toMatchObject({ seen: 100, unseen: 100, train: 2 * 100, test: 3 * 200 });
    await expect(sizeOfData("sets:no/such/place?shot=2", "paper")).rejects.toThrow(
      /unknown option shot \(did you mean shots\?\)/u,
    );
  });

  it("refuses a folder that is not there", async () => {
    await expect(sizeOfData("folder:no/such/place", "paper")).rejects.toThrow(/no\/such\/place: is not there/);
  });
});
