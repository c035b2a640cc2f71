import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Completion, Prompt, SamplingOptions } from "../../src/model/contract";
import type { QwenModel } from "../../src/model/qwen/model";
import { NativeDecoder } from "../../src/model/qwen/decoderNative";
import { PortableDecoder } from "../../src/model/qwen/decoderPortable";
import { noise, tinyModel, variedPrompts, words } from "./qwenFixture";

let model: QwenModel;
beforeAll(() => {
  model = tinyModel();
});
afterAll(() => {
  model.dispose();
});

const options: SamplingOptions = { samples: 5, maxNewTokens: 70, temperature: 1, topP: 1, seed: 5 };

/** The largest difference between sampled and scored log-probs. */
async function distance(from: QwenModel, prompts: readonly Prompt[], groups: readonly Completion[][]): Promise<number> {
  const items = groups.flatMap((group, b) => group.map((completion) => ({ prompt: prompts[b]!, completion })));
  const scored = await from.logProbs(
    items.map(({ prompt, completion }) => ({ prompt, tokenIds: completion.tokenIds })),
  );
  return Math.max(
    ...items.flatMap(({ completion }, i) => completion.logProbs.map((value, t) => Math.abs(value - scored[i]![t]!))),
  );
}

describe("sampling with a cache", () => {
  it.each(["qwen2_vl", "qwen2_5_vl"] as const)(
    "has the log-probs of teacher forcing (%s): mixed prompts, growth of the cache, rows that end early",
    async (kind) => {
      const own = tinyModel(kind);
      const prompts = variedPrompts();
      const groups = await own.generate(prompts, options);
      const ends = groups.flat().map(({ finish, tokenIds }) => ({ finish, length: tokenIds.length }));
      // the test means something only if rows ended at different times and some outlived the first 32 columns
      expect(new Set(ends.map(({ length }) => length)).size).toBeGreaterThan(4);
      expect(Math.max(...ends.map(({ length }) => length))).toBeGreaterThan(33);
      expect(ends.some(({ finish }) => finish === "stop")).toBe(true);
      expect(await distance(own, prompts, groups)).toBeLessThan(1e-4);
      own.dispose();
    },
  );

  it("marks how an answer ended, and decodes it without special tokens", async () => {
    for (const { finish, tokenIds, text } of (await model.generate(variedPrompts(), options)).flat()) {
      expect(finish).toBe(tokenIds.at(-1) === 2 ? "stop" : "length");
      expect(tokenIds.indexOf(2)).toBe(finish === "stop" ? tokenIds.length - 1 : -1);
      const plain = tokenIds.filter((id) => id >= 8).map((id) => `w${id - 8}`);
      expect(text).toBe(plain.join(" "));
      if (finish === "stop") expect(model.encodeCompletion(text)).toEqual(tokenIds);
    }
  });

  it("gives the same text for the same seed, whatever else is in the batch", async () => {
    const prompts = variedPrompts();
    const texts = (groups: Completion[][]): string[][] => groups.map((group) => group.map(({ text }) => text));
    const first = texts(await model.generate(prompts, options));
    expect(texts(await model.generate(prompts, options))).toEqual(first);
    expect(texts(await model.generate(prompts, { ...options, samples: 2 }))).toEqual(first.map((g) => g.slice(0, 2)));
    expect(texts(await model.generate(prompts.slice(0, 2), options))).toEqual(first.slice(0, 2));
    expect(texts(await model.generate(prompts, { ...options, seed: 6 }))).not.toEqual(first);
  });

  it("is greedy at temperature 0: each token is the best one that may be sampled", async () => {
    const [prompt] = variedPrompts();
    const [[greedy]] = (await model.generate([prompt!], { ...options, samples: 1, temperature: 0 })) as [[Completion]];
    const allowed = [2, ...words(0, ""), ...Array.from({ length: 30 }, (_, i) => 8 + i)];
    for (let t = 0; t < Math.min(5, greedy.tokenIds.length); t++) {
      const items = allowed.map((id) => ({ prompt: prompt!, tokenIds: [...greedy.tokenIds.slice(0, t), id] }));
      const scored = (await model.logProbs(items)).map((row) => row.at(-1)!);
      expect(allowed[scored.indexOf(Math.max(...scored))]).toBe(greedy.tokenIds[t]);
    }
  });

  it("never samples special tokens, and counts them in the log-probs all the same", async () => {
    const groups = await model.generate(variedPrompts(), { ...options, temperature: 3 });
    const ids = new Set(groups.flat().flatMap(({ tokenIds }) => tokenIds));
    for (const special of [0, 1, 3, 4, 5, 6, 7]) expect(ids.has(special)).toBe(false);
    expect(ids.size).toBeGreaterThan(20);
    expect(await distance(model, variedPrompts(), groups)).toBeLessThan(1e-4);
  });

  it("draws first tokens in proportion to the softmax (χ² on a fixed seed)", async () => {
    const prompt = variedPrompts()[1]!;
    const draws = 4000;
    const [group] = await model.generate([prompt], { ...options, samples: draws, maxNewTokens: 1 });
    const allowed = [2, ...Array.from({ length: 30 }, (_, i) => 8 + i)];
    const scored = await model.logProbs(allowed.map((id) => ({ prompt, tokenIds: [id] })));
    const shares = scored.map(([logProb]) => Math.exp(logProb!));
    const total = shares.reduce((a, b) => a + b, 0);
    const expected = shares.map((share) => (draws * share) / total);
    let statistic = 0;
    let pooled = { seen: 0, expected: 0 };
    let cells = 0;
    allowed.forEach((id, i) => {
      const seen = group!.filter(({ tokenIds }) => tokenIds[0] === id).length;
      if (expected[i]! < 5) pooled = { seen: pooled.seen + seen, expected: pooled.expected + expected[i]! };
      else {
        statistic += (seen - expected[i]!) ** 2 / expected[i]!;
        cells++;
      }
    });
    if (pooled.expected > 1) statistic += (pooled.seen - pooled.expected) ** 2 / pooled.expected;
    expect(cells).toBeGreaterThan(5);
    // χ² with k degrees of freedom: mean k, deviation √(2k); four deviations
    expect(statistic).toBeLessThan(cells + 4 * Math.sqrt(2 * cells));
  });
});

describe("decoders", () => {
  it("agree, native and portable, step by step and after dropping rows", () => {
    const { network } = model;
    const { kvHeads, headDim, vocabSize } = model.config.text;
    const { layers } = network.language;
    const columns = 3;
    const shape: [number, number, number, number] = [2, kvHeads, columns, headDim];
    const past = layers.map((_, i) => ({
      keys: tf.randomNormal<tf.Rank.R4>(shape, 0, 1, "float32", i),
      values: tf.randomNormal<tf.Rank.R4>(shape, 0, 1, "float32", 9 + i),
    }));
    const start = {
      network,
      past,
      columns,
      contextOfRow: [0, 0, 1],
      padding: [0, 0, 2],
      firstPlace: [
        [3, 3, 3],
        [3, 3, 3],
        [1, 4, 2],
      ] as [number, number, number][],
      next: [4, 4, 5],
      steps: 40,
    };
    const decoders = [new NativeDecoder(start), new PortableDecoder(start)];
    for (let step = 0; step < 40; step++) {
      if (step === 20) for (const decoder of decoders) decoder.keep([0, 2]);
      const ids = Int32Array.from(words(step < 20 ? 3 : 2, `${step}`));
      const [native, portable] = decoders.map((decoder) => {
        const logits = decoder.step(ids);
        const values = logits.dataSync<"float32">();
        logits.dispose();
        return values;
      });
      expect(native!.length).toBe(ids.length * vocabSize);
      for (let i = 0; i < native!.length; i++) expect(Math.abs(native![i]! - portable![i]!)).toBeLessThan(2e-4);
    }
    for (const decoder of decoders) decoder.dispose();
    for (const { keys, values } of past) tf.dispose([keys, values]);
  });
});

describe("limits", () => {
  it("refuses a prompt that leaves no room, and honours the signal", async () => {
    const [prompt] = variedPrompts();
    await expect(model.generate([prompt!], { ...options, maxNewTokens: 126 })).rejects.toThrow(/context of 128/);
    await expect(
      model.generate([prompt!], { ...options, signal: AbortSignal.abort(new Error("stopped")) }),
    ).rejects.toThrow("stopped");
    const wrong = { ...prompt!, images: [noise(56, 56, "x")] };
    await expect(model.generate([wrong], options)).rejects.toThrow(/marks 0 images/);
  });

  it("leaves no tensors behind, aborted or not", async () => {
    const before = tf.memory().numTensors;
    await model.generate(variedPrompts(), options);
    const stop = new AbortController();
    const running = model.generate(variedPrompts(), { ...options, signal: stop.signal });
    setImmediate(() => {
      stop.abort(new Error("stopped"));
    });
    await running.catch(() => undefined);
    expect(tf.memory().numTensors).toBe(before);
  });
});
